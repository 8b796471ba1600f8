//! The world of a gateway that exports `gatehouse:commerce/store-subscription-changes`: stopping and
//! resuming what customers get again and again.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-store-subscription-changes;
        world store-subscription-changes {
            export gatehouse:commerce/store-subscription-changes@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/commerce@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:commerce/types@0.1.0": crate::bindings::commerce::types::gatehouse::commerce::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    pub_export_macro: true,
    export_macro_name: "export_store_subscription_changes",
    default_bindings_module: "gatehouse_sdk::bindings::commerce::store_subscription_changes",
});
