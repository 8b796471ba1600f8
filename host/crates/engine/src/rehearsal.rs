//! Rehearsal: recorded calls are run on another version of their plugin, offline, and what it asks
//! for and answers is held against what was recorded. Not a byte leaves, and nothing is learned
//! from what a rehearsed call does: no count, no health, no quarantine.

use std::sync::Arc;

use gatehouse_domain::cassette::{Answered, Called, Cassette};
use gatehouse_domain::execution::Fault;
use gatehouse_domain::id::ExecutionId;
use gatehouse_domain::plugin::PluginRef;
use gatehouse_domain::rehearsal::{Against, Difference, Replayed, Values, Verdict};
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::tape::convert;
use gatehouse_runtime::{Call, Change, Player, Plugin, Tape, Target};
use semver::Version;
use serde_json::{Value, json};

use crate::execute::answered;
use crate::{Caller, Engine};

mod compare;
mod diff;
mod stage;
mod upgrade;

use compare::{Performed, compare};
use stage::Stage;

impl Engine {
    /// Runs the recorded call of an execution on a version of its plugin; on the one that it was
    /// recorded with where none is named.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] where the call was not recorded or there is no such
    /// version.
    pub async fn rehearse_execution(
        &self,
        by: &Caller,
        id: ExecutionId,
        version: Option<&Version>,
    ) -> Result<Replayed> {
        let cassette = self.cassette_of(by, id).await?;
        self.rehearse_on(&cassette, version).await
    }

    /// As [`Engine::rehearse_execution`], for any recorded call of an integration.
    ///
    /// # Errors
    /// As [`Engine::rehearse_execution`].
    pub async fn rehearse_cassette(
        &self,
        by: &Caller,
        target: &str,
        id: &str,
        version: Option<&Version>,
    ) -> Result<Replayed> {
        let cassette = self.cassette(by, target, id).await?;
        self.rehearse_on(&cassette, version).await
    }

    async fn rehearse_on(&self, cassette: &Cassette, version: Option<&Version>) -> Result<Replayed> {
        let version = version.unwrap_or(&cassette.plugin.version);
        let to = self.stored_version(&cassette.plugin.id, version).await?.plugin.clone();
        let plugin = self.load_plugin(&to).await?;
        self.rehearse(cassette, &to, &plugin).await
    }

    /// Runs a recorded call on a version and holds it against the recording; where that does not
    /// come out the same on its own version either, against that.
    pub(crate) async fn rehearse(&self, cassette: &Cassette, to: &PluginRef, plugin: &Arc<Plugin>) -> Result<Replayed> {
        let after = match self.perform(cassette, plugin).await {
            Ok(after) => after,
            Err(error) => return Ok(unfit(cassette, to, &error)),
        };
        let recorded = Performed::recorded(cassette);
        let differences = compare(&recorded, &after);
        if differences.is_empty() || *to == cassette.plugin {
            return Ok(told(cassette, to, after, (Against::Recording, differences)));
        }
        let own = match self.load_plugin(&cassette.plugin).await {
            Ok(own) => self.perform(cassette, &own).await.ok(),
            // It was removed: the recording is all that is left of it.
            Err(_) => None,
        };
        let found = match own.filter(|own| !compare(&recorded, own).is_empty()) {
            Some(own) => (Against::OwnVersion, compare(&own, &after)),
            None => (Against::Recording, differences),
        };
        Ok(told(cassette, to, after, found))
    }

    /// Runs a recorded call.
    ///
    /// # Errors
    /// Where the version does not take the parameters.
    async fn perform(&self, cassette: &Cassette, plugin: &Arc<Plugin>) -> Result<Performed> {
        let target = target(cassette, plugin)?;
        let stage = Arc::new(Stage::of(cassette));
        let context = cassette.context.clone();
        let call = Call {
            egress: Arc::clone(&stage) as _,
            settings: context.settings,
            idempotency_key: context.idempotency_key,
            attempt: context.attempt,
            account: context.account,
            limits: self.0.policy.limits.clone(),
            cancel: None,
            tape: Tape::Play(Player::new(&cassette.effects)),
        };
        let report = self.0.runtime.call(plugin, target, call).await;
        Ok(Performed { requests: stage.requests(), answer: answered(&report.outcome) })
    }
}

fn target(cassette: &Cassette, plugin: &Plugin) -> Result<Target> {
    Ok(match cassette.called.clone() {
        Called::Capability { capability, parameters } => Target::Capability(plugin.parse(&capability, &parameters)?),
        Called::ParseWebhook { trust, headers, body } => {
            Target::ParseWebhook { trust, headers, body: convert::bytes(&body) }
        }
        Called::SyncPull { entity, cursor, limit } => Target::SyncPull { entity, cursor, limit },
        Called::SyncPush { entity, changes } => {
            let changes = changes.into_iter().map(|change| Change {
                reference: change.reference,
                id: change.id,
                deleted: change.deleted,
                data: change.data,
            });
            Target::SyncPush { entity, changes: changes.collect() }
        }
    })
}

fn told(
    cassette: &Cassette,
    to: &PluginRef,
    after: Performed,
    (against, differences): (Against, Vec<Difference>),
) -> Replayed {
    let verdict = differences.iter().map(|one| one.verdict).max().unwrap_or(Verdict::Identical);
    Replayed {
        cassette: cassette.label(0),
        plugin: to.clone(),
        verdict,
        against,
        requests: after.requests.len(),
        differences,
        payload: after.answer,
    }
}

/// A version that does not even take the call.
fn unfit(cassette: &Cassette, to: &PluginRef, error: &Error) -> Replayed {
    let difference = |path: String, message: &str, says: &str| Difference {
        verdict: Verdict::Failed,
        path,
        message: message.to_owned(),
        data: Values { before: Value::Null, after: json!(says) },
    };
    let mut differences: Vec<Difference> = error
        .problems
        .iter()
        .map(|one| difference(one.path.replacen('$', "parameters", 1), "the version does not take it", &one.message))
        .collect();
    if differences.is_empty() {
        differences.push(difference("parameters".to_owned(), "the version can not be called so", &error.message));
    }
    let fault = Fault::Host { message: "the version does not take the parameters".to_owned() };
    let after = Performed { requests: Vec::new(), answer: Answered::Fault { fault } };
    told(cassette, to, after, (Against::Recording, differences))
}
