//! Changes of which nobody knows whether the provider took them. They are asked after, or looked
//! for in what the provider sends; what can not be found out waits for a person.

use std::time::Duration;

use gatehouse_domain::Result;
use gatehouse_domain::guest::GuestError;
use gatehouse_domain::sync::{ChangeState, LogOutcome, Phase, SyncChange, SyncRun};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_runtime::{Answer, Target, Write};
use gatehouse_store::Stored;
use serde_json::{Map, Value, json};

use super::carry::{Bout, Next, later};
use super::outcome::Fate;
use crate::execute::Run;

/// What the gateway's `outcomes.look-up` is told for the capability of a pushed change. Its
/// parameters are the entity, the provider's id where there is one, whether it is a deletion,
/// and the content; what it finds is the provider's id as a JSON string.
pub(super) const CAPABILITY: &str = gatehouse_runtime::SYNC_PUSH;
/// How often a change is asked after before it waits for a person.
const MOST_ASKED: u32 = 12;
/// How often a pull is made anew to look for changes.
const MOST_ROUNDS: u32 = 5;
/// How often in a row the provider has to say that it does not have a change.
const ABSENT: u32 = 2;
/// How many are looked after in one step.
const AT_ONCE: usize = 100;

impl Bout<'_> {
    /// The changes that are unknown.
    pub(super) async fn unknown_changes(&self) -> Result<Vec<Stored<SyncChange>>> {
        if !self.run.direction.pushes() {
            return Ok(Vec::new());
        }
        self.changes(|state| *state == ChangeState::Unknown, 1_000).await
    }

    /// Finds out about unknown changes; none where there are none.
    pub(super) async fn resolve_unknown(&mut self) -> Result<Option<Next>> {
        let unknown = self.changes(|state| *state == ChangeState::Unknown, AT_ONCE).await?;
        if unknown.is_empty() {
            return Ok(None);
        }
        let gateway = match self.prepare().await? {
            Ok(gateway) => gateway,
            Err(next) => return Ok(Some(next)),
        };
        if gateway.plugin.looks_up() {
            return self.ask_after(&gateway, unknown).await.map(Some);
        }
        if self.run.direction.pulls() {
            return self.look_for(unknown).await.map(Some);
        }
        let why = "its answer was lost, and this gateway can not be asked what became of it";
        self.hold_changes(unknown, why).await?;
        Ok(Some(Next::Step))
    }

    /// Asks the gateway after each change whose time it is.
    async fn ask_after(&mut self, gateway: &Run, unknown: Vec<Stored<SyncChange>>) -> Result<Next> {
        let mut next_at: Option<Timestamp> = None;
        for change in unknown {
            let pause = SignedDuration::from_secs((1 << change.asked.min(12)) - 1);
            let due = later(self.settled_at(&change), pause);
            if self.engine.now() < due {
                next_at = Some(next_at.map_or(due, |at| at.min(due)));
                continue;
            }
            self.ask(gateway, &change).await?;
        }
        Ok(match next_at {
            Some(until) => Next::Wait { until, reason: "it is not known what became of a pushed change".to_owned() },
            None => Next::Step,
        })
    }

    async fn ask(&mut self, gateway: &Run, change: &Stored<SyncChange>) -> Result<()> {
        let report = gateway
            .look_as(self.engine, Target::LookUp(write(change, &self.outgoing(change))), change.id.to_string())
            .await?;
        let found = match report.answer {
            Answer::Ok(found) => found,
            Answer::Refused(_) | Answer::Fault(_) => Value::Null,
        };
        let fate = match found.get("kind").and_then(Value::as_str) {
            Some("done") => found.get("value").and_then(Value::as_str).map(|id| Fate::Done(id.to_owned())),
            Some("refused") => {
                let error: Option<GuestError> =
                    found.get("value").and_then(|error| serde_json::from_value(error.clone()).ok());
                error.map(|error| Fate::Refused(error.message))
            }
            Some("absent") if change.asked + 1 >= ABSENT => {
                Some(Fate::Later { reason: "the provider does not have it".to_owned(), after_ms: None })
            }
            _ => None,
        };
        match fate {
            Some(fate) => self.keep_fates(vec![(change.clone(), fate)], report.cost.wall_us, Duration::ZERO).await,
            None if change.asked >= MOST_ASKED => {
                let why = "its answer was lost, and the provider does not say what became of it";
                self.hold_changes(vec![change.clone()], why).await
            }
            None => {
                let mut asked = change.record.clone();
                asked.asked += 1;
                let mut tally = self.tally(0)?;
                self.move_to(change, asked, ChangeState::Unknown, &mut tally)?;
                self.commit_tally(tally, Duration::ZERO).await
            }
        }
    }

    /// Looks for changes in what the provider sends: by a pull that begins when nothing of them
    /// can be under way any more. What such a pull shows is settled as it is taken in.
    async fn look_for(&mut self, unknown: Vec<Stored<SyncChange>>) -> Result<Next> {
        let due = unknown.iter().map(|change| self.settled_at(change)).max().unwrap_or(Timestamp::MIN);
        let looked = self.run.read_all && self.run.pull_began_at.is_some_and(|began| began >= due);
        if looked {
            return self.not_found(unknown).await;
        }
        if self.run.rounds >= MOST_ROUNDS {
            self.hold_changes(unknown, "its answer was lost again and again").await?;
            return Ok(Next::Step);
        }
        let run = SyncRun {
            phase: Phase::Pull,
            rounds: self.run.rounds + 1,
            cursor: self.state.mark.clone(),
            from_start: self.state.mark.is_none(),
            read_all: false,
            complete: false,
            missing: None,
            pull_began_at: None,
            ..self.run.record.clone()
        };
        self.keep(run, self.state.record.clone()).await?;
        Ok(Next::Wait { until: due, reason: "it is not known what became of a pushed change".to_owned() })
    }

    /// A record that was looked at and does not have the change can be pushed again. A new record
    /// that was not found may be there all the same, without our reference.
    async fn not_found(&mut self, unknown: Vec<Stored<SyncChange>>) -> Result<Next> {
        let (known, new): (Vec<_>, Vec<_>) = unknown.into_iter().partition(|change| change.record.record.is_some());
        let again = |change| (change, Fate::Later { reason: "the record does not have it".to_owned(), after_ms: None });
        self.keep_fates(known.into_iter().map(again).collect(), 0, Duration::ZERO).await?;
        let why = "its answer was lost, and no record that the provider sent holds its reference";
        self.hold_changes(new, why).await?;
        Ok(Next::Step)
    }

    async fn hold_changes(&mut self, changes: Vec<Stored<SyncChange>>, why: &str) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut tally = self.tally(0)?;
        for change in &changes {
            tally.run.counts.held += 1;
            self.move_to(change, change.record.clone(), ChangeState::Held { reason: why.to_owned() }, &mut tally)?;
            self.log_push(change, LogOutcome::Held, Some(why.to_owned()), &mut tally)?;
        }
        let ids: Vec<String> = changes.iter().map(|change| change.id.to_string()).collect();
        let data = json!({ "run": self.run.id, "entity": self.run.entity, "changes": ids, "reason": why });
        self.engine.tell_in(&mut tally.change, self.tenant, "sync.held", &self.integration, (self.run.id, data))?;
        self.commit_tally(tally, Duration::ZERO).await
    }

    /// From when on nothing of a change can be under way any more.
    fn settled_at(&self, change: &SyncChange) -> Timestamp {
        let call = SignedDuration::from_millis(i64::try_from(self.engine.0.policy.limits.wall_ms).unwrap_or(i64::MAX));
        later(change.last_sent_at.unwrap_or(change.created_at), call)
    }
}

fn write(change: &SyncChange, sent: &Map<String, Value>) -> Write {
    let millis = |at: Option<Timestamp>| u64::try_from(at.map_or(0, Timestamp::as_millisecond)).unwrap_or_default();
    Write {
        capability: CAPABILITY.to_owned(),
        parameters: json!({
            "entity": change.entity, "id": change.record, "deleted": change.deleted, "data": sent,
        }),
        reference: change.id.to_string(),
        first_sent_at_ms: millis(change.first_sent_at),
        last_sent_at_ms: millis(change.last_sent_at),
    }
}
