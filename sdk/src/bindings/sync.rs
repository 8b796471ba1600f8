//! The world of a gateway that exports `gatehouse:plugin/sync`: pulling and pushing records.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-sync;
        world sync {
            export gatehouse:plugin/sync@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:plugin/sync@0.1.0/change": [#[serde(deny_unknown_fields)]],
    },
    additional_member_attributes: {
        "gatehouse:plugin/sync@0.1.0/outcome.status": [#[serde(flatten, with = "crate::bindings::status")]],
    },
    pub_export_macro: true,
    export_macro_name: "export_sync",
    default_bindings_module: "gatehouse_sdk::bindings::sync",
});
