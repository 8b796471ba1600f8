//! The world of a gateway that exports `gatehouse:commerce/orders`: what was ordered.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-orders;
        world orders {
            export gatehouse:commerce/orders@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/commerce@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:commerce/types@0.1.0": crate::bindings::commerce::types::gatehouse::commerce::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:commerce/orders@0.1.0/orders-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_orders",
    default_bindings_module: "gatehouse_sdk::bindings::commerce::orders",
});
