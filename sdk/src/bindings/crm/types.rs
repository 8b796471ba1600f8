//! The types that the interfaces of `gatehouse:crm` share, generated once.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-crm-types;
        world crm-types {
            import gatehouse:crm/types@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/crm@0.1.0"],
    generate_all,
    generate_unused_types: true,
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:crm/types@0.1.0/contact-fields": [#[serde(deny_unknown_fields)]],
    },
});
