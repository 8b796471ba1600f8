//! The world of a gateway that exports `gatehouse:accounting/accounting-contacts`: customers and suppliers.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-accounting-contacts;
        world accounting-contacts {
            export gatehouse:accounting/accounting-contacts@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/accounting@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:accounting/types@0.1.0": crate::bindings::accounting::types::gatehouse::accounting::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:accounting/accounting-contacts@0.1.0/contact-kind": [#[serde(rename_all = "snake_case")]],
        "gatehouse:accounting/accounting-contacts@0.1.0/accounting-contact-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:accounting/accounting-contacts@0.1.0/accounting-contact-change": [#[serde(deny_unknown_fields)]],
        "gatehouse:accounting/accounting-contacts@0.1.0/accounting-contacts-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_accounting_contacts",
    default_bindings_module: "gatehouse_sdk::bindings::accounting::accounting_contacts",
});
