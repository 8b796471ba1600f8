//! The generated bindings and nothing else: one world for what the host lends, and one for
//! each interface that a gateway may export. Gateways use the names that the crate re-exports.
//!
//! Each exportable interface has a world of its own, so that a component exports exactly what
//! was chosen: the linker merges the worlds of the export macros that are called. Shared types
//! are generated once, in `host`, and mapped into the other worlds.
#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    reason = "generated from the contracts in wit/: its ABI needs unsafe, and its documents are theirs"
)]

pub mod charges;
pub mod connection;
pub mod customers;
pub mod host;
pub mod links;
pub mod refunds;
pub mod sync;
mod sync_status;
pub mod transactions;
pub mod webhook;
