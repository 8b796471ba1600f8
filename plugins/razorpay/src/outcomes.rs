//! What became of a write: an order and a payment link by their receipt, a capture by the payment's state, a
//! refund and a customer by the key in their notes.

use gatehouse_sdk::http::{self, Request};
use gatehouse_sdk::json::{Fields, Value, read_value};
use gatehouse_sdk::outcomes::{Finding, Write};
use gatehouse_sdk::payments::{Payment, PaymentStatus};
use gatehouse_sdk::{Error, Result};

use crate::api::{self, KEY, Settings};
use crate::{captures, charges, customers, links, refunds};

/// How many pages of a hundred are read before giving up.
const PAGES: u32 = 40;
const PAGE: u32 = 100;

/// Looks for what a write made.
pub(crate) fn look_up(write: &Write) -> Result<Finding> {
    let settings = Settings::load()?;
    match write.capability.as_str() {
        "PROCESS_PAYMENT" => payment(write, &settings),
        "CAPTURE_PAYMENT" => capture(write, &settings),
        "REFUND_PAYMENT" => {
            let payment = refunds::payment_of(&write.read(|request| request.text("payment"))?, &settings)?;
            let path = http::path(&["v1", "payments", &payment, "refunds"])?;
            find(&path, &refunds::key(&write.reference), &settings, &|refund| {
                Finding::found(&read(refund, refunds::in_our_words)?)
            })
        }
        "CREATE_CUSTOMER_PROFILE" => find("/v1/customers", &write.key_for("customer"), &settings, &|customer| {
            Finding::found(&read(customer, customers::in_our_words)?)
        }),
        "CREATE_PAYMENT_LINK" => match links::find(&api::receipt(&write.reference), &settings)? {
            Some(link) => Finding::found(&link),
            None => Ok(Finding::Absent),
        },
        other => Err(Error::unsupported(format!("`{other}` is no write of this gateway"))),
    }
}

/// An order is all of it, unless a token was to be charged: then it is the payment made for the order.
fn payment(write: &Write, settings: &Settings) -> Result<Finding> {
    let Some(order) = charges::find_order(&api::receipt(&write.reference), settings)? else {
        return Ok(Finding::Absent);
    };
    if write.read(|request| request.text_some("payment_method"))?.is_none() {
        return Finding::found(&order.payment);
    }
    match api::best_payment_of(&order.payment.id, settings)? {
        Some(Payment { status: PaymentStatus::Failed, id, .. }) => {
            Ok(Finding::Refused(Error::declined(format!("the payment {id} was declined"))))
        }
        Some(made) => Finding::found(&made),
        None => Ok(Finding::Absent),
    }
}

/// No second record is made by a capture, so what the payment is now tells whether it was done.
fn capture(write: &Write, settings: &Settings) -> Result<Finding> {
    let id = write.read(|request| request.text("payment"))?;
    let made = if id.starts_with("order_") {
        api::best_payment_of(&id, settings)?
    } else {
        Some(captures::of(&id, &PaymentStatus::Authorized, settings)?)
    };
    match made.filter(|made| made.status == PaymentStatus::Succeeded) {
        Some(made) => Finding::found(&made),
        None => Ok(Finding::Absent),
    }
}

/// What is found of the record that carries a key, in a list that is read to its end.
fn find(path: &str, key: &str, settings: &Settings, found: &dyn Fn(&Value) -> Result<Finding>) -> Result<Finding> {
    for page in 0..PAGES {
        let get = Request::get(path).query("count", PAGE).query("skip", page * PAGE);
        let (finding, read) = api::send(get, settings)?.read(|list| {
            let items = list.items("items");
            let ours = items.iter().find(|item| key_of(item) == Some(key));
            (ours.map(found), items.len())
        })?;
        match finding {
            Some(finding) => return finding,
            None if read < PAGE as usize => return Ok(Finding::Absent),
            None => {}
        }
    }
    Err(Error::provider(format!("{path} has more than {PAGES} pages")))
}

fn key_of(record: &Value) -> Option<&str> {
    record.get("notes")?.get(KEY)?.as_str()
}

fn read<T>(found: &Value, with: impl FnOnce(&Fields<'_>) -> T) -> Result<T> {
    read_value(found, with).map_err(|problem| Error::provider(format!("the record found is not as it was: {problem}")))
}
