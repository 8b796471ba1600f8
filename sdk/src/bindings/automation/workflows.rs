//! The world of a gateway that exports `gatehouse:automation/workflows`: workflows and their runs.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-workflows;
        world workflows {
            export gatehouse:automation/workflows@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/automation@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:automation/workflows@0.1.0/workflows-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:automation/workflows@0.1.0/run-status": [#[serde(rename_all = "snake_case")]],
        "gatehouse:automation/workflows@0.1.0/workflow-run-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_workflows",
    default_bindings_module: "gatehouse_sdk::bindings::automation::workflows",
});
