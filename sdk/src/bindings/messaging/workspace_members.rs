//! The world of a gateway that exports `gatehouse:messaging/workspace-members`: who can be written to.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-workspace-members;
        world workspace-members {
            export gatehouse:messaging/workspace-members@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/messaging@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:messaging/workspace-members@0.1.0/workspace-members-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_workspace_members",
    default_bindings_module: "gatehouse_sdk::bindings::messaging::workspace_members",
});
