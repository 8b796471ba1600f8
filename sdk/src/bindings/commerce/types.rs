//! The types that the interfaces of `gatehouse:commerce` share, generated once.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-commerce-types;
        world commerce-types {
            import gatehouse:commerce/types@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/commerce@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    generate_all,
    generate_unused_types: true,
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:commerce/types@0.1.0/order-status": [#[serde(rename_all = "snake_case")]],
        "gatehouse:commerce/types@0.1.0/order-payment": [#[serde(rename_all = "snake_case")]],
        "gatehouse:commerce/types@0.1.0/order-fulfilment": [#[serde(rename_all = "snake_case")]],
        "gatehouse:commerce/types@0.1.0/store-subscription-status": [#[serde(rename_all = "snake_case")]],
    },
});
