//! The worlds of `gatehouse:calendar`, one for each interface.

pub mod availability;
pub mod bookings;
pub mod calendar_cancelling;
pub mod calendar_reading;
pub mod calendar_writing;
pub mod calendars;
pub mod types;
