//! The world of a gateway that exports `gatehouse:email/email-templates`: templates that the provider keeps.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-email-templates;
        world email-templates {
            export gatehouse:email/email-templates@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/email@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:email/email-templates@0.1.0/email-templates-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_email_templates",
    default_bindings_module: "gatehouse_sdk::bindings::email::email_templates",
});
