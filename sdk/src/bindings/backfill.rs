//! The world of a gateway that exports `gatehouse:plugin/backfill`: the provider's own list of events.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-backfill;
        world backfill {
            export gatehouse:plugin/backfill@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    pub_export_macro: true,
    export_macro_name: "export_backfill",
    default_bindings_module: "gatehouse_sdk::bindings::backfill",
});
