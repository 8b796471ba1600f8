//! `gatehouse:plugin/context`: what a call is about.

use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::{import, wire};
use crate::call::state::State;

pub(super) fn add(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut context = linker.instance("gatehouse:plugin/context@0.1.0")?;
    context.func_wrap("settings", |mut store: StoreContextMut<'_, State>, (): ()| {
        import(store.data_mut(), "context.settings", |state| Ok((serde_json::to_string(&state.settings)?,)))
    })?;
    context.func_wrap("idempotency-key", |mut store: StoreContextMut<'_, State>, (): ()| {
        import(store.data_mut(), "context.idempotency-key", |state| Ok((state.idempotency_key.clone(),)))
    })?;
    context.func_wrap("attempt", |mut store: StoreContextMut<'_, State>, (): ()| {
        import(store.data_mut(), "context.attempt", |state| Ok((state.attempt,)))
    })?;
    context.func_wrap("remaining-ms", |mut store: StoreContextMut<'_, State>, (): ()| {
        import(store.data_mut(), "context.remaining-ms", |state| {
            let left = u64::try_from(state.meter.remaining().as_millis()).unwrap_or(u64::MAX);
            Ok((state.tape.remaining_ms(left),))
        })
    })?;
    context.func_wrap("account", |mut store: StoreContextMut<'_, State>, (): ()| {
        import(store.data_mut(), "context.account", |state| Ok((state.account.clone().map(wire::Account::from),)))
    })
}
