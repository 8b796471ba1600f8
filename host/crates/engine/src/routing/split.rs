//! Shares of the calls: weighted rendezvous hashing.
//!
//! Each integration draws a number for the key, and the smallest wins. A draw depends on the
//! key and the integration alone, scaled by its weight, so changing one weight only moves keys
//! to or from that integration, and no more than its share changes.

use gatehouse_domain::id::{IntegrationId, PolicyId};
use gatehouse_domain::routing::Share;
use ring::digest::{SHA256, digest};

/// The integrations in the order in which they serve a key. Those without weight come last,
/// in the order of the list.
pub(super) fn order(shares: &[Share], policy: PolicyId, key: &str) -> Vec<IntegrationId> {
    let mut drawn: Vec<(f64, IntegrationId)> =
        shares.iter().map(|share| (draw(share, policy, key), share.integration)).collect();
    drawn.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    drawn.into_iter().map(|(_, integration)| integration).collect()
}

/// A number from 0 to 1, the same for the same parts.
pub(super) fn uniform(parts: &[&[u8]]) -> f64 {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    let first = digest(&SHA256, &bytes).as_ref().first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first));
    // The 53 bits that a float holds exactly; never 0, whose logarithm is not a number.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    let number = ((first >> 11) + 1) as f64;
    number / (1u64 << 53) as f64
}

/// Exponentially distributed with the weight as its rate: the smallest of several such draws
/// is each one's with the probability of its share.
fn draw(share: &Share, policy: PolicyId, key: &str) -> f64 {
    if share.weight == 0 {
        return f64::INFINITY;
    }
    let number = uniform(&[&policy.to_bytes(), &share.integration.to_bytes(), key.as_bytes()]);
    -number.ln() / f64::from(share.weight)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEYS: usize = 10_000;

    fn shares(weights: &[u32]) -> Vec<Share> {
        let id = |n: usize| IntegrationId::new(n as i64, [3; 10]);
        weights.iter().enumerate().map(|(n, weight)| Share { integration: id(n), weight: *weight }).collect()
    }

    fn first(shares: &[Share], key: usize) -> IntegrationId {
        order(shares, PolicyId::new(1, [0; 10]), &format!("customer-{key}"))[0]
    }

    fn close(found: usize, expect: f64) -> bool {
        // Five standard deviations of that many throws of a coin.
        (found as f64 - expect * KEYS as f64).abs() <= 5.0 * (KEYS as f64 * expect * (1.0 - expect)).sqrt() + 1.0
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn weights_are_kept_to_and_changing_one_moves_few(
            weights in prop::collection::vec(0u32..100, 2..6).prop_filter("one above 0", |weights| weights.iter().any(|weight| *weight > 0)),
            (which, weight) in (0usize..6, 0u32..100),
        ) {
            let before = shares(&weights);
            let total: u32 = weights.iter().sum();
            let chosen: Vec<IntegrationId> = (0..KEYS).map(|key| first(&before, key)).collect();
            for share in &before {
                let found = chosen.iter().filter(|id| **id == share.integration).count();
                prop_assert!(close(found, f64::from(share.weight) / f64::from(total)), "{share:?} of {total}: {found}");
            }

            let which = which % weights.len();
            let mut changed = weights.clone();
            changed[which] = weight;
            let after_total: u32 = changed.iter().sum();
            prop_assume!(after_total > 0);
            let after = shares(&changed);
            let moved: Vec<(IntegrationId, IntegrationId)> = (0..KEYS)
                .map(|key| (chosen[key], first(&after, key)))
                .filter(|(old, new)| old != new)
                .collect();
            let changed_one = before[which].integration;
            prop_assert!(moved.iter().all(|(old, new)| *old == changed_one || *new == changed_one), "{moved:?}");
            let share = |weight: u32, total: u32| f64::from(weight) / f64::from(total);
            let expect = (share(weights[which], total) - share(weight, after_total)).abs();
            prop_assert!(close(moved.len(), expect), "{} moved for a share of {expect}", moved.len());
        }
    }

    #[test]
    fn one_key_always_takes_the_same_way() {
        let shares = shares(&[70, 20, 10, 0]);
        let ways: Vec<String> = (0..8)
            .map(|key| {
                let order = order(&shares, PolicyId::new(1, [0; 10]), &format!("k{key}"));
                assert_eq!((order.len(), order[3]), (4, shares[3].integration), "without weight it comes last");
                order
                    .iter()
                    .map(|id| shares.iter().position(|share| share.integration == *id).unwrap().to_string())
                    .collect()
            })
            .collect();
        // Written down once: another program, or another version of this one, must give the same.
        assert_eq!(ways, GOLDEN);
    }

    /// What a program in another language gives for the same bytes.
    const GOLDEN: [&str; 8] = ["0213", "0123", "0213", "0213", "1023", "0123", "2013", "2013"];
}
