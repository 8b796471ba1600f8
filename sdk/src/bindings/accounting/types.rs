//! The types that the interfaces of `gatehouse:accounting` share, generated once.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-accounting-types;
        world accounting-types {
            import gatehouse:accounting/types@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/accounting@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    generate_all,
    generate_unused_types: true,
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:accounting/types@0.1.0/address": [#[serde(deny_unknown_fields)]],
        "gatehouse:accounting/types@0.1.0/tax-mode": [#[serde(rename_all = "snake_case")]],
        "gatehouse:accounting/types@0.1.0/invoice-status": [#[serde(rename_all = "snake_case")]],
        "gatehouse:accounting/types@0.1.0/invoice-line": [#[serde(deny_unknown_fields)]],
    },
});
