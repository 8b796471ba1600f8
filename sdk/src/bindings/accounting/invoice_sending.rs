//! The world of a gateway that exports `gatehouse:accounting/invoice-sending`: mailing an invoice to its customer.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-invoice-sending;
        world invoice-sending {
            export gatehouse:accounting/invoice-sending@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/accounting@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:accounting/types@0.1.0": crate::bindings::accounting::types::gatehouse::accounting::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:accounting/invoice-sending@0.1.0/invoice-sending-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_invoice_sending",
    default_bindings_module: "gatehouse_sdk::bindings::accounting::invoice_sending",
});
