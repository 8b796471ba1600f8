//! Whether an integration can be called at this moment: its circuit and its budget, as those
//! who keep count of them say.

use gatehouse_domain::time::Timestamp;

use crate::resilience::{self, Circuit, Standing};

/// Why an integration can not be called at this moment, though it could later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// Why, in words.
    pub reason: String,
    /// When it may be worth trying again, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// What stands in the way of a call now. An integration of which as many calls run as may is
/// waited for, as every call of it is: it is well, and its place is the right one.
pub(super) fn blocked(standing: &Standing, now: Timestamp) -> Option<Blocked> {
    let (reason, until) = match (standing.blocked?, standing.circuit) {
        (resilience::Blocked::CircuitOpen, Circuit::Open { until }) => ("its circuit is open", Some(until)),
        (resilience::Blocked::CircuitOpen, _) => ("its circuit lets no more trials through", None),
        (resilience::Blocked::RateLimited, _) => {
            let reset = standing.budget.and_then(|budget| budget.reset_at);
            ("its provider takes no more requests for now", standing.parked_until.or(reset))
        }
        (resilience::Blocked::Full, _) => return None,
    };
    let wait = until.map(|until| until.as_millisecond().saturating_sub(now.as_millisecond()).max(0).unsigned_abs());
    Some(Blocked { reason: reason.to_owned(), retry_after_ms: wait })
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::time::from_millis;

    use super::*;
    use crate::resilience::BudgetStanding;

    fn check(
        circuit: Circuit,
        parked: Option<i64>,
        blocked_by: Option<resilience::Blocked>,
        expect: Option<Option<u64>>,
    ) {
        let budget = Some(BudgetStanding { remaining: 0, limit: 10, reset_at: Some(from_millis(9_000)) });
        let parked_until = parked.map(from_millis);
        let standing = Standing { circuit, in_flight: 0, allowed: 4, budget, parked_until, blocked: blocked_by };
        let found = blocked(&standing, from_millis(1_000)).map(|blocked| blocked.retry_after_ms);
        assert_eq!(found, expect, "{standing:?}");
    }

    #[test]
    fn what_only_takes_a_moment_is_waited_for_and_the_rest_says_when() {
        let open = Circuit::Open { until: from_millis(4_000) };
        check(Circuit::Closed, None, None, None);
        check(Circuit::Closed, None, Some(resilience::Blocked::Full), None);
        check(open, None, Some(resilience::Blocked::CircuitOpen), Some(Some(3_000)));
        check(Circuit::HalfOpen, None, Some(resilience::Blocked::CircuitOpen), Some(None));
        check(Circuit::Closed, None, Some(resilience::Blocked::RateLimited), Some(Some(8_000)));
        check(Circuit::Closed, Some(500), Some(resilience::Blocked::RateLimited), Some(Some(0)));
    }
}
