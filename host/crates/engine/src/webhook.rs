//! Webhooks in: verify the raw bytes, store them, answer, and only then parse.
//!
//! Nothing that fails verification reaches plugin code, and there is no switch for it.

mod accept;
mod backlog;
mod dedupe;
mod parse;
mod quarantine;
mod read;

pub use accept::{Accepted, Incoming};
pub use backlog::Backlog;
pub(crate) use parse::parse_deliveries;
pub(crate) use quarantine::Quarantine;
