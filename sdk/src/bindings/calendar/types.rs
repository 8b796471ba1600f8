//! The types that the interfaces of `gatehouse:calendar` share, generated once.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-calendar-types;
        world calendar-types {
            import gatehouse:calendar/types@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/calendar@0.1.0"],
    generate_all,
    generate_unused_types: true,
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:calendar/types@0.1.0/timed-span": [#[serde(deny_unknown_fields)]],
        "gatehouse:calendar/types@0.1.0/day-span": [#[serde(deny_unknown_fields)]],
        "gatehouse:calendar/types@0.1.0/when": [#[serde(rename_all = "snake_case", tag = "kind", content = "value")]],
        "gatehouse:calendar/types@0.1.0/attendance": [#[serde(rename_all = "snake_case")]],
        "gatehouse:calendar/types@0.1.0/attendee": [#[serde(deny_unknown_fields)]],
        "gatehouse:calendar/types@0.1.0/calendar-event-status": [#[serde(rename_all = "snake_case")]],
    },
});
