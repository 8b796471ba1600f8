//! Deletes: after a run that saw every record, those that it did not see are gone. Where they are
//! suspiciously many, nothing is deleted before a person has agreed.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use gatehouse_domain::Result;
use gatehouse_domain::sync::{LogAction, LogOutcome, Origin, Phase, RunState, SyncRun, SyncedRecord};
use gatehouse_store::records::{SyncSeen, entity_prefix};
use gatehouse_store::{Page, Stored};
use serde_json::{Map, json};

use super::carry::{Bout, Next, TRIES};
use super::hash;
use super::pull::gone;
use super::take::{Becomes, digest_of};
use gatehouse_domain::ErrorKind;

/// So many may be gone without anybody being asked, and so many percent of those that are known.
const FEW: u64 = 10;
const FEW_PERCENT: u64 = 20;
/// How many digests of seen ids are held in memory at a time: some 16 MB.
const AT_ONCE: u64 = 500_000;
/// How many records one commit deletes, and how many are read at a time.
const BATCH: usize = 200;

/// Whether so many missing records need somebody's word.
fn is_mass(missing: u64, known: u64) -> bool {
    missing > FEW.max(known.saturating_mul(FEW_PERCENT) / 100)
}

impl Bout<'_> {
    /// Finds out what is gone and deletes it, or asks.
    pub(super) async fn sweep(&mut self) -> Result<Next> {
        let started = Instant::now();
        if self.run.missing.is_none() {
            let missing = self.count_missing().await?;
            let run = SyncRun { missing: Some(missing), ..self.run.record.clone() };
            let held = is_mass(missing, self.state.known) && !run.approved;
            self.keep(run, self.state.record.clone()).await?;
            if held {
                return self.hold(missing).await;
            }
        }
        for share in 0..self.shares().await? {
            self.delete_missing(share).await?;
        }
        let run = SyncRun { phase: Phase::Push, ..self.run.record.clone() };
        let busy = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.keep(SyncRun { busy_ms: run.busy_ms + busy, ..run }, self.state.record.clone()).await?;
        Ok(Next::Step)
    }

    async fn hold(&mut self, missing: u64) -> Result<Next> {
        let known = self.state.known;
        let reason = format!(
            "{missing} of {known} records are missing at the provider, more than {FEW} and more than {FEW_PERCENT} %; \
             approve the run to delete them, or discard it to keep them"
        );
        let run = SyncRun {
            state: RunState::Held,
            reason: Some(reason.clone()),
            updated_at: self.engine.now(),
            ..self.run.record.clone()
        };
        let mut work = self.engine.own_work(Some(self.tenant));
        self.job.guard(work.change())?;
        work.tenant(self.tenant).replace(&self.run, &run)?;
        let data = json!({ "run": run.id, "entity": run.entity, "missing": missing, "known": known, "reason": reason });
        work.event(self.tenant, "sync.held", Some(&self.integration), run.id, data)?;
        work.commit().await?;
        Ok(Next::Over)
    }

    async fn count_missing(&self) -> Result<u64> {
        let mut missing = 0;
        for share in 0..self.shares().await? {
            let seen = self.seen(share).await?;
            let mut page = Page::first(BATCH);
            loop {
                let found = self.records(&page).await?;
                missing += found.0.iter().filter(|record| self.is_missing(record, &seen)).count() as u64;
                let Some(next) = found.1 else { break };
                page.after = Some(next);
            }
        }
        Ok(missing)
    }

    async fn delete_missing(&mut self, share: u64) -> Result<()> {
        let seen = self.seen(share).await?;
        let mut page = Page::first(BATCH);
        loop {
            let (found, next) = self.records(&page).await?;
            let missing: Vec<String> =
                found.iter().filter(|record| self.is_missing(record, &seen)).map(|record| record.id.clone()).collect();
            if !missing.is_empty() {
                self.delete_all(&missing).await?;
            }
            let Some(next) = next else { return Ok(()) };
            page.after = Some(next);
        }
    }

    async fn delete_all(&mut self, ids: &[String]) -> Result<()> {
        for _ in 0..TRIES {
            let mut tally = self.tally(0)?;
            for id in ids {
                let Some(known) = self.known(id).await?.filter(|known| !known.deleted) else { continue };
                let becomes = Becomes {
                    id: id.clone(),
                    data: Map::new(),
                    hash: hash::of(&Map::new()),
                    deleted: true,
                    updated_at: None,
                    origin: Origin::Provider,
                    rendition_of: None,
                    pending: known.pending,
                };
                self.turn_into(Some(&known), becomes, &mut tally)?;
                let row = self.row(id, LogAction::Deleted, LogOutcome::Done, &tally);
                self.log(row, &mut tally)?;
            }
            match self.commit_tally(tally, Duration::ZERO).await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                outcome => return outcome,
            }
        }
        Err(gone())
    }

    /// What became known after the pull began can not be in what it saw.
    fn is_missing(&self, record: &SyncedRecord, seen: &Seen) -> bool {
        let digest = digest_of(&record.id);
        let later = self.run.pull_began_at.is_some_and(|began| record.first_seen_at >= began);
        !record.deleted && !later && seen.is_of_share(digest) && !seen.ids.contains(&digest)
    }

    async fn records(&self, page: &Page) -> Result<(Vec<Stored<SyncedRecord>>, Option<gatehouse_store::Cursor>)> {
        let prefix = entity_prefix(self.integration.id, &self.run.entity);
        let found = self.engine.0.store.tenant(self.tenant).list_stored::<SyncedRecord>(&prefix, page).await?;
        Ok((found.items, found.next))
    }

    /// In how many shares the ids are gone through, so that memory stays bounded.
    async fn shares(&self) -> Result<u64> {
        Ok((self.run.counts.read.max(self.state.known) / AT_ONCE + 1).min(256))
    }

    async fn seen(&self, share: u64) -> Result<Seen> {
        let mut seen = Seen { share, shares: self.shares().await?, ids: HashSet::new() };
        let prefix = SyncSeen::prefix_of(self.integration.id, &self.run.entity, self.run.id);
        let mut page = Page::first(100);
        loop {
            let found = self.engine.0.store.tenant(self.tenant).list_under::<SyncSeen>(&prefix, &page).await?;
            let ids = found.items.into_iter().flat_map(|pages| pages.ids);
            let share: Vec<[u8; 8]> = ids.filter(|id| seen.is_of_share(*id)).collect();
            seen.ids.extend(share);
            let Some(next) = found.next else { return Ok(seen) };
            page.after = Some(next);
        }
    }

    /// Deletes what runs of the entity have seen: those that ended, and this one's earlier rounds.
    pub(super) async fn forget_seen(&self) -> Result<()> {
        let prefix = entity_prefix(self.integration.id, &self.run.entity);
        loop {
            let found =
                self.engine.0.store.tenant(self.tenant).list_stored::<SyncSeen>(&prefix, &Page::first(BATCH)).await?;
            if found.items.is_empty() {
                return Ok(());
            }
            let mut change = self.change()?;
            for seen in &found.items {
                change.tenant(self.tenant).remove(seen)?;
            }
            change.commit().await?;
        }
    }
}

/// The ids of one share that a run has seen.
struct Seen {
    share: u64,
    shares: u64,
    ids: HashSet<[u8; 8]>,
}

impl Seen {
    fn is_of_share(&self, id: [u8; 8]) -> bool {
        u64::from_be_bytes(id) % self.shares == self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_go_unasked_and_many_do_not() {
        for (missing, known, mass) in [
            (0, 0, false),
            (10, 10, false),
            (11, 11, true),
            (11, 50, true),
            (10, 50, false),
            (200, 1_000, false),
            (201, 1_000, true),
        ] {
            assert_eq!(is_mass(missing, known), mass, "{missing} of {known}");
        }
    }
}
