//! The world of a gateway that exports `gatehouse:plugin/connection`: checking a credential.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-connection;
        world connection {
            export gatehouse:plugin/connection@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    pub_export_macro: true,
    export_macro_name: "export_connection",
    default_bindings_module: "gatehouse_sdk::bindings::connection",
});
