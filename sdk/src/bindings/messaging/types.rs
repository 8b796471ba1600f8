//! The types that the interfaces of `gatehouse:messaging` share, generated once.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-messaging-types;
        world messaging-types {
            import gatehouse:messaging/types@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/messaging@0.1.0"],
    generate_all,
    generate_unused_types: true,
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:messaging/types@0.1.0/message-status": [#[serde(rename_all = "snake_case")]],
    },
});
