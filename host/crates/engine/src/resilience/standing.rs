//! What others may see of an integration's resilience: routing before it chooses, people where
//! they look for the reason.

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::breaker::Position;
use super::enter::{Priority, moment};
use super::lane::Lane;
use super::slots::Slots;
use super::{Millis, Resilience, Settings};
use crate::metrics::NotClosed;

/// Where an integration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Standing {
    /// Its circuit.
    pub circuit: Circuit,
    /// Calls that are under way.
    pub in_flight: u32,
    /// How many may be at a time; fewer than configured after its provider had too much.
    pub allowed: u32,
    /// What its provider still takes; absent where nothing is known.
    pub budget: Option<BudgetStanding>,
    /// Until when its provider asked to be left alone.
    #[schemars(with = "Option<String>")]
    pub parked_until: Option<Timestamp>,
    /// Why an interactive call would not start at once.
    pub blocked: Option<Blocked>,
}

/// A circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Circuit {
    /// Calls go through.
    Closed,
    /// None goes through.
    Open {
        /// Until when.
        #[schemars(with = "String")]
        until: Timestamp,
    },
    /// A few go through, to try whether the provider is well again.
    HalfOpen,
}

/// What a provider still takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BudgetStanding {
    /// Requests left.
    pub remaining: u64,
    /// Requests in a window.
    pub limit: u64,
    /// When the window begins anew, where the provider said so; else requests flow in evenly.
    #[schemars(with = "Option<String>")]
    pub reset_at: Option<Timestamp>,
}

/// What stands in the way of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Blocked {
    /// The circuit is open.
    CircuitOpen,
    /// The provider takes no more requests for the moment.
    RateLimited,
    /// As many calls run as may.
    Full,
}

/// One compartment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Slot {
    /// Calls that are under way.
    pub in_flight: u32,
    /// How many may be at a time.
    pub allowed: u32,
}

/// A retry budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RetryStanding {
    /// Retries within the last ten seconds.
    pub used: u32,
    /// How many there may be.
    pub allowed: u32,
}

/// The last failure of a provider's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Failure {
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// What: the method, and the status or why there was none.
    pub what: String,
}

/// What is shared beyond one integration, and what went wrong last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Surroundings {
    /// All calls of the tenant to this provider. Not `provider`: a status has the code under that name.
    #[serde(rename = "provider_slots")]
    pub provider: Slot,
    /// All calls of the tenant.
    #[serde(rename = "tenant_slots")]
    pub tenant: Slot,
    /// The tenant's retries at this provider.
    pub retries: RetryStanding,
    /// The last failure since the server started.
    pub last_failure: Option<Failure>,
}

impl Standing {
    /// Of an integration that was not called for long.
    pub(super) fn unknown(settings: &Settings) -> Self {
        Self {
            circuit: Circuit::Closed,
            in_flight: 0,
            allowed: settings.per_integration,
            budget: None,
            parked_until: None,
            blocked: None,
        }
    }
}

impl Resilience {
    /// What is shared beyond one integration, where that is remembered.
    pub fn surroundings(&self, integration: IntegrationId, now: Timestamp) -> Option<Surroundings> {
        let lane = self.0.lanes.find(integration)?;
        let (used, allowed) = lane.group.retries().view(now.as_millisecond(), self.settings());
        let last_failure = lane.state().last_failure.clone();
        Some(Surroundings {
            provider: slot(&lane.group.slots),
            tenant: slot(&lane.group.tenant.slots),
            retries: RetryStanding { used, allowed },
            last_failure: last_failure.map(|(at, what)| Failure { at: moment(at), what }),
        })
    }
}

impl Resilience {
    /// How many circuits are not closed, by provider.
    pub(crate) fn not_closed(&self, now: Timestamp) -> NotClosed {
        let (now, settings) = (now.as_millisecond(), self.settings());
        let mut found = NotClosed::new();
        self.0.lanes.each(|lane| {
            let state = match lane.state().breaker.position(now, settings) {
                Position::Closed => return,
                Position::Open { .. } => "open",
                Position::HalfOpen => "half_open",
            };
            *found.entry((lane.group.provider.clone(), state)).or_default() += 1;
        });
        found
    }
}

impl Lane {
    pub(super) fn standing(&self, settings: &Settings, now: Millis) -> Standing {
        let mut state = self.state();
        let circuit = match state.breaker.position(now, settings) {
            Position::Closed => Circuit::Closed,
            Position::Open { until } => Circuit::Open { until: moment(until) },
            Position::HalfOpen => Circuit::HalfOpen,
        };
        let budget = state.budget.view(now).map(|(remaining, limit, reset)| BudgetStanding {
            remaining,
            limit,
            reset_at: reset.map(moment),
        });
        let parked = state.budget.parked(now);
        let blocked = if state.breaker.check(now, settings).is_err() {
            Some(Blocked::CircuitOpen)
        } else if state.budget.wait(now, Priority::Interactive) > 0 {
            Some(Blocked::RateLimited)
        } else {
            self.compartments().iter().any(|slots| slots.taken() >= slots.most()).then_some(Blocked::Full)
        };
        let Slot { in_flight, allowed } = slot(&self.slots);
        let parked_until = (parked > 0).then(|| moment(now.saturating_add(parked)));
        Standing { circuit, in_flight, allowed, budget, parked_until, blocked }
    }
}

fn slot(slots: &Slots) -> Slot {
    Slot { in_flight: slots.taken(), allowed: slots.most() }
}
