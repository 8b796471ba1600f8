//! The Google Workspace gateway: which function is answered where, and nothing else.
//!
//! It never sees a token; the host attaches it as `plugin.toml` says.

mod api;
mod availability;
mod calendars;
mod connection;
mod error;
mod event;
mod events;
mod header;
mod history;
mod mail;
mod mailbox;
mod message;
mod outcomes;
mod synced;
mod webhook;

use gatehouse_sdk::calendar::{CalendarEvent, availability as busy, calendar_cancelling as cancelling};
use gatehouse_sdk::calendar::{calendar_reading as reading, calendar_writing as writing, calendars as calendar};
use gatehouse_sdk::email::{SentEmail, emails as sending, mailboxes as box_};
use gatehouse_sdk::{Account, Result, connection as account, outcomes as outcome, sync as record, webhook as told};

/// The gateway.
pub struct Google;

impl account::Guest for Google {
    fn test() -> Result<Account> {
        connection::test()
    }
}

impl told::Guest for Google {
    fn parse(delivery: told::Delivery) -> Result<Vec<told::Event>> {
        webhook::parse(&delivery)
    }
}

impl record::Guest for Google {
    fn pull(entity: String, cursor: Option<String>, limit: u32) -> Result<record::Page> {
        synced::pull(&entity, cursor.as_deref(), limit)
    }

    fn push(entity: String, changes: Vec<record::Change>) -> Result<Vec<record::Outcome>> {
        synced::push(&entity, changes)
    }
}

impl outcome::Guest for Google {
    fn look_up(write: outcome::Write) -> Result<outcome::Finding> {
        outcomes::look_up(&write)
    }
}

impl sending::Guest for Google {
    fn send_email(request: sending::EmailRequest) -> Result<SentEmail> {
        mail::send(request)
    }
}

impl box_::Guest for Google {
    fn sync_emails(request: box_::MailboxRequest) -> Result<box_::MailboxPage> {
        mailbox::list(&request)
    }

    fn get_email(id: String) -> Result<box_::MailboxEmail> {
        mailbox::get(&id)
    }

    fn get_email_attachment(request: box_::AttachmentRequest) -> Result<box_::AttachmentContent> {
        mailbox::file(&request)
    }
}

impl calendar::Guest for Google {
    fn list_calendars(request: calendar::CalendarsRequest) -> Result<calendar::CalendarsPage> {
        calendars::list(&request)
    }
}

impl reading::Guest for Google {
    fn get_calendar_event(request: reading::CalendarEventRequest) -> Result<CalendarEvent> {
        events::get(request.calendar.as_deref(), &request.id)
    }

    fn sync_calendar_events(request: reading::CalendarEventsRequest) -> Result<reading::CalendarEventsPage> {
        events::list(&request)
    }
}

impl writing::Guest for Google {
    fn create_calendar_event(event: writing::NewCalendarEvent) -> Result<CalendarEvent> {
        events::create(&event)
    }

    fn update_calendar_event(change: writing::CalendarEventChange) -> Result<CalendarEvent> {
        events::update(&change)
    }
}

impl cancelling::Guest for Google {
    fn cancel_calendar_event(request: cancelling::CancellationRequest) -> Result<cancelling::Cancellation> {
        events::cancel(request)
    }
}

impl busy::Guest for Google {
    fn find_busy_times(request: busy::BusyTimesRequest) -> Result<busy::BusyTimes> {
        availability::find(&request)
    }
}

gatehouse_sdk::export_gateway!(
    Google: connection, webhook, sync, outcomes, emails, mailboxes, calendars, calendar_reading, calendar_writing,
    calendar_cancelling, availability
);
