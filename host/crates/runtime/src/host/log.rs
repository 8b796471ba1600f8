//! `gatehouse:plugin/log`: lines for the person who runs the integration.

use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::{import, wire};
use crate::call::state::State;

pub(super) fn add(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    type Line = (wire::Level, String, Vec<(String, String)>);
    let mut log = linker.instance("gatehouse:plugin/log@0.1.0")?;
    log.func_wrap("write", |mut store: StoreContextMut<'_, State>, (level, message, fields): Line| {
        import(store.data_mut(), "log.write", |state| Ok(state.journal.write(level.as_str(), &message, &fields)?))
    })
}
