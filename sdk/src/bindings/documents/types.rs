//! The types that the interfaces of `gatehouse:documents` share, generated once.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-documents-types;
        world documents-types {
            import gatehouse:documents/types@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/documents@0.1.0"],
    generate_all,
    generate_unused_types: true,
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:documents/types@0.1.0/envelope-status": [#[serde(rename_all = "snake_case")]],
        "gatehouse:documents/types@0.1.0/signer-status": [#[serde(rename_all = "snake_case")]],
    },
});
