//! What is known of one integration, and the compartments it shares with others: those of its
//! tenant at its provider, of its tenant, and of all.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gatehouse_domain::id::{IntegrationId, TenantId};
use tokio::sync::OnceCell;

use super::adaptive::Adaptive;
use super::breaker::Breaker;
use super::budget::Budget;
use super::retries::Retries;
use super::slots::Slots;
use super::{Millis, Settings};

/// One integration.
pub(super) struct Lane {
    pub(super) integration: IntegrationId,
    pub(super) slots: Slots,
    pub(super) group: Arc<Group>,
    /// Held for a few steps of arithmetic, never across an await.
    state: Mutex<State>,
    /// When it was used last, by which lanes are forgotten.
    pub(super) used_at: AtomicI64,
    /// Whether there is something new to keep.
    pub(super) dirty: AtomicBool,
    /// Set once what was kept of it has been read.
    pub(super) recalled: OnceCell<()>,
}

/// What changes with each call.
pub(super) struct State {
    pub(super) breaker: Breaker,
    pub(super) adaptive: Adaptive,
    pub(super) budget: Budget,
    pub(super) last_failure: Option<(Millis, String)>,
    /// When the budget was last marked to be kept.
    pub(super) marked_at: Millis,
}

/// One tenant at one provider.
pub(super) struct Group {
    pub(super) slots: Slots,
    pub(super) provider: String,
    pub(super) tenant: Arc<TenantShare>,
    retries: Mutex<Retries>,
}

/// One tenant.
pub(super) struct TenantShare {
    pub(super) id: TenantId,
    pub(super) slots: Slots,
    /// Calls that wait for a place or for a limit.
    pub(super) waiting: AtomicU32,
    pub(super) all: Arc<Slots>,
}

impl Lane {
    pub(super) fn new(integration: IntegrationId, group: Arc<Group>, settings: &Settings, now: Millis) -> Self {
        let state = State {
            breaker: Breaker::new(settings),
            adaptive: Adaptive::new(settings.per_integration),
            budget: Budget::new(None, now),
            last_failure: None,
            marked_at: Millis::MIN,
        };
        Self {
            integration,
            slots: Slots::new(settings.per_integration),
            group,
            state: Mutex::new(state),
            used_at: AtomicI64::new(now),
            dirty: AtomicBool::new(false),
            recalled: OnceCell::new(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn touch(&self, now: Millis) {
        self.used_at.store(now, Ordering::Relaxed);
    }

    /// Its compartments from the narrowest to the widest.
    pub(super) fn compartments(&self) -> [&Slots; 4] {
        [&self.slots, &self.group.slots, &self.group.tenant.slots, &self.group.tenant.all]
    }
}

impl Group {
    pub(super) fn new(provider: &str, tenant: Arc<TenantShare>, settings: &Settings) -> Self {
        Self {
            provider: provider.to_owned(),
            slots: Slots::new(settings.per_provider),
            tenant,
            retries: Mutex::new(Retries::new()),
        }
    }

    pub(super) fn retries(&self) -> MutexGuard<'_, Retries> {
        self.retries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TenantShare {
    pub(super) fn new(id: TenantId, all: Arc<Slots>, settings: &Settings) -> Self {
        Self { id, slots: Slots::new(settings.per_tenant), waiting: AtomicU32::new(0), all }
    }
}
