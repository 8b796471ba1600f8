//! The world of a gateway that exports `gatehouse:messaging/template-messages`: messages from templates that
//! a network has approved, such as the first message to a person on WhatsApp.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-template-messages;
        world template-messages {
            export gatehouse:messaging/template-messages@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/messaging@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:messaging/types@0.1.0": crate::bindings::messaging::types::gatehouse::messaging::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:messaging/template-messages@0.1.0/template-message-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_template_messages",
    default_bindings_module: "gatehouse_sdk::bindings::messaging::template_messages",
});
