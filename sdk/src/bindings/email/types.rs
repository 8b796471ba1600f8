//! The types that the interfaces of `gatehouse:email` share, generated once.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-email-types;
        world email-types {
            import gatehouse:email/types@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/email@0.1.0"],
    generate_all,
    generate_unused_types: true,
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:email/types@0.1.0/mail-address": [#[serde(deny_unknown_fields)]],
        "gatehouse:email/types@0.1.0/attachment": [#[serde(deny_unknown_fields)]],
    },
    additional_member_attributes: {
        "gatehouse:email/types@0.1.0/attachment.content": [#[serde(with = "crate::bindings::bytes")]],
    },
});
