//! The rehearsal of an upgrade: the newest recorded calls of every integration that would move are
//! run on the version that it would go to.

use std::time::Duration;

use gatehouse_domain::Result;
use gatehouse_domain::cassette::Label;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::plugin::PluginRef;
use gatehouse_domain::rehearsal::Rehearsal;
use gatehouse_store::record::Record;
use tokio::time::Instant;

use crate::Engine;

/// How many recorded calls of one integration are run.
const OF_EACH: usize = 20;
/// How many in all.
const IN_ALL: usize = 200;
/// How long it may take in all. The call that runs then is run to its end.
const TIME: Duration = Duration::from_secs(10);

impl Engine {
    /// Runs what was recorded of the integrations on a version.
    ///
    /// # Errors
    /// Whatever the store says, and where the version does not load. That a call fails is no error.
    pub(crate) async fn rehearse_upgrade(
        &self,
        tenant: TenantId,
        integrations: &[IntegrationId],
        to: &PluginRef,
    ) -> Result<Rehearsal> {
        let plugin = self.load_plugin(to).await?;
        let (chosen, left_out) = self.to_rehearse(tenant, integrations, to).await?;
        let until = Instant::now() + TIME;
        let mut rehearsal = Rehearsal { left_out, ..Rehearsal::default() };
        for label in chosen {
            if Instant::now() >= until {
                rehearsal.left_out += 1;
                continue;
            }
            match self.open_cassette(tenant, label.id()).await {
                Ok(Some(cassette)) => {
                    let mut replayed = self.rehearse(&cassette, to, &plugin).await?;
                    replayed.cassette = label;
                    rehearsal.add(replayed);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, tenant.id = %tenant, "a recorded call can not be read; it is left out");
                    rehearsal.left_out += 1;
                }
            }
        }
        Ok(rehearsal)
    }

    /// The newest of each integration, those of each function before another of the same.
    async fn to_rehearse(
        &self,
        tenant: TenantId,
        integrations: &[IntegrationId],
        to: &PluginRef,
    ) -> Result<(Vec<Label>, usize)> {
        let (mut chosen, mut left_out) = (Vec::new(), 0);
        for integration in integrations {
            let mut labels = self.labels(tenant, *integration).await?;
            labels.retain(|label| label.plugin.id == to.id);
            labels.reverse();
            let room = OF_EACH.min(IN_ALL.saturating_sub(chosen.len()));
            let labels = in_turns(labels);
            left_out += labels.len().saturating_sub(room);
            chosen.extend(labels.into_iter().take(room));
        }
        Ok((chosen, left_out))
    }
}

/// In such an order that every function has its turn before one has its second.
fn in_turns(labels: Vec<Label>) -> Vec<Label> {
    let mut turns = std::collections::HashMap::<String, usize>::new();
    let mut placed: Vec<(usize, Label)> = Vec::with_capacity(labels.len());
    for label in labels {
        let turn = turns.entry(label.function.clone()).or_default();
        placed.push((*turn, label));
        *turn += 1;
    }
    placed.sort_by_key(|(turn, _)| *turn);
    placed.into_iter().map(|(_, label)| label).collect()
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::Id;
    use gatehouse_domain::time::EPOCH;

    use super::*;

    #[test]
    fn a_function_that_is_called_often_leaves_room_for_the_others() {
        let label = |number: i64, function: &str| Label {
            id: Id::new(number, [0; 10]),
            integration: Id::new(1, [1; 10]),
            plugin: PluginRef { id: "acme".to_owned(), version: semver::Version::new(1, 0, 0), digest: String::new() },
            function: function.to_owned(),
            capability: None,
            bytes: 1,
            recorded_at: EPOCH,
        };
        let labels = vec![label(9, "A"), label(8, "A"), label(7, "A"), label(6, "B"), label(5, "C"), label(4, "B")];
        let order: Vec<String> = in_turns(labels).into_iter().map(|label| label.function).collect();
        assert_eq!(order, ["A", "B", "C", "A", "B", "A"]);
    }
}
