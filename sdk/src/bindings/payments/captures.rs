//! The world of a gateway that exports `gatehouse:payments/captures`: taking what was reserved.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-captures;
        world captures {
            export gatehouse:payments/captures@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/payments@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:payments/types@0.1.0": crate::bindings::payments::types::gatehouse::payments::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:payments/captures@0.1.0/capture-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_captures",
    default_bindings_module: "gatehouse_sdk::bindings::payments::captures",
});
