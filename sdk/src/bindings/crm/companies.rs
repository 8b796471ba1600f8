//! The world of a gateway that exports `gatehouse:crm/companies`: companies.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-companies;
        world companies {
            export gatehouse:crm/companies@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/crm@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:crm/types@0.1.0": crate::bindings::crm::types::gatehouse::crm::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:crm/companies@0.1.0/company-fields": [#[serde(deny_unknown_fields)]],
        "gatehouse:crm/companies@0.1.0/company-change": [#[serde(deny_unknown_fields)]],
        "gatehouse:crm/companies@0.1.0/companies-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_companies",
    default_bindings_module: "gatehouse_sdk::bindings::crm::companies",
});
