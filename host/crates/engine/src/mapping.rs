//! Mappings: what a record or a call goes through on its way between the provider's shape and the
//! host app's.
//!
//! Read in this order: how a mapping is compiled (`program`) and carried out (`run`, `formula`),
//! how it is checked against the schemas of both sides (`shape`, `infer`, `fit`), what is kept of it
//! (`keep`, `schemas`), what people see before they save it (`preview`), and how calls pass through
//! it (`calls`); records pass in `sync/passage.rs`.

mod calls;
mod fit;
mod formula;
mod infer;
mod keep;
mod preview;
mod program;
mod run;
mod schemas;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gatehouse_domain::id::IntegrationId;

pub use calls::Through;
pub use keep::{Brief, KEPT_VERSIONS};
pub use preview::{Ask, Preview, Ruled};
pub use schemas::Registered;

pub(crate) use program::Program;

use crate::expression::{Expressions, RECORD};

/// How many compiled mappings are kept.
const KEPT: usize = 512;

/// A version of a mapping: it never changes.
type Key = (IntegrationId, String, u32);

/// Compiled mappings and their formulas.
pub(crate) struct State {
    formulas: Expressions,
    programs: Mutex<HashMap<Key, Arc<Program>>>,
}

impl Default for State {
    fn default() -> Self {
        Self { formulas: Expressions::over(RECORD), programs: Mutex::default() }
    }
}

impl State {
    fn known(&self, key: &Key) -> Option<Arc<Program>> {
        self.programs.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn keep(&self, key: Key, program: &Arc<Program>) {
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        // Rare, and cheaper than knowing which was used last.
        if programs.len() >= KEPT {
            programs.clear();
        }
        programs.insert(key, Arc::clone(program));
    }
}
