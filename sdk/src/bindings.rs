//! The generated bindings and nothing else: one world for what the host lends, and one for
//! each interface that a gateway may export. Gateways use the names that the crate re-exports.
//!
//! Each exportable interface has a world of its own, so that a component exports exactly what
//! was chosen: the linker merges the worlds of the export macros that are called. Shared types
//! are generated once, in `host` and in the `types` of each package, and mapped into the other worlds.
#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    reason = "generated from the contracts in wit/: its ABI needs unsafe, and its documents are theirs"
)]

pub mod accounting;
pub mod automation;
pub mod backfill;
mod bytes;
pub mod calendar;
pub mod commerce;
pub mod connection;
pub mod crm;
pub mod documents;
pub mod email;
pub mod host;
pub mod marketing;
pub mod messaging;
pub mod outcomes;
pub mod payments;
pub mod registrations;
mod status;
pub mod sync;
pub mod webhook;
