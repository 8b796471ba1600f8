//! The world of a gateway that exports `gatehouse:messaging/message-edits`: changing what was said.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-message-edits;
        world message-edits {
            export gatehouse:messaging/message-edits@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/messaging@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:messaging/types@0.1.0": crate::bindings::messaging::types::gatehouse::messaging::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:messaging/message-edits@0.1.0/message-edit": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_message_edits",
    default_bindings_module: "gatehouse_sdk::bindings::messaging::message_edits",
});
