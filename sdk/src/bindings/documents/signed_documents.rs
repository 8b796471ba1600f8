//! The world of a gateway that exports `gatehouse:documents/signed-documents`: what was signed.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-signed-documents;
        world signed-documents {
            export gatehouse:documents/signed-documents@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/documents@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_member_attributes: {
        "gatehouse:documents/signed-documents@0.1.0/signed-document.content": [
            #[serde(with = "crate::bindings::bytes")]
        ],
    },
    pub_export_macro: true,
    export_macro_name: "export_signed_documents",
    default_bindings_module: "gatehouse_sdk::bindings::documents::signed_documents",
});
