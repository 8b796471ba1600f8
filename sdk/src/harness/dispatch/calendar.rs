//! Calls of the interfaces of `gatehouse:calendar`.

functions!(pub calendars of calendar, "gatehouse:calendar/calendars" {
    "list-calendars" => list_calendars(record);
});
functions!(pub calendar_reading of calendar, "gatehouse:calendar/calendar-reading" {
    "get-calendar-event" => get_calendar_event(record);
    "sync-calendar-events" => sync_calendar_events(record);
});
functions!(pub calendar_writing of calendar, "gatehouse:calendar/calendar-writing" {
    "create-calendar-event" => create_calendar_event(record);
    "update-calendar-event" => update_calendar_event(record);
});
functions!(pub calendar_cancelling of calendar, "gatehouse:calendar/calendar-cancelling" {
    "cancel-calendar-event" => cancel_calendar_event(record);
});
functions!(pub availability of calendar, "gatehouse:calendar/availability" {
    "find-busy-times" => find_busy_times(record);
});
functions!(pub bookings of calendar, "gatehouse:calendar/bookings" {
    "list-booking-types" => list_booking_types(record);
    "find-open-slots" => find_open_slots(record);
    "book-meeting" => book_meeting(record);
});
