//! An upgrade's rehearsal, and what is said where it shows that the new version does something else.

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::plugin::{PluginRef, PluginVersion};
use gatehouse_domain::rehearsal::{Rehearsal, Verdict};
use gatehouse_domain::{Error, Problem, Result};

use super::upgrade::{Plan, TOLD};
use crate::Engine;

/// The rehearsal of an upgrade that is tried more than once, with the version it was of.
pub(super) type Rehearsed = Option<(PluginRef, Rehearsal)>;

impl Engine {
    /// Rehearses an upgrade, once however often it is tried.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where the version does something else and that was
    /// not accepted, with what it is.
    pub(super) async fn rehearsed(
        &self,
        plan: &Plan,
        target: &PluginVersion,
        accepted: bool,
        known: &mut Rehearsed,
    ) -> Result<Rehearsal> {
        let rehearsal = match known.as_ref().filter(|(to, _)| *to == target.plugin) {
            Some((_, rehearsal)) => rehearsal.clone(),
            None => {
                let moving: Vec<IntegrationId> = plan.moving.iter().map(|(integration, _)| integration.id).collect();
                self.rehearse_upgrade(plan.tenant, &moving, &target.plugin).await?
            }
        };
        *known = Some((target.plugin.clone(), rehearsal.clone()));
        if rehearsal.differs() && !accepted {
            return Err(differing(target, &rehearsal));
        }
        Ok(rehearsal)
    }
}

/// What recorded calls came to, without a value of any.
fn differing(target: &PluginVersion, rehearsal: &Rehearsal) -> Error {
    let PluginRef { id, version, .. } = &target.plugin;
    let Rehearsal { replayed, changed, failed, .. } = rehearsal;
    let message = format!(
        "{id}@{version} does not do what its predecessor did: of {replayed} recorded calls {changed} came to something \
         else and {failed} failed; read the differences, `POST /integrations/{{integration}}/cassettes/{{cassette}}/rehearse` \
         shows each, and send `accept_differences: true`"
    );
    let mut error = Error::conflict(message).at("$.accept_differences", "is not true");
    let worse = rehearsal.differing.iter().filter(|one| one.verdict > Verdict::Added);
    let all = worse.flat_map(|one| one.differences.iter().map(move |difference| (one, difference)));
    let told = all.filter(|(_, difference)| difference.verdict > Verdict::Added).take(TOLD);
    error.problems.extend(told.map(|(one, difference)| {
        let path = format!("cassettes.{}.{}", one.cassette.id, difference.path);
        Problem::at(path, format!("{} of `{}`", difference.message, one.cassette.function))
    }));
    error
}
