//! Seeing it work, from outside: metrics, traces, log lines and health of the real binary.

mod collector;
mod health;
mod logs;
pub(crate) mod metrics;
mod traces;
