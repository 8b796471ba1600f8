//! What the host lends a component: the imports of `gatehouse:plugin`, and of WASI what
//! has no effect on the world. Every one is counted, bounded and safe against a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gatehouse_domain::error::{Error, Result};
use wasmtime::Engine;
use wasmtime::component::Linker;

mod context;
mod http;
mod log;
pub(crate) mod wasi;
pub(crate) mod wire;

use crate::call::state::State;
use crate::fault::HostPanic;

/// Everything that is lent.
///
/// # Errors
/// Where two imports have one name.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    let linked = http::add(&mut linker)
        .and_then(|()| context::add(&mut linker))
        .and_then(|()| log::add(&mut linker))
        .and_then(|()| wasmtime_wasi::p2::add_to_linker_async(&mut linker));
    linked.map_err(|error| Error::internal(format!("the host's imports can not be linked: {error:#}")))?;
    Ok(linker)
}

/// Counts the call and runs `body`; a panic in it ends the guest's call and nothing else.
fn import<T>(
    state: &mut State,
    name: &'static str,
    body: impl FnOnce(&mut State) -> wasmtime::Result<T>,
) -> wasmtime::Result<T> {
    state.meter.host_call()?;
    match catch_unwind(AssertUnwindSafe(|| body(state))) {
        Ok(result) => result,
        Err(_) => Err(HostPanic(name).into()),
    }
}
