//! The runtime through its public interface, with real components: what it refuses, what
//! it limits, what it keeps apart.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod guest;
mod small;

mod bombs;
mod cache;
mod calls;
mod compose;

mod concurrency;
mod hostile;
mod inspect;
mod limits;
mod parameters;
mod speed;
mod tape;
mod traps;
