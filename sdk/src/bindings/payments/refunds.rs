//! The world of a gateway that exports `gatehouse:payments/refunds`: giving money back.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-refunds;
        world refunds {
            export gatehouse:payments/refunds@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/payments@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:payments/refunds@0.1.0/refund-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:payments/refunds@0.1.0/refund-status": [#[serde(rename_all = "snake_case")]],
    },
    pub_export_macro: true,
    export_macro_name: "export_refunds",
    default_bindings_module: "gatehouse_sdk::bindings::payments::refunds",
});
