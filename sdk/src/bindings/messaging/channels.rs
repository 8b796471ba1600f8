//! The world of a gateway that exports `gatehouse:messaging/channels`: where messages can go.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-channels;
        world channels {
            export gatehouse:messaging/channels@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/messaging@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:messaging/channels@0.1.0/channels-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_channels",
    default_bindings_module: "gatehouse_sdk::bindings::messaging::channels",
});
