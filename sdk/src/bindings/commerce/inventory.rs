//! The world of a gateway that exports `gatehouse:commerce/inventory`: how many of it are there.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-inventory;
        world inventory {
            export gatehouse:commerce/inventory@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/commerce@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:commerce/inventory@0.1.0/stock-level": [#[serde(deny_unknown_fields)]],
        "gatehouse:commerce/inventory@0.1.0/stock-levels-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_inventory",
    default_bindings_module: "gatehouse_sdk::bindings::commerce::inventory",
});
