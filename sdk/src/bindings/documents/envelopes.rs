//! The world of a gateway that exports `gatehouse:documents/envelopes`: sending documents to be signed, and
//! following them.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-envelopes;
        world envelopes {
            export gatehouse:documents/envelopes@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/documents@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:documents/types@0.1.0": crate::bindings::documents::types::gatehouse::documents::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:documents/envelopes@0.1.0/document-file": [#[serde(deny_unknown_fields)]],
        "gatehouse:documents/envelopes@0.1.0/place-kind": [#[serde(rename_all = "snake_case")]],
        "gatehouse:documents/envelopes@0.1.0/signing-place": [#[serde(deny_unknown_fields)]],
        "gatehouse:documents/envelopes@0.1.0/new-signer": [#[serde(deny_unknown_fields)]],
        "gatehouse:documents/envelopes@0.1.0/envelope-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:documents/envelopes@0.1.0/envelopes-request": [#[serde(deny_unknown_fields)]],
    },
    additional_member_attributes: {
        "gatehouse:documents/envelopes@0.1.0/document-file.content": [#[serde(with = "crate::bindings::bytes")]],
    },
    pub_export_macro: true,
    export_macro_name: "export_envelopes",
    default_bindings_module: "gatehouse_sdk::bindings::documents::envelopes",
});
