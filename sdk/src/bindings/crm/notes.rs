//! The world of a gateway that exports `gatehouse:crm/notes`: notes on records.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-notes;
        world notes {
            export gatehouse:crm/notes@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/crm@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:crm/notes@0.1.0/note-subject": [#[serde(rename_all = "snake_case")]],
        "gatehouse:crm/notes@0.1.0/note-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_notes",
    default_bindings_module: "gatehouse_sdk::bindings::crm::notes",
});
