//! The world of a gateway that exports `gatehouse:payments/transactions`: movements on the merchant's balance.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-transactions;
        world transactions {
            export gatehouse:payments/transactions@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/payments@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:payments/transactions@0.1.0/transactions-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:payments/transactions@0.1.0/transaction-kind": [#[serde(rename_all = "snake_case")]],
    },
    pub_export_macro: true,
    export_macro_name: "export_transactions",
    default_bindings_module: "gatehouse_sdk::bindings::payments::transactions",
});
