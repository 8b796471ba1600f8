//! How large a component is, before anything is done that takes time in proportion to it.

use gatehouse_domain::error::{Error, ErrorKind, Result};
use wasmparser::{Parser, Payload};

use crate::config::CompileLimits;

/// Refuses what has too many bytes or functions. It reads the headers of sections and no code.
///
/// # Errors
/// [`ErrorKind::TooLarge`] naming the limit; [`ErrorKind::Invalid`] for what does not parse.
pub(crate) fn check(component: &[u8], limits: &CompileLimits) -> Result<()> {
    let (bytes, most) = (component.len(), limits.component_bytes);
    if bytes > most {
        let message = format!(
            "the component has {bytes} bytes; at most {most} are taken (`plugins.max_component_bytes`): strip it"
        );
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    if !Parser::is_component(component) {
        return Ok(());
    }
    let (functions, most) = (functions(component)?, limits.functions);
    if functions > most {
        let message = format!(
            "the component has {functions} functions; at most {most} are taken (`plugins.max_functions`): build it with \
             less in it"
        );
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    Ok(())
}

/// How many functions all modules in it have of their own.
fn functions(component: &[u8]) -> Result<usize> {
    let mut count: usize = 0;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(|error| Error::invalid(format!("the component does not parse: {error}")))?;
        if let Payload::FunctionSection(section) = payload {
            count = count.saturating_add(section.count() as usize);
        }
    }
    Ok(count)
}
