//! The world of a gateway that exports `gatehouse:accounting/invoice-voiding`: taking an invoice back.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-invoice-voiding;
        world invoice-voiding {
            export gatehouse:accounting/invoice-voiding@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/accounting@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:accounting/types@0.1.0": crate::bindings::accounting::types::gatehouse::accounting::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    pub_export_macro: true,
    export_macro_name: "export_invoice_voiding",
    default_bindings_module: "gatehouse_sdk::bindings::accounting::invoice_voiding",
});
