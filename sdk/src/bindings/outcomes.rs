//! The world of a gateway that exports `gatehouse:plugin/outcomes`: looking up what became of writes.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-outcomes;
        world outcomes {
            export gatehouse:plugin/outcomes@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/payments@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:plugin/outcomes@0.1.0/finding": [
            #[serde(rename_all = "snake_case", tag = "kind", content = "value")]
        ],
    },
    pub_export_macro: true,
    export_macro_name: "export_outcomes",
    default_bindings_module: "gatehouse_sdk::bindings::outcomes",
});
