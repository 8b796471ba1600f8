//! Making checkpoints: after so many new entries, or a minute after the first of fewer, one root
//! over the ends of all chains is signed and stored. It never waits in the path of a change.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::Result;
use gatehouse_domain::audit::{AuditCheckpoint, AuditHead, ChainTip, GENESIS};
use gatehouse_store::records::{AuditMark, ChainName};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch::Receiver;
use tokio::time::MissedTickBehavior;

use super::verify::{chains_of, each, newest_checkpoint};
use super::{Chain, end_of, hex, merkle};
use crate::execute::sha256_hex;
use crate::{Caller, Engine};

/// After how many new entries a checkpoint is made, however soon.
pub(super) const ENTRIES: usize = 1_000;
/// How many ends one checkpoint moves, so that its record stays small; more make more of them.
const ENDS: usize = 1_000;
/// How long new entries wait for a checkpoint where they are fewer, and how often the uses of
/// credentials are written.
const PAUSE: Duration = Duration::from_secs(60);

/// Where chains end.
pub(super) type Ends = BTreeMap<Chain, AuditHead>;

/// What the newest checkpoint says.
pub(crate) struct Known {
    newest: Option<AuditCheckpoint>,
    ends: Ends,
}

/// What anybody can check the signatures of checkpoints with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckpointKey {
    /// `ed25519`.
    pub algorithm: &'static str,
    /// The public key, 32 bytes in base64.
    pub public_key: String,
    /// The newest checkpoint, for an operator that acts for no tenant. Of the ends of chains it
    /// names those that moved.
    pub newest: Option<AuditCheckpoint>,
}

/// Makes checkpoints, and writes how often credentials were used, until `stop` says so, and once
/// more then.
pub(crate) async fn keep_audit(engine: Engine, mut stop: Receiver<bool>) {
    let mut ticks = tokio::time::interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let (is_time, stopped) = tokio::select! {
            _ = ticks.tick() => (true, false),
            () = engine.0.chains.enough.notified() => (false, false),
            _ = stop.wait_for(|stop| *stop) => (true, true),
        };
        if is_time {
            engine.write_secret_uses().await;
        }
        if let Err(error) = engine.checkpoint_audit().await {
            tracing::warn!(%error, "no checkpoint of the audit trail could be made; it is tried again");
        }
        if stopped {
            return;
        }
    }
}

impl Engine {
    /// Makes a checkpoint, where any chain moved since the last one, or several where very many
    /// did. Answers the number of the newest there is; 0 for none.
    ///
    /// # Errors
    /// Whatever the store says; it can be begun again.
    pub async fn checkpoint_audit(&self) -> Result<u64> {
        let mut held = self.0.chains.known.lock().await;
        let mut moved = self.0.chains.take_moved();
        let mut known = match held.take() {
            Some(known) => known,
            // The first one of a start, or the one behind an error, looks at everything.
            None => {
                moved.extend(chains_of(&self.0.store).await?);
                self.known_ends().await?
            }
        };
        let mut tips = Vec::new();
        for tenant in moved {
            let end = end_of(&self.0.store, tenant).await?;
            if end.number > 0 && known.ends.get(&tenant) != Some(&end) {
                tips.push(ChainTip { tenant, number: end.number, hash: end.hash });
            }
        }
        for part in tips.chunks(ENDS) {
            self.make_checkpoint(&mut known, part).await?;
        }
        let newest = known.newest.as_ref().map_or(0, |newest| newest.number);
        *held = Some(known);
        Ok(newest)
    }

    /// What signatures of checkpoints are checked with.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn checkpoint_key(&self, by: &Caller) -> Result<CheckpointKey> {
        let newest = match by.tenant_if_any() {
            Some(_) => None,
            None => newest_checkpoint(&self.0.store).await?,
        };
        let public_key = STANDARD.encode(self.0.vault.checkpoint_key()?);
        Ok(CheckpointKey { algorithm: "ed25519", public_key, newest })
    }

    async fn known_ends(&self) -> Result<Known> {
        let mut ends = Ends::new();
        each::<AuditMark>(&self.0.store, |mark| ends.extend([(mark.tenant, mark.covered)])).await?;
        Ok(Known { newest: newest_checkpoint(&self.0.store).await?, ends })
    }

    async fn make_checkpoint(&self, known: &mut Known, tips: &[ChainTip]) -> Result<()> {
        let mut change = self.0.store.change();
        for ChainTip { tenant, number, hash } in tips {
            let covered = AuditHead { number: *number, hash: hash.clone() };
            known.ends.insert(*tenant, covered.clone());
            match self.0.store.admin().get::<AuditMark>(&ChainName(*tenant)).await? {
                Some(old) => change.admin().replace(&old, &AuditMark { covered, ..old.record.clone() })?,
                None => change.admin().create(&AuditMark { tenant: *tenant, covered, floor: None })?,
            }
        }
        let checkpoint = self.sign(known, tips.to_vec())?;
        change.admin().create(&checkpoint)?;
        change.commit().await?;
        known.newest = Some(checkpoint);
        Ok(())
    }

    fn sign(&self, known: &Known, ends: Vec<ChainTip>) -> Result<AuditCheckpoint> {
        let last = known.newest.as_ref();
        let mut checkpoint = AuditCheckpoint {
            number: last.map_or(0, |last| last.number) + 1,
            at: self.now(),
            chains: known.ends.len() as u64,
            entries: known.ends.values().fold(0, |sum, head| sum.saturating_add(head.number)),
            root: root_of(&known.ends),
            previous: last.map_or_else(|| GENESIS.to_owned(), |last| sha256_hex(last.text().as_bytes())),
            signature: String::new(),
            ends,
        };
        checkpoint.signature = STANDARD.encode(self.0.vault.sign_checkpoint(checkpoint.text().as_bytes())?);
        Ok(checkpoint)
    }
}

/// The root over the ends of chains.
pub(super) fn root_of(ends: &Ends) -> String {
    hex(&merkle::root(
        ends.iter()
            .map(|(tenant, head)| ChainTip { tenant: *tenant, number: head.number, hash: head.hash.clone() }.leaf()),
    ))
}

/// The ends as a checkpoint lists them.
pub(super) fn tips_of(ends: &Ends) -> Vec<ChainTip> {
    let tip = |(tenant, head): (&Chain, &AuditHead)| ChainTip {
        tenant: *tenant,
        number: head.number,
        hash: head.hash.clone(),
    };
    ends.iter().map(tip).collect()
}
