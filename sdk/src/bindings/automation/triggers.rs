//! The world of a gateway that exports `gatehouse:automation/triggers`: starting workflows.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-triggers;
        world triggers {
            export gatehouse:automation/triggers@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/automation@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:automation/triggers@0.1.0/trigger-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_triggers",
    default_bindings_module: "gatehouse_sdk::bindings::automation::triggers",
});
