//! How many tenants have each plugin enabled: counted now and then, and told in steps, so that the
//! number says nothing of any one tenant.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use gatehouse_domain::Result;
use gatehouse_domain::install::Install;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::Page;

use crate::Engine;

/// How long a count is told before it is counted anew.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(10);
/// The steps in which the number is told.
const STEPS: &[u64] = &[1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000];

/// What was counted last.
#[derive(Default)]
pub(crate) struct Uses {
    known: Mutex<Known>,
    /// Held while it is counted, so that many who ask at once count once.
    counting: tokio::sync::Mutex<()>,
}

#[derive(Default, Clone)]
struct Known {
    /// When, if ever, and nothing has changed here since.
    at: Option<Timestamp>,
    by_plugin: HashMap<String, u64>,
}

impl Uses {
    /// Has it counted anew at the next look: something was enabled or disabled.
    pub(crate) fn changed(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).at = None;
    }

    fn fresh(&self, now: Timestamp) -> Option<HashMap<String, u64>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.at.filter(|at| now.duration_since(*at) < GOOD_FOR)?;
        (at <= now).then(|| known.by_plugin.clone())
    }
}

impl Engine {
    /// How many tenants have each plugin enabled, at least, by the plugin's id.
    pub(super) async fn uses(&self) -> Result<HashMap<String, u64>> {
        let uses = &self.0.uses;
        if let Some(known) = uses.fresh(self.now()) {
            return Ok(known);
        }
        let _counting = uses.counting.lock().await;
        if let Some(known) = uses.fresh(self.now()) {
            return Ok(known);
        }
        // Set before the look: what changes meanwhile takes it back.
        let at = self.now();
        uses.known.lock().unwrap_or_else(PoisonError::into_inner).at = Some(at);
        let counted = self.count_uses().await;
        let mut known = uses.known.lock().unwrap_or_else(PoisonError::into_inner);
        match counted {
            Ok(counted) => {
                let by_plugin: HashMap<_, _> = counted.into_iter().map(|(id, count)| (id, step(count))).collect();
                known.by_plugin.clone_from(&by_plugin);
                Ok(by_plugin)
            }
            Err(error) => {
                known.at = None;
                Err(error)
            }
        }
    }

    async fn count_uses(&self) -> Result<HashMap<String, u64>> {
        let (mut counted, mut after) = (HashMap::new(), None);
        loop {
            let (tenants, next) = self.some_tenants(after).await?;
            for tenant in tenants {
                let installs = self.0.store.tenant(tenant).list::<Install>(&Page::first(1_000)).await?.items;
                for install in installs.into_iter().filter(|install| install.enabled) {
                    *counted.entry(install.plugin.id).or_default() += 1;
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(counted),
            }
        }
    }
}

/// The highest step that is reached.
fn step(count: u64) -> u64 {
    STEPS.iter().copied().filter(|step| *step <= count).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_in_steps() {
        for (count, expect) in [(0, 0), (1, 1), (4, 1), (5, 5), (9, 5), (10, 10), (999, 500), (1_000_000, 100_000)] {
            assert_eq!(step(count), expect, "{count}");
        }
    }
}
