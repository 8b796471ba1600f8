//! The world of a gateway that exports `gatehouse:accounting/invoices`: invoices to customers.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-invoices;
        world invoices {
            export gatehouse:accounting/invoices@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/accounting@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:accounting/types@0.1.0": crate::bindings::accounting::types::gatehouse::accounting::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:accounting/invoices@0.1.0/invoice-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:accounting/invoices@0.1.0/invoices-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_invoices",
    default_bindings_module: "gatehouse_sdk::bindings::accounting::invoices",
});
