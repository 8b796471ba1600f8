//! A gateway that is no component: what a simulation calls in the place of one. It is called on the
//! same path, with the same call; only no wasm runs, so that nothing of it is left to the machine.

use crate::call::{Call, Report, Target};
use crate::egress::BoxFuture;

/// Answers calls in the place of a component.
pub trait Play: Send + Sync + 'static {
    /// Answers a call. Its requests go out through the call's own egress.
    fn play(&self, target: Target, call: Call) -> BoxFuture<'static, Report>;
}
