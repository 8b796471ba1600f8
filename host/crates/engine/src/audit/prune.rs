//! The retention of the audit trail. A chain loses its beginning only as far as a checkpoint
//! covers it, and with each step the place where it begins now is sealed: entries that somebody
//! else took away from the front are missed.

use gatehouse_domain::audit::{AuditCheckpoint, AuditEntry, AuditFloor};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::records::AuditMark;
use gatehouse_store::{Page, Paged, Raw, Stored};

use super::proof::{Expected, Proof, examine};
use super::{Chain, hex};
use crate::Engine;

/// How many entries one commit deletes.
const BATCH: usize = 256;

impl Engine {
    /// Deletes the entries and the checkpoints that are older than their retention. Answers how
    /// many entries that were. It can be stopped at any point and begun again.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn prune_audit(&self) -> Result<u64> {
        let days = i64::from(self.0.policy.retention.audit_days);
        let age = SignedDuration::from_hours(days * 24);
        let Ok(oldest) = self.now().checked_sub(age) else { return Ok(0) };
        let (mut pruned, mut page) = (0, Page::first(BATCH));
        loop {
            let marks = self.0.store.admin().list_stored::<AuditMark>(&[], &page).await?;
            for mark in marks.items {
                pruned += self.prune_chain(mark, oldest).await?;
            }
            let Some(next) = marks.next else { break };
            page.after = Some(next);
        }
        self.prune_checkpoints(oldest).await?;
        Ok(pruned)
    }

    async fn prune_chain(&self, mut mark: Stored<AuditMark>, oldest: Timestamp) -> Result<u64> {
        let mut pruned = 0;
        loop {
            let Some((floor, numbers)) = self.old_entries(&mark.record, oldest).await? else { return Ok(pruned) };
            let id = gatehouse_store::records::ChainName(mark.tenant);
            let mut change = self.0.store.change();
            for number in &numbers {
                match mark.tenant {
                    Some(tenant) => change.tenant(tenant).delete::<AuditEntry>(number)?,
                    None => change.admin().delete::<AuditEntry>(number)?,
                }
            }
            change.admin().replace(&mark, &AuditMark { floor: Some(floor), ..mark.record.clone() })?;
            match change.commit().await {
                Ok(_) => pruned += numbers.len() as u64,
                // A checkpoint was made meanwhile: the rest is left for the next time.
                Err(error) if error.kind == ErrorKind::Conflict => return Ok(pruned),
                Err(error) => return Err(error),
            }
            let Some(next) = self.0.store.admin().get::<AuditMark>(&id).await? else { return Ok(pruned) };
            mark = next;
        }
    }

    /// The first entries of a chain, as far as they are old, covered and whole, and where the chain
    /// begins without them. Entries that are not whole are evidence, and are kept with all that
    /// follow them.
    async fn old_entries(&self, mark: &AuditMark, oldest: Timestamp) -> Result<Option<(AuditFloor, Vec<u64>)>> {
        let (tenant, seals) = (mark.tenant, self.0.vault.audit_seals());
        let mut proof = Proof::new(tenant, mark.floor.as_ref(), mark.covered.number, Expected::new());
        let mut numbers = Vec::new();
        let mut head = String::new();
        for raw in self.first_entries(tenant).await?.items {
            let entry = serde_json::from_slice::<AuditEntry>(&raw.bytes);
            let is_old =
                |entry: &AuditEntry| entry.statement.at < oldest && entry.statement.number <= mark.covered.number;
            if entry.as_ref().is_ok_and(|entry| !is_old(entry)) {
                break;
            }
            proof.take(&examine(tenant, &raw, &seals));
            if !proof.holds() {
                tracing::error!(
                    ?tenant,
                    entry = proof.number(),
                    "the audit trail is damaged and is not pruned any more; see `gatehouse audit verify`"
                );
                break;
            }
            numbers.push(proof.number());
            head = proof.head();
        }
        let Some(number) = numbers.last().copied() else { return Ok(None) };
        let mut floor = AuditFloor { number, hash: head, at: self.now(), seal: String::new() };
        floor.seal = hex(&seals.seal(floor.text(tenant).as_bytes()));
        Ok(Some((floor, numbers)))
    }

    async fn first_entries(&self, chain: Chain) -> Result<Paged<Raw>> {
        let page = Page::first(BATCH);
        match chain {
            Some(tenant) => self.0.store.tenant(tenant).list_raw::<AuditEntry>(&page).await,
            None => self.0.store.admin().list_raw::<AuditEntry>(&page).await,
        }
    }

    /// Deletes old checkpoints, and never the newest.
    async fn prune_checkpoints(&self, oldest: Timestamp) -> Result<()> {
        let newest = super::verify::newest_checkpoint(&self.0.store).await?.map_or(0, |newest| newest.number);
        loop {
            let found = self.0.store.admin().list_stored::<AuditCheckpoint>(&[], &Page::first(BATCH)).await?;
            let old = found.items.iter().take_while(|one| one.at < oldest && one.number < newest);
            let mut change = self.0.store.change();
            for one in old {
                change.admin().remove(one)?;
            }
            if change.is_empty() {
                return Ok(());
            }
            change.commit().await?;
        }
    }
}
