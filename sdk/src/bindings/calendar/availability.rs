//! The world of a gateway that exports `gatehouse:calendar/availability`: when people are busy.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-availability;
        world availability {
            export gatehouse:calendar/availability@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/calendar@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:calendar/availability@0.1.0/busy-times-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_availability",
    default_bindings_module: "gatehouse_sdk::bindings::calendar::availability",
});
