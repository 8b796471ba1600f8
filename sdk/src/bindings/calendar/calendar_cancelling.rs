//! The world of a gateway that exports `gatehouse:calendar/calendar-cancelling`: calling events off.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-calendar-cancelling;
        world calendar-cancelling {
            export gatehouse:calendar/calendar-cancelling@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/calendar@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:calendar/calendar-cancelling@0.1.0/cancellation-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_calendar_cancelling",
    default_bindings_module: "gatehouse_sdk::bindings::calendar::calendar_cancelling",
});
