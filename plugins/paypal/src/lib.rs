//! The `PayPal` gateway: which function is answered where, and nothing else.
//!
//! It never sees a secret or a token; the host gets and attaches them as `plugin.toml` says.

mod api;
mod backfill;
mod cancelling;
mod captures;
mod charges;
mod connection;
mod error;
mod links;
mod refunds;
mod webhook;

use gatehouse_sdk::payments::{Payment, captures as capture, charges as charge, links as link};
use gatehouse_sdk::payments::{payment_cancelling as cancel, refunds as refund};
use gatehouse_sdk::{Account, Result, backfill as list, connection as account, webhook as hook};

/// The gateway.
pub struct Paypal;

impl account::Guest for Paypal {
    fn test() -> Result<Account> {
        connection::test()
    }
}

impl hook::Guest for Paypal {
    fn parse(delivery: hook::Delivery) -> Result<Vec<hook::Event>> {
        webhook::parse(&delivery)
    }
}

impl list::Guest for Paypal {
    fn list_events(since_ms: u64, events: Vec<String>, cursor: Option<String>) -> Result<list::EventPage> {
        backfill::list(since_ms, &events, cursor.as_deref())
    }
}

impl charge::Guest for Paypal {
    fn process_payment(request: charge::PaymentRequest) -> Result<Payment> {
        charges::process(&request)
    }

    fn get_payment(id: String) -> Result<Payment> {
        charges::get(&id)
    }
}

impl capture::Guest for Paypal {
    fn capture_payment(request: capture::CaptureRequest) -> Result<Payment> {
        captures::capture(&request)
    }
}

impl cancel::Guest for Paypal {
    fn cancel_payment(id: String) -> Result<Payment> {
        cancelling::cancel(&id)
    }
}

impl refund::Guest for Paypal {
    fn refund_payment(request: refund::RefundRequest) -> Result<refund::Refund> {
        refunds::refund(&request)
    }

    fn get_refund(id: String) -> Result<refund::Refund> {
        refunds::get(&id)
    }
}

impl link::Guest for Paypal {
    fn create_payment_link(request: link::LinkRequest) -> Result<link::Link> {
        links::create(&request)
    }
}

gatehouse_sdk::export_gateway!(
    Paypal: connection, webhook, backfill, charges, captures, payment_cancelling, refunds, links
);
