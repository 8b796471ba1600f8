//! Calls of operations: a request made of the templates, and what its answer says.

use gatehouse_sdk::automation::operations::{OperationAnswer, OperationRequest};
use gatehouse_sdk::automation::triggers::{TriggerRequest, Triggered};
use gatehouse_sdk::http::{Form, Request, Response};
use gatehouse_sdk::json::{self, Fields};
use gatehouse_sdk::{Account, Error, Result, context};

use crate::operation::{Operation, Settings};
use crate::parameters;
use crate::template::Filling;

/// Calls an operation that only looks.
pub(crate) fn read(request: &OperationRequest) -> Result<OperationAnswer> {
    let settings = Settings::load()?;
    let operation = settings.operation(&request.name)?;
    if operation.writes {
        return Err(operation.wrong("effect", "is `write`; use CALL_OPERATION"));
    }
    send(&settings, &operation, request.parameters.as_deref(), None)
}

/// Calls any operation.
pub(crate) fn call(request: &OperationRequest) -> Result<OperationAnswer> {
    let settings = Settings::load()?;
    let operation = settings.operation(&request.name)?;
    send(&settings, &operation, request.parameters.as_deref(), None)
}

/// Calls the operation of a hook. The payload is its parameters, and the reference its key.
pub(crate) fn trigger(request: &TriggerRequest) -> Result<Triggered> {
    let settings = Settings::load()?;
    let operation = settings.operation(&request.hook)?;
    if !operation.writes {
        return Err(operation.wrong("effect", "is `read`; a hook has to be an operation that writes"));
    }
    let answer = send(&settings, &operation, request.payload.as_deref(), request.reference.as_deref())?;
    Ok(Triggered { id: None, answer: answer.body })
}

/// Calls the operation that the setting `test` names. The account is the service's address.
pub(crate) fn test() -> Result<Account> {
    let settings = Settings::load()?;
    let Some(name) = settings.test.as_deref() else {
        return Err(Error::invalid_input("the setting `test` is absent; name an operation that only looks"));
    };
    let operation = settings.operation(name)?;
    if operation.writes {
        return Err(operation.wrong("effect", "is `write`; a connection is tested by an operation that only looks"));
    }
    send(&settings, &operation, None, None)?;
    Ok(Account { id: settings.base_url.unwrap_or_default(), display_name: None, live: true })
}

/// Makes the request, sends it, and keeps only a success.
fn send(settings: &Settings, operation: &Operation, given: Option<&str>, key: Option<&str>) -> Result<OperationAnswer> {
    if settings.base_url.is_none() {
        return Err(Error::invalid_input(
            "the setting `base_url` is absent; give the service's address, which the operator has to allow",
        ));
    }
    let parameters = parameters::read(operation, given)?;
    let filling = Filling { operation, parameters: &parameters };
    let mut request = Request::new(operation.method, filling.path()?);
    for (name, value) in filling.pairs("query", &operation.query)? {
        request = request.query(name, value);
    }
    for (name, value) in filling.pairs("headers", &operation.headers)? {
        request = request.header(name, value);
    }
    if let Some(templates) = &operation.form {
        let mut form = Form::new();
        for (name, value) in filling.pairs("form", templates)? {
            form = form.set(name, value);
        }
        request = request.form(form);
    }
    if let Some(body) = operation.body.as_ref().map(|body| filling.json("body", body)).transpose()?.flatten() {
        request = request.json(&body);
    }
    if let Some(header) = &operation.idempotency_header {
        let own = || context::idempotency_key_for("operation");
        request = request.header(header, key.map_or_else(own, str::to_owned));
    }
    if !operation.writes {
        request = request.only_reads();
    }
    let response = request.auth(settings.auth.as_deref().unwrap_or("none")).send()?;
    if !response.is_success() {
        return Err(refused(operation, &response));
    }
    Ok(OperationAnswer { status: response.status(), body: result(operation, &response)? })
}

/// The answer's text, or the part of it that is the result.
fn result(operation: &Operation, response: &Response) -> Result<Option<String>> {
    let Some(pointer) = &operation.result else {
        return Ok(Some(response.text().into_owned()).filter(|text| !text.is_empty()));
    };
    let senseless =
        |problem: String| response.senseless(format!("operation `{}`: the answer {problem}", operation.name));
    let document = json::document(response.bytes()).map_err(|problem| senseless(format!("is {problem}")))?;
    match document.pointer(pointer) {
        Some(part) => Ok(Some(json::text(part))),
        None => Err(senseless(format!("has nothing at its `result` `{pointer}`"))),
    }
}

/// The error in an answer that is not a success, with what the service says where it says it in a usual place.
fn refused(operation: &Operation, response: &Response) -> Error {
    let read = |body: &Fields<'_>| {
        let text = |name: &str| body.get(name).and_then(json::Value::as_str).map(str::to_owned);
        let nested = body.get("error").and_then(|error| error.get("message")).and_then(json::Value::as_str);
        let said =
            nested.map(str::to_owned).or_else(|| ["message", "detail", "title", "error"].into_iter().find_map(text));
        (said, text("code"))
    };
    let (said, code) = response.read(read).unwrap_or_default();
    let said = said.map(|said| format!(": {said}")).unwrap_or_default();
    let text = format!("operation `{}`: the service answered with status {}{said}", operation.name, response.status());
    response.error(text).with_code(code)
}
