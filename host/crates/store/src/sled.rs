//! The embedded storage: sled 0.34.7, driven by rules under which it keeps what it acknowledged.
//! Nothing outside this folder calls sled.
//!
//! - One operating-system thread commits. It takes all commits that wait (at most 256), evaluates
//!   them in order, appends them to a journal of our own as one record, and acknowledges them
//!   after the journal's barrier, one `fdatasync` (see `writer`, `journal`).
//! - What sled lacks is in memory, ordered, and is what readers look at first (see `overlay`).
//!   Readers run on their caller's thread and see only what is behind a barrier (see `view`).
//! - Another thread brings sled up to the journal in large parts (see `apply`, `backlog`). Sled's
//!   barrier is `flush`, in which every write is followed by a real `fdatasync` (see `shim`),
//!   and then an `fdatasync` of our own. Journal files are deleted only behind it.
//! - A start reads what the journal has beyond sled. A torn last record was never acknowledged;
//!   anything else that is not whole is damage, and refused.
//! - A failed write is final (see `status`): nothing is acknowledged after it.
//! - `COMMITTED` names the newest commit, outside sled (see `sentinel`): a database that comes
//!   back older, or empty, is refused instead of served.
//! - Values stay small enough that sled never spills them to files it does not sync.

mod apply;
mod backlog;
mod ballast;
mod blobs;
mod boot;
mod cell;
mod compact;
mod config;
#[cfg(test)]
pub(crate) mod fault;
mod group;
mod home;
mod journal;
mod open;
mod overlay;
mod queue;
mod sentinel;
mod shim;
mod space;
mod status;
mod storage;
mod view;
mod writer;

#[cfg(test)]
mod tests;

pub use config::{Compaction, JournalLimits, SledConfig, SpaceLimits};
pub use storage::SledStorage;
