//! Pushing: one step sends one batch of the host app's changes. That a change is being sent is
//! durable before its first byte leaves; what the answer does not tell is found out, never
//! assumed.

use std::time::Instant;

use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::mapping::Way;
use gatehouse_domain::sync::SyncedRecord;
use gatehouse_domain::sync::{ChangeState, LogAction, LogOutcome, RunState, SyncChange, SyncLog};
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_runtime::{Change as PushedChange, Target};
use gatehouse_store::records::{ChangeKey, added_at, feed_position};
use gatehouse_store::{Page, Stored};

use super::call::Called;
use super::carry::{Bout, Next, TRIES};
use super::conflict::{self, Decision};
use super::outcome::Sent;
use super::pull::gone;
use super::take::Tally;
use crate::Engine;

/// The most changes of one call: a gateway that sends one request for each must not come to the
/// limit of its requests half-way.
const MOST_PUSHED: usize = 50;

impl Engine {
    /// Whether anything waits to be pushed.
    pub(super) async fn has_pending(&self, tenant: TenantId, integration: IntegrationId, entity: &str) -> Result<bool> {
        let open = |state: &ChangeState| !matches!(state, ChangeState::Held { .. });
        Ok(!self.open_changes(tenant, integration, entity, open, 1).await?.is_empty())
    }

    /// The changes of an entity that are not over and whose state is wanted, oldest first.
    pub(super) async fn open_changes(
        &self,
        tenant: TenantId,
        integration: IntegrationId,
        entity: &str,
        wanted: impl Fn(&ChangeState) -> bool,
        most: usize,
    ) -> Result<Vec<Stored<SyncChange>>> {
        let prefix = ChangeKey::prefix_of(integration, entity, false);
        let (mut page, mut open) = (Page::first(200), Vec::new());
        loop {
            let found = self.0.store.tenant(tenant).list_stored::<SyncChange>(&prefix, &page).await?;
            open.extend(found.items.into_iter().filter(|change| wanted(&change.state)));
            match found.next.filter(|_| open.len() < most) {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        open.truncate(most);
        Ok(open)
    }
}

impl Bout<'_> {
    /// Pushes the next batch; ends the run where there is nothing left to push.
    pub(super) async fn push(&mut self) -> Result<Next> {
        if !self.run.direction.pushes() {
            return self.end(RunState::Succeeded, None, None).await;
        }
        self.doubt_interrupted().await?;
        if let Some(next) = self.resolve_unknown().await? {
            return Ok(next);
        }
        let limit = (self.entity.settings.limit as usize).min(MOST_PUSHED);
        let batch = self.changes(|state| *state == ChangeState::Pending, limit).await?;
        if batch.is_empty() {
            return self.end(RunState::Succeeded, None, None).await;
        }
        let mut gateway = match self.prepare().await? {
            Ok(gateway) => gateway,
            Err(next) => return Ok(next),
        };
        let started = Instant::now();
        let Some((sent, pushed)) = self.begin_sending(batch).await? else { return Ok(Next::Step) };
        let target = Target::SyncPush { entity: self.run.entity.clone(), changes: pushed };
        // The key of the batch; each change has its own reference, the same for every attempt.
        let key = sent.first().map(|change| change.id.to_string()).unwrap_or_default();
        match self.call(&mut gateway, target, key).await? {
            Called::Made(report) => self.settle(sent, report, started.elapsed()).await,
            Called::Not(next) => {
                self.take_back(&sent).await?;
                Ok(next)
            }
        }
    }

    pub(super) async fn changes(
        &self,
        wanted: impl Fn(&ChangeState) -> bool,
        most: usize,
    ) -> Result<Vec<Stored<SyncChange>>> {
        self.engine.open_changes(self.tenant, self.integration.id, &self.run.entity, wanted, most).await
    }

    /// Changes that were being sent when the server died may have arrived.
    async fn doubt_interrupted(&mut self) -> Result<()> {
        let interrupted = self.changes(|state| *state == ChangeState::Sending, 1_000).await?;
        if interrupted.is_empty() {
            return Ok(());
        }
        let mut tally = self.tally(0)?;
        for change in &interrupted {
            self.move_to(change, change.record.clone(), ChangeState::Unknown, &mut tally)?;
        }
        self.commit_tally(tally, std::time::Duration::ZERO).await
    }

    /// Decides about each change, and makes durable that those which are pushed are being sent.
    async fn begin_sending(&mut self, batch: Vec<Stored<SyncChange>>) -> Result<Option<(Sent, Vec<PushedChange>)>> {
        for _ in 0..TRIES {
            let mut tally = self.tally(0)?;
            let (mut sent, mut pushed) = (Vec::new(), Vec::new());
            for change in &batch {
                if let Some(outgoing) = self.begin_one(change, &mut tally).await? {
                    sent.push(change.id);
                    pushed.push(outgoing);
                }
            }
            match self.commit_tally(tally, std::time::Duration::ZERO).await {
                Err(error) if error.kind == ErrorKind::Conflict => continue,
                outcome => outcome?,
            }
            if sent.is_empty() {
                return Ok(None);
            }
            let stored = self.changes(|state| *state == ChangeState::Sending, 1_000).await?;
            return Ok(Some((stored.into_iter().filter(|change| sent.contains(&change.id)).collect(), pushed)));
        }
        Err(gone())
    }

    async fn begin_one(&self, change: &Stored<SyncChange>, tally: &mut Tally) -> Result<Option<PushedChange>> {
        let known = match &change.record.record {
            Some(id) => self.known(id).await?,
            None => None,
        };
        let decision = conflict::decide(self.entity.settings.conflict, change, known.as_deref());
        match decision {
            Decision::Push => {}
            Decision::Agreed => {
                self.unpend(known.as_ref(), tally)?;
                self.move_to(change, change.record.clone(), ChangeState::Pushed, tally)?;
                return Ok(None);
            }
            Decision::OursWins => tally.run.counts.conflicts += 1,
            Decision::TheirsWins => {
                tally.run.counts.conflicts += 1;
                let reason = "the provider changed the record meanwhile, and its change stays".to_owned();
                self.unpend(known.as_ref(), tally)?;
                self.move_to(change, change.record.clone(), ChangeState::Dropped { reason: reason.clone() }, tally)?;
                self.log_push(change, LogOutcome::Conflict, Some(reason), tally)?;
                return Ok(None);
            }
        }
        let passed = if change.deleted { Ok(None) } else { self.pass_on(Way::Out, &change.data) };
        let data = match passed {
            Ok(mapped) => mapped.unwrap_or_else(|| change.data.clone()),
            Err(error) => {
                tally.run.counts.failed += 1;
                self.unpend(known.as_ref(), tally)?;
                let failed = ChangeState::Failed { reason: error.message.clone() };
                self.move_to(change, change.record.clone(), failed, tally)?;
                self.log_push(change, LogOutcome::Failed, Some(error.message), tally)?;
                return Ok(None);
            }
        };
        let now = self.engine.now();
        let mut sending = change.record.clone();
        sending.attempts += 1;
        sending.first_sent_at = sending.first_sent_at.or(Some(now));
        sending.last_sent_at = Some(now);
        self.move_to(change, sending, ChangeState::Sending, tally)?;
        let (reference, id) = (change.id.to_string(), change.record.record.clone());
        Ok(Some(PushedChange { reference, id, deleted: change.deleted, data }))
    }

    /// Nothing of these was sent after all.
    pub(super) async fn take_back(&mut self, sent: &Sent) -> Result<()> {
        let mut tally = self.tally(0)?;
        for change in sent {
            let mut pending = change.record.clone();
            pending.attempts = pending.attempts.saturating_sub(1);
            self.move_to(change, pending, ChangeState::Pending, &mut tally)?;
        }
        self.commit_tally(tally, std::time::Duration::ZERO).await
    }

    /// Moves a change to another state. One that is over is kept elsewhere.
    pub(super) fn move_to(
        &self,
        from: &Stored<SyncChange>,
        mut to: SyncChange,
        state: ChangeState,
        tally: &mut Tally,
    ) -> Result<()> {
        to.state = state;
        let mut scope = tally.change.tenant(self.tenant);
        if !to.state.is_over() {
            return scope.replace(from, &to);
        }
        to.settled_at = Some(self.engine.now());
        scope.remove(from)?;
        scope.create(&to)
    }

    /// The record no longer has a change that is to be pushed. Its content and its place in the
    /// feed are as they were.
    pub(super) fn unpend(&self, known: Option<&Stored<SyncedRecord>>, tally: &mut Tally) -> Result<()> {
        let Some(known) = known.filter(|known| known.pending.is_some()) else { return Ok(()) };
        tally.change.tenant(self.tenant).replace(known, &pended(known, None))
    }

    pub(super) fn log_push(
        &self,
        change: &SyncChange,
        outcome: LogOutcome,
        reason: Option<String>,
        tally: &mut Tally,
    ) -> Result<()> {
        let record = change.record.clone().unwrap_or_default();
        let row = self.row(&record, LogAction::Pushed, outcome, tally);
        let request = Some(super::outcome::excerpt(&self.outgoing(change)));
        self.log(SyncLog { change: Some(change.id), request, reason, ..row }, tally)
    }
}

/// A record with another change to be pushed, and else as it was.
pub(super) fn pended(known: &Stored<SyncedRecord>, pending: Option<gatehouse_domain::id::ChangeId>) -> SyncedRecord {
    let (at, added) = (feed_position(known), added_at(known));
    SyncedRecord {
        pending,
        placed: Some((at.seq.0, at.index)),
        added_at: Some((added.seq.0, added.index)),
        ..known.record.clone()
    }
}
