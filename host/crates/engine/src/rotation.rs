//! Exchanging keys while everything goes on: the root key, under which every tenant's key is
//! sealed again, and a tenant's key, with which its credentials are sealed again. No plaintext
//! comes here; the broker opens and seals.
//!
//! An exchange is begun by a commit that makes the new key the one that seals. From then on the
//! rest is done in the background in small commits, each with how far it has come, so that it goes
//! on after a crash. The old key is given up only after a scan that found nothing under it, at a
//! moment when nothing new can come under it.

use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use gatehouse_store::Stored;
use gatehouse_store::records::{Deployment, OwnKeys, Rotation};
use schemars::JsonSchema;
use serde::Serialize;

use crate::Engine;

mod ring;
mod root;
mod run;
mod tenant;

pub(crate) use ring::{KeyRing, guard_key};
pub use root::RootKeyState;
#[cfg(test)]
pub(crate) use run::Standing;
pub(crate) use run::exchange_keys;
pub use tenant::TenantKeyState;

/// How far an exchange of keys has come.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "RotationProgress")]
pub struct Progress {
    /// The key that takes the place of the others: a root key's id, or a tenant key's generation.
    pub to: String,
    /// Whether a scan found nothing left under another key.
    pub finished: bool,
    /// How many records were gone through.
    pub done: u64,
    /// How many there are; absent until they are counted.
    pub total: Option<u64>,
    /// How long the rest takes at the pace so far, in seconds; absent where that is not known.
    pub eta_seconds: Option<u64>,
    /// What could not be sealed again. The old key stays as long as there is such a thing.
    pub problem: Option<String>,
    /// When it was asked for.
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// When it came this far.
    #[schemars(with = "String")]
    pub updated_at: Timestamp,
    /// When it was finished.
    #[schemars(with = "Option<String>")]
    pub finished_at: Option<Timestamp>,
}

impl Progress {
    fn of(rotation: &Rotation) -> Self {
        Self {
            to: rotation.to.clone(),
            finished: rotation.finished_at.is_some(),
            done: rotation.done,
            total: rotation.total,
            eta_seconds: eta_of(rotation),
            problem: rotation.problem.clone(),
            started_at: rotation.started_at,
            updated_at: rotation.updated_at,
            finished_at: rotation.finished_at,
        }
    }
}

fn eta_of(rotation: &Rotation) -> Option<u64> {
    let took = rotation.updated_at.duration_since(rotation.started_at).as_secs_f64();
    let left = rotation.total?.saturating_sub(rotation.done);
    let known = rotation.finished_at.is_none() && rotation.done > 0 && took >= 0.0;
    // Saturates; nobody waits for so long.
    known.then(|| (took / rotation.done as f64 * left as f64).ceil() as u64)
}

impl Engine {
    /// The deployment with its own keys, as they are stored now.
    pub(crate) async fn own_keys(&self) -> Result<(Stored<Deployment>, OwnKeys)> {
        let stored = self.0.store.admin().get::<Deployment>(&()).await?;
        let known = stored.and_then(|stored| {
            let own = stored.own_keys.clone()?;
            Some((stored, own))
        });
        known.ok_or_else(|| Error::internal("the deployment's own keys are not stored"))
    }
}

#[cfg(test)]
pub(crate) mod tests;
