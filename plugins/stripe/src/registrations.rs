//! Our endpoint at Stripe: `/v1/webhook_endpoints`. The secret of a new one never comes here.

use gatehouse_sdk::http::{Form, Request, path};
use gatehouse_sdk::registrations::Registration;
use gatehouse_sdk::{Error, ErrorKind, Result};

use crate::api::{self, DeletedEndpoint, List, Settings, WebhookEndpoint};

/// The most that Stripe puts on a page.
const LARGEST_PAGE: u32 = 100;
/// An account has 16 endpoints at most in each mode, so what goes on for longer is no list of them.
const MOST_PAGES: usize = 5;
/// The events of a new endpoint are written as this version has them, which is the one that we read.
const EVENTS_AS: &str = "2023-08-16";

/// Reads every endpoint of the account.
pub(crate) fn list() -> Result<Vec<Registration>> {
    let (settings, mut found, mut after) = (Settings::load()?, Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let get = Request::get("/v1/webhook_endpoints").query("limit", LARGEST_PAGE);
        let response = api::send(get.query_some("starting_after", after.take()), &settings)?;
        let page: List<WebhookEndpoint> = api::read(&response)?;
        after = page.data.last().filter(|_| page.has_more).map(|last| last.id.clone());
        found.extend(page.data.into_iter().map(registration));
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
    api::read(&response).map(|made| vec![registration(made)])
}

/// Switches an endpoint on and gives it these events. It has no end that could be put off.
pub(crate) fn renew(old: &Registration, events: &[String]) -> Result<Registration> {
    let place = path(&["v1", "webhook_endpoints", &old.id])?;
    let form = told_of(&old.url, events).set("disabled", false);
    let response = api::change(&place, "endpoint", form, &Settings::load()?)?;
    api::read(&response).map(registration)
}

/// Deletes an endpoint; one that is gone is gone.
pub(crate) fn unregister(id: &str) -> Result<()> {
    let place = path(&["v1", "webhook_endpoints", id])?;
    let response = match api::send(Request::delete(place), &Settings::load()?) {
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(()),
        outcome => outcome?,
    };
    let gone: DeletedEndpoint = api::read(&response)?;
    if gone.deleted { Ok(()) } else { Err(response.senseless("stripe did not delete the webhook endpoint")) }
}

fn told_of(url: &str, events: &[String]) -> Form {
    let form = Form::new().set("url", url);
    events.iter().enumerate().fold(form, |form, (at, event)| form.set(format!("enabled_events[{at}]"), event))
}

fn registration(found: WebhookEndpoint) -> Registration {
    let active = found.is_enabled();
    let WebhookEndpoint { id, url, enabled_events, .. } = found;
    Registration { id, url, events: enabled_events, active, expires_at_ms: None }
}
