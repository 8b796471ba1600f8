//! The world of a gateway that exports `gatehouse:documents/template-envelopes`: sending what a template of
//! the provider describes.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-template-envelopes;
        world template-envelopes {
            export gatehouse:documents/template-envelopes@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/documents@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:documents/types@0.1.0": crate::bindings::documents::types::gatehouse::documents::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:documents/template-envelopes@0.1.0/role-signer": [#[serde(deny_unknown_fields)]],
        "gatehouse:documents/template-envelopes@0.1.0/template-envelope-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:documents/template-envelopes@0.1.0/document-templates-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_template_envelopes",
    default_bindings_module: "gatehouse_sdk::bindings::documents::template_envelopes",
});
