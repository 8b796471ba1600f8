//! The world of a gateway that exports `gatehouse:payments/payment-cancelling`: giving up a payment before
//! any money moved.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-payment-cancelling;
        world payment-cancelling {
            export gatehouse:payments/payment-cancelling@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/payments@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:payments/types@0.1.0": crate::bindings::payments::types::gatehouse::payments::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    pub_export_macro: true,
    export_macro_name: "export_payment_cancelling",
    default_bindings_module: "gatehouse_sdk::bindings::payments::payment_cancelling",
});
