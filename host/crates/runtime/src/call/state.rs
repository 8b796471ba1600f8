//! The data of one store: what the host imports of a call can reach, and nothing else.

use std::sync::Arc;

use gatehouse_domain::guest::Account;
use serde_json::{Map, Value};

use super::journal::Journal;
use super::meter::{Cancelled, Meter};
use super::{Call, Cancel};
use crate::egress::Egress;
use crate::host::wasi::Wasi;
use crate::tape::Tape;

/// The data of one store.
pub(crate) struct State {
    pub(crate) egress: Arc<dyn Egress>,
    pub(crate) settings: Map<String, Value>,
    pub(crate) idempotency_key: String,
    pub(crate) attempt: u32,
    pub(crate) account: Option<Account>,
    pub(crate) cancel: Cancel,
    pub(crate) tape: Tape,
    pub(crate) meter: Meter,
    pub(crate) journal: Journal,
    /// Made when the guest first calls WASI; most never do.
    pub(crate) wasi: Option<Box<Wasi>>,
}

impl State {
    pub(crate) fn new(call: Call, cancel: Cancel) -> Self {
        let journal = Journal::new(call.egress.clone(), call.limits.log_bytes);
        Self {
            egress: call.egress,
            settings: call.settings,
            idempotency_key: call.idempotency_key,
            attempt: call.attempt,
            account: call.account,
            cancel,
            tape: call.tape,
            meter: Meter::new(call.limits),
            journal,
            wasi: None,
        }
    }

    /// What happens at each epoch in which the guest runs.
    pub(crate) fn tick(&mut self) -> wasmtime::Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Cancelled.into());
        }
        Ok(self.meter.tick()?)
    }
}
