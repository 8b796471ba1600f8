//! The world of a gateway that exports `gatehouse:accounting/invoice-payments`: money received on invoices.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-invoice-payments;
        world invoice-payments {
            export gatehouse:accounting/invoice-payments@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/accounting@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:accounting/types@0.1.0": crate::bindings::accounting::types::gatehouse::accounting::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:accounting/invoice-payments@0.1.0/invoice-payment-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:accounting/invoice-payments@0.1.0/invoice-payments-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_invoice_payments",
    default_bindings_module: "gatehouse_sdk::bindings::accounting::invoice_payments",
});
