//! Our endpoint at Stripe: `/v1/webhook_endpoints`. The secret of a new one never comes here.

use gatehouse_sdk::http::{Form, Request, path};
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::registrations::Registration;
use gatehouse_sdk::{Error, ErrorKind, Result};

use crate::api::{self, Page, Settings};

/// An account has 16 endpoints at most in each mode, so what goes on for longer is no list of them.
const MOST_PAGES: usize = 5;
/// The events of a new endpoint are written as this version has them, which is the one that we read.
const EVENTS_AS: &str = "2023-08-16";

/// Reads every endpoint of the account.
pub(crate) fn list() -> Result<Vec<Registration>> {
    let (settings, mut found, mut after) = (Settings::load()?, Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let get = Request::get("/v1/webhook_endpoints").query("limit", api::LARGEST_PAGE);
        let response = api::send(get.query_some("starting_after", after.take()), &settings)?;
        let (mut registrations, next) = Page::each(&response, registration)?;
        found.append(&mut registrations);
        after = next;
        if after.is_none() {
            return Ok(found);
        }
    }
    Err(Error::new(ErrorKind::Provider, "stripe's list of webhook endpoints does not end"))
}

/// Makes an endpoint.
pub(crate) fn register(url: &str, events: &[String]) -> Result<Vec<Registration>> {
    let form = told_of(url, events).set("api_version", EVENTS_AS);
    let response = api::change("/v1/webhook_endpoints", "endpoint", form, &Settings::load()?)?;
    response.read(registration).map(|made| vec![made])
}

/// Switches an endpoint on and gives it these events. It has no end that could be put off.
pub(crate) fn renew(old: &Registration, events: &[String]) -> Result<Registration> {
    let place = path(&["v1", "webhook_endpoints", &old.id])?;
    let form = told_of(&old.url, events).set("disabled", false);
    api::change(&place, "endpoint", form, &Settings::load()?)?.read(registration)
}

/// Deletes an endpoint; one that is gone is gone.
pub(crate) fn unregister(id: &str) -> Result<()> {
    let place = path(&["v1", "webhook_endpoints", id])?;
    let response = match api::send(Request::delete(place), &Settings::load()?) {
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(()),
        outcome => outcome?,
    };
    let is_gone = response.read(|endpoint| endpoint.flag("deleted"))?;
    if is_gone { Ok(()) } else { Err(response.senseless("stripe did not delete the webhook endpoint")) }
}

fn told_of(url: &str, events: &[String]) -> Form {
    let form = Form::new().set("url", url);
    events.iter().enumerate().fold(form, |form, (at, event)| form.set(format!("enabled_events[{at}]"), event))
}

/// Reads an endpoint. Stripe switches off what only fails.
#[inline(never)]
fn registration(endpoint: &Fields<'_>) -> Registration {
    Registration {
        id: endpoint.text("id"),
        url: endpoint.text("url"),
        events: api::texts(endpoint, "enabled_events"),
        active: endpoint.text("status") == "enabled",
        expires_at_ms: None,
    }
}
