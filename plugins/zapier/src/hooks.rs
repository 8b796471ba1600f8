//! Starting Zaps: `POST https://hooks.zapier.com/hooks/catch/{account}/{hook}/`.

use gatehouse_sdk::automation::triggers::{TriggerRequest, Triggered};
use gatehouse_sdk::http::{self, Request, Response};
use gatehouse_sdk::json::{self, Object, Value};
use gatehouse_sdk::{Error, Result, context};

/// The field of a payload by which a Zap knows a repeat.
const REFERENCE: &str = "gatehouse_reference";

/// The largest payload that Zapier takes, in bytes.
const LARGEST: usize = 10 << 20;

/// Starts a Zap. Zapier only says that it has taken the request: what the Zap makes of it stays there.
pub(crate) fn trigger(request: &TriggerRequest) -> Result<Triggered> {
    let path = address(&request.hook)?;
    let body = body(request)?;
    let response = Request::post(path).json(&body).send()?;
    if !response.is_success() {
        return Err(refused(&request.hook, &response));
    }
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

/// The path of the hook of this name.
fn address(name: &str) -> Result<String> {
    let hooks =
        context::read_settings(|settings| settings.each("hooks", |hook| (hook.text("name"), hook.text("path"))))?;
    let Some((_, path)) = hooks.iter().find(|(known, _)| known == name) else {
        let names: Vec<&str> = hooks.iter().map(|(known, _)| known.as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(Error::invalid_input(format!("the settings name no hook `{name}`; they name {names}")));
    };
    match path.split_once('/') {
        Some((account, hook)) => Ok(format!("{}/", http::path(&["hooks", "catch", account, hook])?)),
        None => {
            Err(Error::invalid_input(format!("the hook `{name}` has the path `{path}`; write it as 123456/abcdef")))
        }
    }
}

/// The error in an answer that is not a success.
fn refused(hook: &str, response: &Response) -> Error {
    let said = response.read(|body| body.text_some("message").or_else(|| body.text_some("detail"))).ok().flatten();
    let said = said.map(|said| format!(": {said}")).unwrap_or_default();
    match response.status() {
        404 | 410 => {
            response.error(format!("zapier has no hook `{hook}` any more; turn its Zap on or name another{said}"))
        }
        413 => Error::invalid_input(format!("the payload is too large for zapier{said}")).with_status(413),
        status => response.error(format!("zapier answered with status {status}{said}")),
    }
}
