//! The world of a gateway that exports `gatehouse:payments/customers`: the provider's record of a payer.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-customers;
        world customers {
            export gatehouse:payments/customers@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/payments@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:payments/types@0.1.0": crate::bindings::payments::types::gatehouse::payments::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:payments/customers@0.1.0/customer-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_customers",
    default_bindings_module: "gatehouse_sdk::bindings::payments::customers",
});
