//! The world of a gateway that exports `gatehouse:email/emails`: sending mail.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-emails;
        world emails {
            export gatehouse:email/emails@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/email@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:email/types@0.1.0": crate::bindings::email::types::gatehouse::email::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:email/emails@0.1.0/email-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_emails",
    default_bindings_module: "gatehouse_sdk::bindings::email::emails",
});
