//! The Stripe gateway: which function is answered where, and nothing else.
//!
//! It never sees a secret key; the host attaches it as `plugin.toml` says.

mod api;
mod backfill;
mod captures;
mod charges;
mod connection;
mod customers;
mod error;
mod links;
mod outcomes;
mod payment;
mod refunds;
mod registrations;
mod transactions;
mod webhook;

use gatehouse_sdk::payments::{Payment, payment_cancelling as cancelling};
use gatehouse_sdk::payments::{captures as capture, charges as charge, customers as customer, links as link};
use gatehouse_sdk::payments::{refunds as refund, transactions as transaction};
use gatehouse_sdk::registrations::{self as registration, Registration};
use gatehouse_sdk::{Account, Result, backfill as list, connection as account, outcomes as outcome, webhook as hook};

/// The gateway.
pub struct Stripe;

impl account::Guest for Stripe {
    fn test() -> Result<Account> {
        connection::test()
    }
}

impl hook::Guest for Stripe {
    fn parse(delivery: hook::Delivery) -> Result<Vec<hook::Event>> {
        webhook::parse(&delivery.body)
    }
}

impl outcome::Guest for Stripe {
    fn look_up(write: outcome::Write) -> Result<outcome::Finding> {
        outcomes::look_up(&write)
    }
}

impl registration::Guest for Stripe {
    fn list_registrations() -> Result<Vec<Registration>> {
        registrations::list()
    }

    fn register(url: String, events: Vec<String>) -> Result<Vec<Registration>> {
        registrations::register(&url, &events)
    }

    fn renew_registration(registration: Registration, events: Vec<String>) -> Result<Registration> {
        registrations::renew(&registration, &events)
    }

    fn unregister(id: String) -> Result<()> {
        registrations::unregister(&id)
    }
}

impl list::Guest for Stripe {
    fn list_events(since_ms: u64, events: Vec<String>, cursor: Option<String>) -> Result<list::EventPage> {
        backfill::list(since_ms, &events, cursor)
    }
}

impl charge::Guest for Stripe {
    fn process_payment(request: charge::PaymentRequest) -> Result<charge::Payment> {
        charges::process(&request)
    }

    fn get_payment(id: String) -> Result<charge::Payment> {
        charges::get(&id)
    }
}

impl capture::Guest for Stripe {
    fn capture_payment(request: capture::CaptureRequest) -> Result<Payment> {
        captures::capture(&request)
    }
}

impl cancelling::Guest for Stripe {
    fn cancel_payment(id: String) -> Result<Payment> {
        captures::cancel(&id)
    }
}

impl refund::Guest for Stripe {
    fn refund_payment(request: refund::RefundRequest) -> Result<refund::Refund> {
        refunds::refund(&request)
    }

    fn get_refund(id: String) -> Result<refund::Refund> {
        refunds::get(&id)
    }
}

impl customer::Guest for Stripe {
    fn create_customer_profile(request: customer::CustomerRequest) -> Result<customer::Customer> {
        customers::create(&request)
    }
}

impl link::Guest for Stripe {
    fn create_payment_link(request: link::LinkRequest) -> Result<link::Link> {
        links::create(&request)
    }
}

impl transaction::Guest for Stripe {
    fn sync_transactions(request: transaction::TransactionsRequest) -> Result<transaction::TransactionsPage> {
        transactions::list(&request)
    }
}

gatehouse_sdk::export_gateway!(
    Stripe: connection, webhook, outcomes, registrations, backfill, charges, captures, payment_cancelling, refunds, customers, links, transactions
);
