//! The embedded storage: sled 0.34.7, driven by rules under which it keeps what it acknowledged.
//! Nothing outside this folder calls sled.
//!
//! - One operating-system thread writes. It takes all commits that wait (at most 256), evaluates
//!   them in order, applies them in one transaction, and acknowledges them after the barrier.
//! - The barrier is `flush`, in which every write is followed by a real `fdatasync` (see `shim`),
//!   and then an `fdatasync` of our own.
//! - Readers run on their caller's thread and see only what is behind a barrier (see `view`).
//! - A failed write is final (see `status`): nothing is acknowledged after it.
//! - `COMMITTED` names the newest commit, outside sled (see `sentinel`): a database that comes
//!   back older, or empty, is refused instead of served.
//! - Values stay small enough that sled never spills them to files it does not sync.

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
mod open;
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

pub use config::{Compaction, SledConfig, SpaceLimits};
pub use storage::SledStorage;
