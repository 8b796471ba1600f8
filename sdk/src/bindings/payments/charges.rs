//! The world of a gateway that exports `gatehouse:payments/charges`: taking money.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-charges;
        world charges {
            export gatehouse:payments/charges@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/payments@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:payments/types@0.1.0": crate::bindings::payments::types::gatehouse::payments::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:payments/charges@0.1.0/payment-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_charges",
    default_bindings_module: "gatehouse_sdk::bindings::payments::charges",
});
