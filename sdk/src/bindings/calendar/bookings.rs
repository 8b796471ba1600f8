//! The world of a gateway that exports `gatehouse:calendar/bookings`: meetings that others book with the account.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-bookings;
        world bookings {
            export gatehouse:calendar/bookings@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/calendar@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:calendar/bookings@0.1.0/booking-types-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:calendar/bookings@0.1.0/open-slots-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:calendar/bookings@0.1.0/booking-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_bookings",
    default_bindings_module: "gatehouse_sdk::bindings::calendar::bookings",
});
