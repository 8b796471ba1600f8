//! The whole product, from outside: the real binary, a real component, HTTP on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a test fails by panicking, and the helpers of tests do too"
)]

mod harness;

mod api;
mod audit;
mod author;
mod crash;
mod cuts;
mod damage;
mod demo;
mod later;
mod ledger;
mod oauth;
mod observe;
mod peers;
mod rehearsal;
mod rekey;
mod sandbox;
mod soak;
mod subscriptions;
mod sync;
mod tidy;
