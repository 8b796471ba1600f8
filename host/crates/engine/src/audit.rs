//! The audit trail: linking entries into the chain of a tenant or of the operators, reading
//! a chain, and proving that nothing in it was altered.
//!
//! Entries are written in the commit of the change they tell of. A chain has one end, so the
//! changes of one tenant take turns; those of different tenants do not wait for each other.

use gatehouse_domain::audit::{AuditEntry, AuditHead, Statement};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::{Error, Result};
use gatehouse_store::records::ChainEnd;
use gatehouse_store::{Change, Page, Paged};
use serde::Serialize;
use tokio::sync::{Mutex, MutexGuard};

use crate::execute::sha256_hex;
use crate::work::Signed;
use crate::{Caller, Engine};

mod verify;

pub use verify::Verified;

/// How many turns there are: tenants that share one wait for each other now and then.
const TURNS: usize = 64;

/// What will be said of one record.
pub(crate) struct Draft {
    pub(crate) action: &'static str,
    pub(crate) target: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// Whose turn it is to add to a chain.
pub(crate) struct Chains {
    operators: Mutex<()>,
    tenants: Vec<Mutex<()>>,
}

impl Default for Chains {
    fn default() -> Self {
        Self { operators: Mutex::default(), tenants: (0..TURNS).map(|_| Mutex::default()).collect() }
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
}

impl Engine {
    /// A page of the caller's chain, newest first: its tenant's, or the operators'.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn audit_entries(&self, by: &Caller, page: &Page) -> Result<Paged<AuditEntry>> {
        let page = Page { reverse: true, ..page.clone() };
        match by.tenant() {
            Ok(tenant) => self.0.store.tenant(tenant).list::<AuditEntry>(&page).await,
            Err(_) => self.0.store.admin().list::<AuditEntry>(&page).await,
        }
    }

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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn place_of(tenant: TenantId) -> usize {
    let bytes = tenant.to_bytes();
    usize::from(bytes.last().copied().unwrap_or_default()) % TURNS
}
