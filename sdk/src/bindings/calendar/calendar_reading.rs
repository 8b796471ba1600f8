//! The world of a gateway that exports `gatehouse:calendar/calendar-reading`: reading events.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-calendar-reading;
        world calendar-reading {
            export gatehouse:calendar/calendar-reading@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/calendar@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
        "gatehouse:calendar/types@0.1.0": crate::bindings::calendar::types::gatehouse::calendar::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:calendar/calendar-reading@0.1.0/calendar-event-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:calendar/calendar-reading@0.1.0/calendar-events-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_calendar_reading",
    default_bindings_module: "gatehouse_sdk::bindings::calendar::calendar_reading",
});
