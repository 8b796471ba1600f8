//! The world of a gateway that exports `gatehouse:accounting/ledger-accounts`: the accounts of the general ledger.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-ledger-accounts;
        world ledger-accounts {
            export gatehouse:accounting/ledger-accounts@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/accounting@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:accounting/ledger-accounts@0.1.0/ledger-account-kind": [#[serde(rename_all = "snake_case")]],
        "gatehouse:accounting/ledger-accounts@0.1.0/ledger-accounts-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_ledger_accounts",
    default_bindings_module: "gatehouse_sdk::bindings::accounting::ledger_accounts",
});
