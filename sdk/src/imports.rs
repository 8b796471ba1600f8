//! The host's functions: the component's imports in a component, the harness's in a native build.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::harness::session::{account, attempt, idempotency_key, remaining_ms, send, settings, write_log};
#[cfg(target_arch = "wasm32")]
pub(crate) use component::*;

#[cfg(target_arch = "wasm32")]
mod component {
    pub(crate) use crate::bindings::host::gatehouse::plugin::context::{
        account, attempt, idempotency_key, remaining_ms, settings,
    };
    use crate::bindings::host::gatehouse::plugin::http::{self, HttpError, Request, Response};
    use crate::bindings::host::gatehouse::plugin::log::{self, Level};

    pub(crate) fn send(request: Request) -> Result<Response, HttpError> {
        http::send(&request)
    }

    pub(crate) fn write_log(level: Level, message: &str, fields: &[(String, String)]) {
        log::write(level, message, fields);
    }
}
