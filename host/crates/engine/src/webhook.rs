//! Webhooks in: verify the raw bytes, store them, answer, and only then parse.
//!
//! Nothing that fails verification reaches plugin code, and there is no switch for it. Read in this
//! order: `door` takes a request, `judge` has it verified, `keep` stores it, `parse` and `events`
//! make events of it; `quarantine` and `release` hold what did not verify. `upkeep` keeps the endpoint
//! registered with the provider, and `backfill` finds what it did not tell.

mod backfill;
mod backlog;
mod dedupe;
mod door;
mod endpoint;
mod events;
mod judge;
mod keep;
mod pace;
mod parse;
mod proof;
mod quarantine;
mod read;
mod release;
mod secrets;
mod upkeep;

pub use backfill::BackfillState;
pub(crate) use backfill::Fill;
pub use backlog::Backlog;
pub use door::{Address, Heard, Incoming, nothing_here};
pub use endpoint::Moved;
pub use gatehouse_broker::Reply;
pub use keep::Accepted;
pub(crate) use parse::Parse;
pub(crate) use quarantine::Quarantine;
pub use upkeep::{EndpointState, Standing};
pub(crate) use upkeep::{Farewell, KEEP, Keep, Register};
