//! Zapier's hooks as this gateway uses them: where each is, and one place that sends.

use gatehouse_sdk::http::{self, Request, Response};
use gatehouse_sdk::{Error, Result, context};

/// The path of the hook of this name.
pub(crate) fn address(name: &str) -> Result<String> {
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

/// Sends a request to a hook and keeps only a success.
pub(crate) fn send(hook: &str, request: Request) -> Result<Response> {
    let response = request.send()?;
    if response.is_success() { Ok(response) } else { Err(refused(hook, &response)) }
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
