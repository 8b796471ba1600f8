//! How long to wait until a query is affordable, where the service counts costs in a leaky bucket.

use crate::json::Value;

/// The wait that `extensions.cost` of a throttled answer implies, in milliseconds.
pub(super) fn wait_ms(extensions: &Value) -> Option<u64> {
    let cost = extensions.get("cost")?;
    let requested = cost.get("requestedQueryCost")?.as_f64()?;
    let status = cost.get("throttleStatus")?;
    let available = status.get("currentlyAvailable")?.as_f64()?;
    let restored = status.get("restoreRate")?.as_f64().filter(|rate| *rate > 0.0)?;
    let seconds = ((requested - available) / restored).max(0.0);
    // A float becomes the nearest integer in range, so nothing can overflow here.
    Some((seconds * 1000.0).ceil() as u64)
}
