//! The world of a gateway that exports `gatehouse:accounting/accounting-items`: what can be sold, as the
//! books know it.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-accounting-items;
        world accounting-items {
            export gatehouse:accounting/accounting-items@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/accounting@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:accounting/accounting-items@0.1.0/accounting-item-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:accounting/accounting-items@0.1.0/accounting-items-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_accounting_items",
    default_bindings_module: "gatehouse_sdk::bindings::accounting::accounting_items",
});
