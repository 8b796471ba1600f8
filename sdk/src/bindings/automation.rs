//! The worlds of `gatehouse:automation`, one for each interface.

pub mod operations;
pub mod triggers;
pub mod workflows;
