//! Starting Zaps: `POST https://hooks.zapier.com/hooks/catch/{account}/{hook}/`.

use gatehouse_sdk::automation::triggers::{TriggerRequest, Triggered};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{self, Object, Value};
use gatehouse_sdk::{Error, Result};

use crate::api;

/// The field of a payload by which a Zap knows a repeat.
const REFERENCE: &str = "gatehouse_reference";

/// The largest payload that Zapier takes, in bytes.
const LARGEST: usize = 10 << 20;

/// Starts a Zap. Zapier only says that it has taken the request: what the Zap makes of it stays there.
pub(crate) fn trigger(request: &TriggerRequest) -> Result<Triggered> {
    let path = api::address(&request.hook)?;
    let body = body(request)?;
    let response = api::send(&request.hook, Request::post(path).json(&body))?;
    let (status, id) = response.read(|answer| {
        let id = answer.text_some("request_id").or_else(|| answer.text_some("id"));
        (answer.text("status"), id)
    })?;
    if status != "success" {
        return Err(response.senseless(format!("zapier answered with the status `{status}`")));
    }
    Ok(Triggered { id, answer: None })
}

/// The payload with the reference in it, as a catch hook shows no headers.
fn body(request: &TriggerRequest) -> Result<Value> {
    let payload = request.payload.as_deref().unwrap_or("{}");
    if payload.len() > LARGEST {
        return Err(Error::invalid_input(format!("`payload` has {} bytes; zapier takes {LARGEST}", payload.len())));
    }
    let wrong = |problem: &str| Error::invalid_input(format!("`payload` is no JSON object: {problem}"));
    let payload = json::document(payload.as_bytes()).map_err(|problem| wrong(&problem.to_string()))?;
    let Some(fields) = payload.as_object() else { return Err(wrong("it is of another kind")) };
    let Some(reference) = request.reference.as_deref() else { return Ok(payload) };
    if fields.contains_key(REFERENCE) {
        return Err(Error::invalid_input(format!("`payload` has a field `{REFERENCE}`; leave it to `reference`")));
    }
    let mut whole = Object::new().set(REFERENCE, reference);
    for (name, value) in fields {
        whole = whole.set(name, value.clone());
    }
    Ok(whole.into())
}
