//! Why a gateway did not answer: which of limit, trap and host failure an error of the
//! runtime is, with what its author needs to find the place.

use std::borrow::Cow;
use std::fmt;

use gatehouse_domain::execution::Fault;
use wasmtime::{FrameInfo, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::call::meter::{Cancelled, LimitHit};
use crate::call::run::MAX_HANDLES;
use crate::call::state::State;
use crate::engine::MAX_STACK_BYTES;
use crate::plugin::Plugin;

/// How many frames a report holds.
const MAX_FRAMES: usize = 32;

/// The gateway answered something that the contract does not allow.
#[derive(Debug)]
pub(crate) struct BadAnswer(Cow<'static, str>);

impl BadAnswer {
    pub(crate) fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for BadAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer can not be used: {}", self.0)
    }
}

impl std::error::Error for BadAnswer {}

/// The host panicked within an import.
#[derive(Debug)]
pub(crate) struct HostPanic(pub(crate) &'static str);

impl fmt::Display for HostPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host failed in `{}`", self.0)
    }
}

impl std::error::Error for HostPanic {}

/// The fault that an error of the runtime is.
pub(crate) fn of(error: &wasmtime::Error, plugin: &Plugin, function: &str, state: &State) -> Fault {
    if let Some(hit) = error.downcast_ref::<LimitHit>() {
        return limit(*hit);
    }
    if is_copy_limit(error) {
        let from_import = error.downcast_ref::<WasmBacktrace>().is_some();
        return limit(if from_import { state.meter.request_bytes_hit() } else { state.meter.output_hit() });
    }
    if is_handle_limit(error) {
        return limit(LimitHit { limit: "handles", max: MAX_HANDLES as u64 });
    }
    if let Some(panic) = error.downcast_ref::<HostPanic>() {
        tracing::error!(plugin.id = %plugin.inspection.manifest.id, function, "{panic}");
        return Fault::Host { message: panic.to_string() };
    }
    if error.is::<Cancelled>() {
        return Fault::Host { message: Cancelled.to_string() };
    }
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return Fault::Host { message: "every instance is in use; try again later".to_owned() };
    }
    trap(error, plugin, function, state)
}

/// A limit as a fault.
pub(crate) fn limit(hit: LimitHit) -> Fault {
    Fault::Limit { limit: hit.limit.to_owned(), max: hit.max }
}

fn trap(error: &wasmtime::Error, plugin: &Plugin, function: &str, state: &State) -> Fault {
    let manifest = &plugin.inspection.manifest;
    let mut message = format!("{} {} in `{function}`: {}", manifest.id, manifest.version, reason(error));
    let words = state.journal.last_words();
    if !words.is_empty() {
        message.push_str("; it wrote: ");
        message.push_str(&words);
    }
    let frames = error.downcast_ref::<WasmBacktrace>().map(|trace| trace.frames()).unwrap_or_default();
    let backtrace = frames.iter().take(MAX_FRAMES).map(|info| state.journal.clean(&frame(info))).collect();
    Fault::Trap { message, backtrace }
}

fn reason(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => return format!("its call stack is larger than {MAX_STACK_BYTES} bytes"),
        Some(trap) => return trap.to_string(),
        None => {}
    }
    match error.downcast_ref::<I32Exit>() {
        Some(exit) => format!("it ended itself with exit status {}", exit.0),
        None => error.root_cause().to_string(),
    }
}

/// The engine gives this error no type of its own, and neither the one below.
fn is_handle_limit(error: &wasmtime::Error) -> bool {
    error.root_cause().to_string().contains("store handle limit exceeded")
}

fn is_copy_limit(error: &wasmtime::Error) -> bool {
    error.root_cause().to_string().contains("fuel allocated for hostcalls has been exhausted")
}

fn frame(info: &FrameInfo) -> String {
    let module = info.module().name().unwrap_or("component");
    let offset = info.module_offset().map_or_else(String::new, |offset| format!(" at {offset:#x}"));
    let mut name = String::new();
    match info.func_name() {
        Some(raw) => {
            if wasmtime_environ::demangle_function_name(&mut name, raw).is_err() {
                name = raw.to_owned();
            }
        }
        None => name = format!("function {}", info.func_index()),
    }
    format!("{module}!{name}{offset}")
}
