//! The world of a gateway that exports `gatehouse:messaging/message-history`: reading what was said.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-message-history;
        world message-history {
            export gatehouse:messaging/message-history@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/messaging@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:messaging/types@0.1.0": crate::bindings::messaging::types::gatehouse::messaging::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:messaging/message-history@0.1.0/messages-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_message_history",
    default_bindings_module: "gatehouse_sdk::bindings::messaging::message_history",
});
