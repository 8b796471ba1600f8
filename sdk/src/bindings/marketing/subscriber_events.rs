//! The world of a gateway that exports `gatehouse:marketing/subscriber-events`: what subscribers do, told to
//! the provider so that it can react.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-subscriber-events;
        world subscriber-events {
            export gatehouse:marketing/subscriber-events@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/marketing@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:marketing/subscriber-events@0.1.0/subscriber-event": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_subscriber_events",
    default_bindings_module: "gatehouse_sdk::bindings::marketing::subscriber_events",
});
