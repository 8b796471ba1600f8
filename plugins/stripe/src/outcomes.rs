//! What became of a write: Stripe's lists, read back over the time in which it was sent, for the
//! object that carries its idempotency key. Stripe's search is not used, as it lags behind.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{self, Fields, Value};
use gatehouse_sdk::outcomes::{Finding, Write};
use gatehouse_sdk::payments::{Payment, PaymentStatus};
use gatehouse_sdk::{Error, ErrorKind, Money, Result};

use crate::api::{self, KEY, LARGEST_PAGE, Page, Settings};
use crate::{charges, customers, links, payment, refunds};

/// How far Stripe's clock and ours may be apart, in seconds.
const SKEW: u64 = 300;
/// How many pages of a hundred are read before giving up.
const PAGES: usize = 40;
/// Pages for payers can not be listed by the time they were made.
const SESSIONS: &str = "/v1/checkout/sessions";

/// Looks for the object that a write made.
pub(crate) fn look_up(write: &Write) -> Result<Finding> {
    let found = match write.capability.as_str() {
        "PROCESS_PAYMENT" => find(write, "payment", "/v1/payment_intents", None)?,
        "REFUND_PAYMENT" => find(write, "refund", "/v1/refunds", Some(&write.read(|asked| asked.text("payment"))?))?,
        "CREATE_CUSTOMER_PROFILE" => find(write, "customer", "/v1/customers", None)?,
        "CREATE_PAYMENT_LINK" => find(write, "link", SESSIONS, None)?,
        "CAPTURE_PAYMENT" => return settled(write, &PaymentStatus::Succeeded),
        "CANCEL_PAYMENT" => return settled(write, &PaymentStatus::Canceled),
        other => return Err(Error::unsupported(format!("`{other}` is no write of this gateway"))),
    };
    let Some(object) = found else { return Ok(Finding::Absent) };
    let object = &object;
    match write.capability.as_str() {
        "PROCESS_PAYMENT" => paid(&again(object, ErrorKind::Provider, payment::read)?),
        "REFUND_PAYMENT" => Finding::found(&again(object, ErrorKind::Provider, refunds::read)?),
        "CREATE_CUSTOMER_PROFILE" => {
            Finding::found(&again(object, ErrorKind::Provider, |customer| Ok(customers::read(customer)))?)
        }
        _ => {
            let asked = write.read(asked_for)?;
            Finding::found(&again(object, ErrorKind::Conflict, |session| links::read(session, asked))?)
        }
    }
}

/// Reads an object that was found; what makes no sense of it is an error of this kind.
fn again<T>(
    object: &Value,
    senseless: ErrorKind,
    with: impl FnOnce(&Fields<'_>) -> core::result::Result<T, String>,
) -> Result<T> {
    let read = json::read_value(object, with);
    let read = read.map_err(|problem| Error::provider(format!("the object found is not as it was: {problem}")))?;
    read.map_err(|problem| Error::new(senseless, problem))
}

/// A payment that was to be brought to `status` by its id, which `capture-payment` calls `payment`: no second object
/// was made, so what it is now tells whether it was done.
fn settled(write: &Write, status: &PaymentStatus) -> Result<Finding> {
    let id = write.read(|asked| asked.text_some("payment").unwrap_or_else(|| asked.text("id")))?;
    let payment = charges::get(&id)?;
    if payment.status == *status { Finding::found(&payment) } else { Ok(Finding::Absent) }
}

/// A payment that was declined is kept by Stripe as one that waits for another payment method.
fn paid(payment: &Payment) -> Result<Finding> {
    if payment.status == PaymentStatus::Failed {
        return Ok(Finding::Refused(Error::declined(format!("the payment {} was declined", payment.id))));
    }
    Finding::found(payment)
}

/// What a link was to ask for in all.
fn asked_for(link: &Fields<'_>) -> Money {
    let money = |amount: &Fields<'_>| Money::new(amount.integer("minor_units"), amount.text("currency"));
    let amount = link.inner("amount", money);
    if amount.is_none() {
        link.wrong("amount", "it is absent");
    }
    let quantity = link.count_some("quantity").and_then(|quantity| u32::try_from(quantity).ok());
    links::total(&amount.unwrap_or_else(|| Money::new(0, "")), quantity)
}

/// The object that was made under the write's key, in a list that is read from its newest entry
/// back to before the write was first sent. A refund is listed with its payment, which keeps the list short.
#[inline(never)]
fn find(write: &Write, label: &str, path: &str, payment: Option<&str>) -> Result<Option<Value>> {
    let (settings, key) = (Settings::load()?, write.key_for(label));
    let (from, until) = (write.first_sent_at_ms / 1000, write.last_sent_at_ms.div_ceil(1000));
    let from = from.saturating_sub(SKEW);
    let mut after: Option<String> = None;
    for _ in 0..PAGES {
        let mut get = Request::get(path).query("limit", LARGEST_PAGE);
        if let Some(payment) = payment {
            get = get.query(refunds::field_of(payment), payment);
        }
        if path != SESSIONS {
            get = get.query("created[gte]", from).query("created[lte]", until.saturating_add(SKEW));
        }
        let page = Page::of(&api::send(get.query_some("starting_after", after), &settings)?)?;
        after = page.next();
        let mut too_old = false;
        for object in page.data {
            if key_of(&object) == Some(&key) {
                return Ok(Some(object));
            }
            too_old |= object.get("created").and_then(Value::as_u64).is_some_and(|at| at < from);
        }
        if too_old || after.is_none() {
            return Ok(None);
        }
    }
    Err(Error::provider(format!("{path} has more than {PAGES} pages in the time in which the write was sent")))
}

fn key_of(object: &Value) -> Option<&str> {
    object.get("metadata")?.get(KEY)?.as_str()
}
