//! The Razorpay gateway: which function is answered where, and nothing else.
//!
//! It never sees a key secret; the host attaches it as `plugin.toml` says.

mod api;
mod captures;
mod charges;
mod connection;
mod customers;
mod error;
mod links;
mod outcomes;
mod refunds;
mod transactions;
mod webhook;

use gatehouse_sdk::payments::{Payment, captures as capture, charges as charge, customers as customer};
use gatehouse_sdk::payments::{links as link, refunds as refund, transactions as transaction};
use gatehouse_sdk::{Account, Result, connection as account, outcomes as outcome, webhook as hook};

/// The gateway.
pub struct Razorpay;

impl account::Guest for Razorpay {
    fn test() -> Result<Account> {
        connection::test()
    }
}

impl hook::Guest for Razorpay {
    fn parse(delivery: hook::Delivery) -> Result<Vec<hook::Event>> {
        webhook::parse(&delivery)
    }
}

impl outcome::Guest for Razorpay {
    fn look_up(write: outcome::Write) -> Result<outcome::Finding> {
        outcomes::look_up(&write)
    }
}

impl charge::Guest for Razorpay {
    fn process_payment(request: charge::PaymentRequest) -> Result<Payment> {
        charges::process(&request)
    }

    fn get_payment(id: String) -> Result<Payment> {
        charges::get(&id)
    }
}

impl capture::Guest for Razorpay {
    fn capture_payment(request: capture::CaptureRequest) -> Result<Payment> {
        captures::capture(&request)
    }
}

impl refund::Guest for Razorpay {
    fn refund_payment(request: refund::RefundRequest) -> Result<refund::Refund> {
        refunds::refund(&request)
    }

    fn get_refund(id: String) -> Result<refund::Refund> {
        refunds::get(&id)
    }
}

impl customer::Guest for Razorpay {
    fn create_customer_profile(request: customer::CustomerRequest) -> Result<customer::Customer> {
        customers::create(&request)
    }
}

impl link::Guest for Razorpay {
    fn create_payment_link(request: link::LinkRequest) -> Result<link::Link> {
        links::create(&request)
    }
}

impl transaction::Guest for Razorpay {
    fn sync_transactions(request: transaction::TransactionsRequest) -> Result<transaction::TransactionsPage> {
        transactions::list(&request)
    }
}

gatehouse_sdk::export_gateway!(
    Razorpay: connection, webhook, outcomes, charges, captures, refunds, customers, links, transactions
);
