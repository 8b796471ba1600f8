//! The world of a gateway that exports `gatehouse:commerce/store-subscriptions`: what customers get again and again.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-store-subscriptions;
        world store-subscriptions {
            export gatehouse:commerce/store-subscriptions@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/commerce@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:commerce/types@0.1.0": crate::bindings::commerce::types::gatehouse::commerce::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:commerce/store-subscriptions@0.1.0/store-subscriptions-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_store_subscriptions",
    default_bindings_module: "gatehouse_sdk::bindings::commerce::store_subscriptions",
});
