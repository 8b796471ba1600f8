//! The world of a gateway that exports `gatehouse:documents/signing-links`: signing on a page of ours.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-signing-links;
        world signing-links {
            export gatehouse:documents/signing-links@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/documents@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:documents/signing-links@0.1.0/signing-link-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_signing_links",
    default_bindings_module: "gatehouse_sdk::bindings::documents::signing_links",
});
