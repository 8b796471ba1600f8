//! What became of a write: Stripe's lists, read back over the time in which it was sent, for the
//! object that carries its idempotency key. Stripe's search is not used, as it lags behind.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{self, Value};
use gatehouse_sdk::outcomes::{Finding, Write};
use gatehouse_sdk::payments::PaymentStatus;
use gatehouse_sdk::payments::links::LinkRequest;
use gatehouse_sdk::payments::refunds::RefundRequest;
use gatehouse_sdk::{Error, Result};
use serde::de::DeserializeOwned;

use crate::api::{self, CheckoutSession, Customer, KEY, List, PaymentIntent, Refund, Settings};
use crate::{charges, links};

/// How far Stripe's clock and ours may be apart, in seconds.
const SKEW: u64 = 300;
/// How many pages of a hundred are read before giving up.
const PAGES: usize = 40;

/// Looks for the object that a write made.
pub(crate) fn look_up(write: &Write) -> Result<Finding> {
    match write.capability.as_str() {
        "PROCESS_PAYMENT" => match find(write, "payment", "/v1/payment_intents", None)? {
            Some(intent) => payment(&intent),
            None => Ok(Finding::Absent),
        },
        "REFUND_PAYMENT" => match find::<Refund>(write, "refund", "/v1/refunds", refunded(write)?)? {
            Some(refund) => Finding::found(&refund.to_refund().map_err(Error::provider)?),
            None => Ok(Finding::Absent),
        },
        "CREATE_CUSTOMER_PROFILE" => match find::<Customer>(write, "customer", "/v1/customers", None)? {
            Some(customer) => Finding::found(&customer.to_customer()),
            None => Ok(Finding::Absent),
        },
        "CREATE_PAYMENT_LINK" => match find::<CheckoutSession>(write, "link", "/v1/checkout/sessions", None)? {
            Some(session) => {
                let request: LinkRequest = parameters(write)?;
                Finding::found(&links::link(session, &request).map_err(Error::conflict)?)
            }
            None => Ok(Finding::Absent),
        },
        "CAPTURE_PAYMENT" => settled(write, &PaymentStatus::Succeeded),
        "CANCEL_PAYMENT" => settled(write, &PaymentStatus::Canceled),
        other => Err(Error::unsupported(format!("`{other}` is no write of this gateway"))),
    }
}

/// A payment that was to be brought to `status` by its id: no second object was made, so what it
/// is now tells whether it was done.
fn settled(write: &Write, status: &PaymentStatus) -> Result<Finding> {
    /// `capture-payment` names it `payment`, `cancel-payment` names it `id`.
    #[derive(serde::Deserialize)]
    struct Which {
        #[serde(alias = "payment")]
        id: String,
    }
    let which: Which = parameters(write)?;
    let payment = charges::get(&which.id)?;
    if payment.status == *status { Finding::found(&payment) } else { Ok(Finding::Absent) }
}

/// A payment that was declined is kept by Stripe as one that waits for another payment method.
fn payment(intent: &PaymentIntent) -> Result<Finding> {
    let payment = intent.to_payment().map_err(Error::provider)?;
    if payment.status == PaymentStatus::Failed {
        return Ok(Finding::Refused(Error::declined(format!("the payment {} was declined", payment.id))));
    }
    Finding::found(&payment)
}

/// A refund is listed with its payment, which keeps the list short.
fn refunded(write: &Write) -> Result<Option<(&'static str, String)>> {
    let request: RefundRequest = parameters(write)?;
    let charge = request.payment.starts_with("ch_") || request.payment.starts_with("py_");
    Ok(Some((if charge { "charge" } else { "payment_intent" }, request.payment)))
}

fn parameters<T: DeserializeOwned>(write: &Write) -> Result<T> {
    json::from_bytes(write.parameters.as_bytes())
        .map_err(|error| Error::invalid_input(format!("the parameters do not have the expected shape: {error}")))
}

/// The object that was made under the write's key, in a list that is read from its newest entry
/// back to before the write was first sent.
fn find<T: DeserializeOwned>(
    write: &Write,
    label: &str,
    path: &str,
    within: Option<(&'static str, String)>,
) -> Result<Option<T>> {
    let (settings, key) = (Settings::load()?, write.key_for(label));
    let (from, until) = (write.first_sent_at_ms / 1000, write.last_sent_at_ms.div_ceil(1000));
    let from = from.saturating_sub(SKEW);
    // Pages for payers can not be listed by the time they were made.
    let by_time = path != "/v1/checkout/sessions";
    let mut after: Option<String> = None;
    for _ in 0..PAGES {
        let mut get = Request::get(path).query("limit", 100);
        if let Some((name, value)) = &within {
            get = get.query(*name, value);
        }
        if by_time {
            get = get.query("created[gte]", from).query("created[lte]", until.saturating_add(SKEW));
        }
        let page: List<Value> = api::read(&api::send(get.query_some("starting_after", after.as_deref()), &settings)?)?;
        if let Some(found) = page.data.iter().find(|object| key_of(object) == Some(&key)) {
            let found = json::from_value(found);
            return found
                .map(Some)
                .map_err(|error| Error::provider(format!("the object found is not as it was: {error}")));
        }
        let too_old =
            page.data.iter().any(|object| object.get("created").and_then(Value::as_u64).is_some_and(|at| at < from));
        let last = page.data.last().and_then(|object| object.get("id")).and_then(Value::as_str).map(str::to_owned);
        if !page.has_more || too_old || last.is_none() {
            return Ok(None);
        }
        after = last;
    }
    Err(Error::provider(format!("{path} has more than {PAGES} pages in the time in which the write was sent")))
}

fn key_of(object: &Value) -> Option<&str> {
    object.get("metadata")?.get(KEY)?.as_str()
}
