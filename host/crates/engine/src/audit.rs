//! The audit trail: linking entries into the chain of a tenant or of the operators, reading
//! a chain, and proving that nothing in it was altered.
//!
//! Entries are written in the commit of the change they tell of. A chain has one end, so the
//! changes of one tenant take turns; those of different tenants do not wait for each other.
//!
//! Who holds the root key could write a whole chain anew, and who can write to the disk could take
//! its end away with all that tells of it. That is what checkpoints are for: signed statements of
//! where every chain ended, kept in a place of their own as well (see `checkpoint`, `anchor`).
//! Read on with `proof` and `verify` for what is checked, `prune` for how a chain loses its
//! beginning, and `uses` for the only entries that stand for several events.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use gatehouse_domain::audit::{AuditEntry, AuditHead, Statement};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::{Error, Result};
use gatehouse_store::records::ChainEnd;
use gatehouse_store::{Change, Store};
use serde::Serialize;
use tokio::sync::{Mutex, MutexGuard, Notify};

use crate::Engine;
use crate::execute::sha256_hex;
use crate::work::Signed;

mod anchor;
mod checkpoint;
mod list;
mod merkle;
mod proof;
mod prune;
mod uses;
mod verify;

#[cfg(test)]
mod tests;

pub use anchor::{Anchor, AnchorLine, AnchorReader};
pub use checkpoint::CheckpointKey;
pub(crate) use checkpoint::{Known, keep_audit};
pub use list::Filter;
pub use proof::{Finding, Verified};
pub(crate) use uses::SecretUses;
pub use verify::{Auditor, CheckpointsVerified, Report};

/// A chain: a tenant's, or the operators' own.
pub type Chain = Option<TenantId>;

/// How many turns there are: tenants that share one wait for each other now and then.
const TURNS: usize = 64;

/// What will be said of one record.
pub(crate) struct Draft {
    pub(crate) action: &'static str,
    pub(crate) target: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) count: Option<u64>,
}

/// Whose turn it is to add to a chain.
pub(crate) struct Chains {
    operators: Mutex<()>,
    tenants: Vec<Mutex<()>>,
    moved: std::sync::Mutex<Moved>,
    /// Told when there are enough new entries for a checkpoint.
    enough: Notify,
    /// Held while a checkpoint is made; what the last one said, where that is known.
    known: Mutex<Option<Known>>,
}

/// What was added since the last checkpoint began.
#[derive(Default)]
struct Moved {
    chains: BTreeSet<Chain>,
    entries: usize,
}

impl Default for Chains {
    fn default() -> Self {
        Self {
            operators: Mutex::default(),
            tenants: (0..TURNS).map(|_| Mutex::default()).collect(),
            moved: std::sync::Mutex::default(),
            enough: Notify::new(),
            known: Mutex::default(),
        }
    }
}

impl Chains {
    /// Waits for the turn at each chain, always the operators' first, so that nobody waits in a ring.
    pub(crate) async fn turns(&self, chains: &[Option<TenantId>]) -> Vec<MutexGuard<'_, ()>> {
        let mut turns = Vec::with_capacity(2);
        if chains.contains(&None) {
            turns.push(self.operators.lock().await);
        }
        if let Some(mutex) = chains.iter().flatten().next().and_then(|tenant| self.tenants.get(place_of(*tenant))) {
            turns.push(mutex.lock().await);
        }
        turns
    }

    /// Notes that entries were, or may have been, added to chains.
    pub(crate) fn moved(&self, chains: &[Chain], entries: usize) {
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.chains.extend(chains);
        moved.entries += entries * chains.len();
        if moved.entries >= checkpoint::ENTRIES {
            self.enough.notify_one();
        }
    }

    fn take_moved(&self) -> BTreeSet<Chain> {
        std::mem::take(&mut *self.moved.lock().unwrap_or_else(PoisonError::into_inner)).chains
    }
}

impl Engine {
    /// Adds an entry for each draft at the end of a chain. The caller holds the chain's turn.
    pub(crate) async fn link(
        &self,
        change: &mut Change,
        chain: Option<TenantId>,
        signed: &Signed,
        drafts: &[Draft],
    ) -> Result<()> {
        let end = match chain {
            Some(tenant) => self.0.store.tenant(tenant).get::<ChainEnd>(&()).await?,
            None => self.0.store.admin().get::<ChainEnd>(&()).await?,
        };
        let mut head = end.as_ref().map(|end| end.head.clone()).unwrap_or_default();
        for draft in drafts {
            let entry = self.entry(&head, signed, draft)?;
            head = AuditHead { number: entry.statement.number, hash: entry.hash.clone() };
            match chain {
                Some(tenant) => change.tenant(tenant).create(&entry)?,
                None => change.admin().create(&entry)?,
            }
        }
        let next = ChainEnd { head };
        match (chain, &end) {
            (Some(tenant), Some(end)) => change.tenant(tenant).replace(end, &next),
            (Some(tenant), None) => change.tenant(tenant).create(&next),
            (None, Some(end)) => change.admin().replace(end, &next),
            (None, None) => change.admin().create(&next),
        }
    }

    fn entry(&self, head: &AuditHead, signed: &Signed, draft: &Draft) -> Result<AuditEntry> {
        let statement = Statement {
            number: head.number + 1,
            at: self.now(),
            actor: signed.actor,
            tenant: signed.tenant,
            action: draft.action.to_owned(),
            target: draft.target.clone(),
            request: signed.request,
            before: draft.before.clone(),
            after: draft.after.clone(),
            count: draft.count,
        };
        let hash = hash_of(&head.hash, &statement)?;
        let seal = hex(&self.0.vault.seal_audit(hash.as_bytes()));
        Ok(AuditEntry { statement, previous: head.hash.clone(), hash, seal })
    }
}

/// SHA-256 of a record's JSON, in hexadecimal.
pub(crate) fn digest_of<R: Serialize>(record: &R) -> Result<String> {
    Ok(sha256_hex(&json_of(record)?))
}

/// The hash of an entry: a zero byte first, so that no entry can be taken for an inner node of a
/// tree of hashes (RFC 6962 §2.1).
fn hash_of(previous: &str, statement: &Statement) -> Result<String> {
    let mut bytes = vec![0];
    bytes.extend_from_slice(previous.as_bytes());
    bytes.extend(json_of(statement)?);
    Ok(sha256_hex(&bytes))
}

fn json_of<R: Serialize>(record: &R) -> Result<Vec<u8>> {
    serde_json::to_vec(record).map_err(|error| Error::internal("a record can not be written as JSON").caused_by(error))
}

/// Where a chain ends.
async fn end_of(store: &Store, chain: Chain) -> Result<AuditHead> {
    let end = match chain {
        Some(tenant) => store.tenant(tenant).get::<ChainEnd>(&()).await?,
        None => store.admin().get::<ChainEnd>(&()).await?,
    };
    Ok(end.map(|end| end.record.head).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal text in small letters, of which there is one for any bytes.
fn unhex(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn place_of(tenant: TenantId) -> usize {
    let bytes = tenant.to_bytes();
    usize::from(bytes.last().copied().unwrap_or_default()) % TURNS
}
