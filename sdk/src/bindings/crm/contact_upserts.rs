//! The world of a gateway that exports `gatehouse:crm/contact-upserts`: writing many people at once, whether
//! they are there or not.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-contact-upserts;
        world contact-upserts {
            export gatehouse:crm/contact-upserts@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/crm@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:crm/types@0.1.0": crate::bindings::crm::types::gatehouse::crm::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:crm/contact-upserts@0.1.0/contact-upsert": [#[serde(deny_unknown_fields)]],
        "gatehouse:crm/contact-upserts@0.1.0/contact-upserts-request": [#[serde(deny_unknown_fields)]],
    },
    additional_member_attributes: {
        "gatehouse:crm/contact-upserts@0.1.0/contact-upsert-outcome.status": [
            #[serde(with = "crate::bindings::status")]
        ],
    },
    pub_export_macro: true,
    export_macro_name: "export_contact_upserts",
    default_bindings_module: "gatehouse_sdk::bindings::crm::contact_upserts",
});
