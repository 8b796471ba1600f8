//! The world of a gateway that exports `gatehouse:accounting/tax-rates`: the taxes that a line can have.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-tax-rates;
        world tax-rates {
            export gatehouse:accounting/tax-rates@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/accounting@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:accounting/tax-rates@0.1.0/tax-rates-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_tax_rates",
    default_bindings_module: "gatehouse_sdk::bindings::accounting::tax_rates",
});
