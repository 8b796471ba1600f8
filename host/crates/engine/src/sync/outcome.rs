//! What became of a batch that was pushed: each change has its own end, and one of which nobody
//! can be sure is unknown, whatever the gateway says.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use gatehouse_domain::Result;
use gatehouse_domain::execution::ProviderCall;
use gatehouse_domain::guest::{GuestError, GuestErrorKind};
use gatehouse_domain::sync::{ChangeState, Excerpt, LogOutcome, Origin, SyncChange};
use gatehouse_runtime::Answer;
use gatehouse_store::Stored;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::carry::{Bout, Next};
use super::hash;
use super::take::{Becomes, Tally};
use crate::execute::Report;

/// The changes of a batch as they stand while they are being sent.
pub(super) type Sent = Vec<Stored<SyncChange>>;

/// An outcome as the gateway writes it: `gatehouse:plugin/sync.outcome`.
#[derive(Debug, Deserialize)]
struct Outcome {
    reference: String,
    ok: Option<String>,
    error: Option<GuestError>,
}

/// What became of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// The provider took it; the record's id there.
    Done(String),
    /// The provider refused it.
    Refused(String),
    /// Nothing was done, and later it may be.
    Later { reason: String, after_ms: Option<u64> },
    /// Nobody knows.
    Unknown(String),
}

impl Bout<'_> {
    /// Stores what became of a batch.
    pub(super) async fn settle(&mut self, sent: Sent, report: Report, busy: Duration) -> Result<Next> {
        let (lost, wrote) = (is_lost(&report.calls), has_written(&report.calls));
        let took_us = report.cost.wall_us;
        let outcomes = match report.answer {
            Answer::Ok(outcomes) => serde_json::from_value::<Vec<Outcome>>(outcomes).unwrap_or_default(),
            answer => {
                let unknown = matches!(&answer, Answer::Refused(error) if error.kind == GuestErrorKind::UnknownOutcome);
                if !(unknown || lost || wrote) {
                    self.take_back(&sent).await?;
                    return self.failed(answer).await;
                }
                let why = "the push ended without an answer for each change".to_owned();
                let fates = sent.into_iter().map(|change| (change, Fate::Unknown(why.clone()))).collect();
                self.keep_fates(fates, took_us, busy).await?;
                return match answer {
                    Answer::Fault(_) => self.failed(answer).await,
                    _ => Ok(Next::Step),
                };
            }
        };
        let mut told: HashMap<String, Outcome> =
            outcomes.into_iter().map(|outcome| (outcome.reference.clone(), outcome)).collect();
        let mut later = None;
        let mut fates = Vec::with_capacity(sent.len());
        for change in sent {
            let fate = fate(told.remove(&change.id.to_string()), lost);
            if let Fate::Later { reason, after_ms } = &fate {
                later = Some((reason.clone(), *after_ms));
            }
            fates.push((change, fate));
        }
        self.keep_fates(fates, took_us, busy).await?;
        match later {
            Some((reason, after_ms)) => self.try_later(reason, after_ms).await,
            None => Ok(Next::Step),
        }
    }

    /// Stores fates, in as many commits as there are changes of one record among them.
    pub(super) async fn keep_fates(
        &mut self,
        mut fates: Vec<(Stored<SyncChange>, Fate)>,
        took_us: u64,
        busy: Duration,
    ) -> Result<()> {
        while !fates.is_empty() {
            let mut tally = self.tally(took_us)?;
            tally.run.failures = 0;
            let (mut touched, mut rest) = (HashSet::new(), Vec::new());
            for (change, fate) in fates {
                let id = record_of(&change, &fate);
                if id.is_none_or(|id| touched.insert(id)) {
                    self.keep_fate(&change, &fate, &mut tally).await?;
                } else {
                    rest.push((change, fate));
                }
            }
            self.commit_tally(tally, busy).await?;
            fates = rest;
        }
        Ok(())
    }

    async fn keep_fate(&self, change: &Stored<SyncChange>, fate: &Fate, tally: &mut Tally) -> Result<()> {
        match fate {
            Fate::Done(id) => self.keep_done(change, id, tally).await,
            Fate::Refused(reason) => {
                tally.run.counts.failed += 1;
                if let Some(id) = &change.record.record {
                    self.unpend(self.known(id).await?.as_ref(), tally)?;
                }
                let failed = ChangeState::Failed { reason: reason.clone() };
                self.move_to(change, change.record.clone(), failed, tally)?;
                self.log_push(change, LogOutcome::Failed, Some(reason.clone()), tally)
            }
            Fate::Later { .. } => self.move_to(change, change.record.clone(), ChangeState::Pending, tally),
            Fate::Unknown(reason) => {
                self.move_to(change, change.record.clone(), ChangeState::Unknown, tally)?;
                self.log_push(change, LogOutcome::Unknown, Some(reason.clone()), tally)
            }
        }
    }

    /// The provider has what we sent: both sides agree on it from now on.
    async fn keep_done(&self, change: &Stored<SyncChange>, id: &str, tally: &mut Tally) -> Result<()> {
        let id = change.record.record.clone().unwrap_or_else(|| id.to_owned());
        let known = self.known(&id).await?;
        let is_there = known.as_ref().is_some_and(|known| !known.deleted);
        if is_there || !change.deleted {
            let becomes = Becomes {
                id: id.clone(),
                data: if change.deleted { serde_json::Map::new() } else { change.data.clone() },
                hash: change.hash.clone(),
                deleted: change.deleted,
                updated_at: None,
                origin: Origin::Host,
                rendition_of: None,
                pending: None,
            };
            let counts = tally.run.counts;
            self.turn_into(known.as_ref(), becomes, tally)?;
            // It is counted as pushed, not as found at the provider.
            tally.run.counts = counts;
        }
        tally.run.counts.pushed += 1;
        let mut done = change.record.clone();
        done.record = Some(id);
        self.log_push(&done, LogOutcome::Done, None, tally)?;
        self.move_to(change, done, ChangeState::Pushed, tally)
    }
}

/// The record that a fate writes.
fn record_of(change: &SyncChange, fate: &Fate) -> Option<String> {
    match (&change.record, fate) {
        (Some(id), _) => Some(id.clone()),
        (None, Fate::Done(id)) => Some(id.clone()),
        _ => None,
    }
}

/// What an outcome says of a change, where `lost` tells that the answer to some write never came.
fn fate(outcome: Option<Outcome>, lost: bool) -> Fate {
    let Some(outcome) = outcome else { return Fate::Unknown("the gateway did not say what became of it".to_owned()) };
    let error = match (outcome.ok, outcome.error) {
        (Some(id), _) => return Fate::Done(id),
        (None, Some(error)) => error,
        (None, None) => return Fate::Unknown("the gateway did not say what became of it".to_owned()),
    };
    match error.kind {
        GuestErrorKind::UnknownOutcome => Fate::Unknown(error.message),
        // The broker knows that a write's answer was lost, and the gateway may have misread it.
        _ if lost => Fate::Unknown(error.message),
        GuestErrorKind::RateLimited | GuestErrorKind::Unavailable => {
            Fate::Later { reason: error.message, after_ms: error.retry_after_ms }
        }
        _ => Fate::Refused(error.message),
    }
}

fn is_lost(calls: &[ProviderCall]) -> bool {
    calls.iter().any(|call| call.answer_lost)
}

/// Whether the provider took any write: an answer of 4xx has done nothing.
fn has_written(calls: &[ProviderCall]) -> bool {
    let wrote = |status: u16| !(400..500).contains(&status);
    calls.iter().any(|call| !matches!(call.method.as_str(), "GET" | "HEAD") && call.status.is_some_and(wrote))
}

/// What was pushed, by its digest and its beginning.
pub(super) fn excerpt(sent: &Map<String, Value>) -> Excerpt {
    let text = hash::canonical(sent);
    let end = text.floor_char_boundary(Excerpt::MOST);
    Excerpt { hash: hash::of(sent), bytes: text.len() as u64, body: text.get(..end).map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: GuestErrorKind, lost: bool, expect: &str) {
        let error =
            GuestError { kind, message: "no".to_owned(), provider_code: None, http_status: None, retry_after_ms: None };
        let outcome = Outcome { reference: "r".to_owned(), ok: None, error: Some(error) };
        let found = match fate(Some(outcome), lost) {
            Fate::Done(_) => "done",
            Fate::Refused(_) => "refused",
            Fate::Later { .. } => "later",
            Fate::Unknown(_) => "unknown",
        };
        assert_eq!(found, expect, "{kind:?} {lost}");
    }

    #[test]
    fn what_may_have_happened_is_never_called_a_failure() {
        use GuestErrorKind::{Conflict, Declined, InvalidInput, Provider, RateLimited, Unavailable, UnknownOutcome};
        for kind in [Conflict, Declined, InvalidInput, Provider] {
            check(kind, false, "refused");
            check(kind, true, "unknown");
        }
        for kind in [RateLimited, Unavailable] {
            check(kind, false, "later");
            check(kind, true, "unknown");
        }
        check(UnknownOutcome, false, "unknown");
        let done = || Outcome { reference: "r".to_owned(), ok: Some("7".to_owned()), error: None };
        assert_eq!(fate(Some(done()), true), Fate::Done("7".to_owned()));
        assert!(matches!(fate(None, false), Fate::Unknown(_)));
    }
}
