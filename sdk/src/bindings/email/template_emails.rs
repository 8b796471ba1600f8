//! The world of a gateway that exports `gatehouse:email/template-emails`: mail made from templates that the
//! provider keeps.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-template-emails;
        world template-emails {
            export gatehouse:email/template-emails@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/email@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:email/types@0.1.0": crate::bindings::email::types::gatehouse::email::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:email/template-emails@0.1.0/template-email-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_template_emails",
    default_bindings_module: "gatehouse_sdk::bindings::email::template_emails",
});
