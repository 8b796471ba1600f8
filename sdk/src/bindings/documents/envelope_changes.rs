//! The world of a gateway that exports `gatehouse:documents/envelope-changes`: calling back and reminding.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-envelope-changes;
        world envelope-changes {
            export gatehouse:documents/envelope-changes@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/documents@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:documents/types@0.1.0": crate::bindings::documents::types::gatehouse::documents::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:documents/envelope-changes@0.1.0/envelope-voiding": [#[serde(deny_unknown_fields)]],
        "gatehouse:documents/envelope-changes@0.1.0/reminder-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_envelope_changes",
    default_bindings_module: "gatehouse_sdk::bindings::documents::envelope_changes",
});
