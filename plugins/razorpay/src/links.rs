//! Payment links: `POST /v1/payment_links`.

use gatehouse_sdk::http::{self, Request};
use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::payments::links::{Link, LinkRequest};
use gatehouse_sdk::{ErrorKind, Result, money, time};

use crate::api::{self, Notes, REFERENCE, Settings};

/// Creates a page on which one payer pays once. It works for six months.
pub(crate) fn create(request: &LinkRequest) -> Result<Link> {
    let settings = Settings::load()?;
    let total = money::times(&request.amount, request.quantity)?;
    let amount = api::checked(&total)?;
    let customer = request.customer.as_deref().map(|id| customer(id, &settings)).transpose()?;
    let reference = api::own_receipt();
    let body = Object::new()
        .set("amount", amount.minor_units)
        .set("currency", amount.currency.as_str())
        .set("description", request.description.as_str())
        .set("reference_id", reference.as_str())
        .set_some("customer", customer)
        // The caller hands the link on; Razorpay would write to the payer as well.
        .set("notify", Object::new().set("sms", false).set("email", false))
        .set("reminder_enable", false)
        .set("callback_url", request.success_url.as_str())
        .set("callback_method", "get");
    let body = Notes::new(request.metadata.as_deref(), request.reference.as_deref())?.onto(body);
    match api::post("/v1/payment_links", &body, &settings) {
        Ok(response) => response.read(in_our_words),
        // Reference ids are unique, and this one is this call's: another attempt made the link.
        Err(taken) if taken.kind == ErrorKind::Conflict => find(&reference, &settings)?.ok_or(taken),
        Err(error) => Err(error),
    }
}

/// The link that was made under a reference id, where there is one.
pub(crate) fn find(reference: &str, settings: &Settings) -> Result<Option<Link>> {
    let list = api::send(Request::get("/v1/payment_links").query("reference_id", reference), settings)?;
    Ok(list.read(|list| list.each("payment_links", in_our_words))?.into_iter().next())
}

/// Reads a payment link of Razorpay's.
#[inline(never)]
pub(crate) fn in_our_words(link: &Fields<'_>) -> Link {
    Link {
        id: link.text("id"),
        url: link.text("short_url"),
        amount: api::money(link),
        reference: api::note(link, REFERENCE),
        // Without a moment of its own a link has 0 here.
        expires_at_ms: link.count_some("expire_by").filter(|seconds| *seconds > 0).map(time::from_seconds),
    }
}

/// A link takes the payer's details, not the customer's id.
fn customer(id: &str, settings: &Settings) -> Result<Object> {
    api::get(http::path(&["v1", "customers", id])?, settings)?.read(|known| {
        let fields = ["name", "email", "contact"];
        fields.into_iter().fold(Object::new(), |object, field| object.set_some(field, known.str_some(field)))
    })
}
