//! The world of a gateway that exports `gatehouse:email/mailboxes`: mail in a person's mailbox.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-mailboxes;
        world mailboxes {
            export gatehouse:email/mailboxes@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/email@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:email/types@0.1.0": crate::bindings::email::types::gatehouse::email::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:email/mailboxes@0.1.0/mailbox-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:email/mailboxes@0.1.0/attachment-request": [#[serde(deny_unknown_fields)]],
    },
    additional_member_attributes: {
        "gatehouse:email/mailboxes@0.1.0/attachment-content.content": [#[serde(with = "crate::bindings::bytes")]],
    },
    pub_export_macro: true,
    export_macro_name: "export_mailboxes",
    default_bindings_module: "gatehouse_sdk::bindings::email::mailboxes",
});
