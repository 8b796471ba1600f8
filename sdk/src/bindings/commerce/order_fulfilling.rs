//! The world of a gateway that exports `gatehouse:commerce/order-fulfilling`: saying that an order was sent.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-order-fulfilling;
        world order-fulfilling {
            export gatehouse:commerce/order-fulfilling@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/commerce@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:commerce/types@0.1.0": crate::bindings::commerce::types::gatehouse::commerce::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:commerce/order-fulfilling@0.1.0/fulfilment-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_order_fulfilling",
    default_bindings_module: "gatehouse_sdk::bindings::commerce::order_fulfilling",
});
