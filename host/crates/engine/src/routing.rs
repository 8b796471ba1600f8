//! Routing: a call that names a capability and not an integration. It is decided who shall
//! serve it, the decision is kept with the call, and the next one is tried only where the one
//! before is known to have done nothing.
//!
//! Read in this order: what can be asked (here), who comes into question (`candidates`, `rules`
//! with `expression`, `split`, `window`), who of them can serve (`eligible`, `standing`), and the
//! attempts (`intent`, `failover`).

use gatehouse_domain::link::{Entity, Purpose};
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod candidates;
mod choose;
mod eligible;
mod failover;
mod intent;
mod policies;
mod rules;
mod split;
mod standing;
mod window;
mod windows;

pub use policies::{MOST_POLICIES, NewPolicy};
pub use standing::Blocked;

pub(crate) use failover::{did_nothing, may_fail_over};
pub(crate) use intent::hash_of;
pub(crate) use windows::keep_windows;

/// A call that is asked for by what it shall do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wanted {
    /// The capability's code.
    pub capability: String,
    /// Its parameters.
    pub parameters: Value,
    /// The integration, where the caller knows: an id, or a provider's code that names one.
    pub integration: Option<String>,
    /// Whom it is for: its links are asked first.
    pub entity: Option<Entity>,
    /// What for: which of the links count.
    pub purpose: Option<Purpose>,
    /// The policy to ask where no link decides, by id or name; the one whose pattern fits closest
    /// where absent.
    pub policy: Option<String>,
    /// The caller's own key for the request: asking again with it gives the same answer.
    pub idempotency_key: Option<String>,
    /// Whether it goes through the mapping of its capability; as the mapping says where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<bool>,
}

/// What routing knows between calls.
#[derive(Default)]
pub(crate) struct State {
    expressions: crate::expression::Expressions,
    windows: windows::Windows,
}
