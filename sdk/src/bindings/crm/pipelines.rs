//! The world of a gateway that exports `gatehouse:crm/pipelines`: the stages that deals go through.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-pipelines;
        world pipelines {
            export gatehouse:crm/pipelines@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/crm@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    pub_export_macro: true,
    export_macro_name: "export_pipelines",
    default_bindings_module: "gatehouse_sdk::bindings::crm::pipelines",
});
