//! The world of a gateway that exports `gatehouse:marketing/subscriber-tags`: tags on subscribers.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-subscriber-tags;
        world subscriber-tags {
            export gatehouse:marketing/subscriber-tags@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/marketing@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:marketing/subscriber-tags@0.1.0/tags-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_subscriber_tags",
    default_bindings_module: "gatehouse_sdk::bindings::marketing::subscriber_tags",
});
