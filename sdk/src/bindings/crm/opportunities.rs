//! The world of a gateway that exports `gatehouse:crm/opportunities`: deals in the making. Some providers
//! call them deals.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-opportunities;
        world opportunities {
            export gatehouse:crm/opportunities@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/crm@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:crm/types@0.1.0": crate::bindings::crm::types::gatehouse::crm::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:crm/opportunities@0.1.0/opportunity-fields": [#[serde(deny_unknown_fields)]],
        "gatehouse:crm/opportunities@0.1.0/opportunity-change": [#[serde(deny_unknown_fields)]],
        "gatehouse:crm/opportunities@0.1.0/opportunity-status": [#[serde(rename_all = "snake_case")]],
        "gatehouse:crm/opportunities@0.1.0/opportunities-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_opportunities",
    default_bindings_module: "gatehouse_sdk::bindings::crm::opportunities",
});
