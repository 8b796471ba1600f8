//! Syncs: records of an integration pulled from its provider and pushed to it, page by page, so
//! that a kill at any point loses nothing and tells nothing twice.
//!
//! Read in this order: what a tenant decides (`settings`, `schedules`), how a run begins
//! (`start`) and is carried on (`job`, `carry`), its phases (`pull`, `take`, `sweep`, `push`,
//! `outcome`, `unknown`) and its end (`end`), then what people see of it (`records`, `outbox`,
//! `runs`, `status`, `watch`).

mod call;
mod carry;
mod conflict;
mod end;
mod erase;
mod hash;
mod incoming;
mod job;
mod outbox;
mod outcome;
mod passage;
mod pull;
mod push;
mod records;
mod runs;
mod schedules;
mod settings;
mod start;
mod status;
mod sweep;
mod take;
mod unknown;
mod watch;

pub use outbox::{Accepted, Resolve};
pub use records::{FeedItem, FeedPage, RecordView};
pub use runs::{LogFilter, Progress, RunView};
pub use settings::{EntityChange, EntityView};
pub use start::Ask;
pub use status::EntityStatus;
pub use watch::Watching;

pub(crate) use watch::Watchers;
