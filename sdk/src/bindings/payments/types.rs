//! The types that the interfaces of `gatehouse:payments` share, generated once.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-payments-types;
        world payments-types {
            import gatehouse:payments/types@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/payments@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    generate_all,
    generate_unused_types: true,
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:payments/types@0.1.0/payment-status": [#[serde(rename_all = "snake_case")]],
    },
});
