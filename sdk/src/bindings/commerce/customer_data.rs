//! The world of a gateway that exports `gatehouse:commerce/customer-data`: who buys.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-customer-data;
        world customer-data {
            export gatehouse:commerce/customer-data@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/commerce@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:commerce/types@0.1.0": crate::bindings::commerce::types::gatehouse::commerce::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:commerce/customer-data@0.1.0/store-customers-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_customer_data",
    default_bindings_module: "gatehouse_sdk::bindings::commerce::customer_data",
});
