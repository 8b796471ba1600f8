//! Schedules: each tick makes its job in the commit that moves the schedule to the next tick, so
//! that no tick is missed and none is made twice.

use gatehouse_domain::id::TenantId;
use gatehouse_domain::job::{Class, Job};
use gatehouse_domain::schedule::{CatchUp, Every, Schedule};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::{Place, ReadyJob};
use gatehouse_store::{Change, Page, Stored};
use serde_json::Value;

use super::cron::Rhythm;
use super::enqueue::{NewJob, OnWaiting, Unique, When, check};
use super::{Jobs, place};

/// How many ticks are read at a time.
const PAGE: usize = 100;
/// How many missed ticks of one schedule one commit makes up for.
const CAUGHT_UP: usize = 50;
/// A tick that is no older than this was not missed.
const ON_TIME: SignedDuration = SignedDuration::from_secs(60);
/// The most bytes of a name.
const MAX_NAME: usize = 200;

/// A schedule to be.
#[derive(Debug, Clone)]
pub struct NewSchedule {
    /// Its name; a schedule of the same name is replaced.
    pub name: String,
    /// For whom its jobs are done.
    pub tenant: Option<TenantId>,
    /// When it ticks.
    pub every: Every,
    /// What becomes of missed ticks.
    pub catch_up: CatchUp,
    /// The jobs' kind.
    pub kind: String,
    /// The jobs' payload.
    pub payload: Value,
    /// The jobs' class.
    pub class: Class,
    /// The jobs' key: while a job of it waits, a tick makes no other.
    pub unique: Option<String>,
    /// The jobs' group.
    pub group: Option<String>,
}

impl Jobs {
    /// Makes a schedule part of a change, or replaces the one of the same name. It ticks first
    /// after one interval, or at the first time that the expression names. A schedule that ticks
    /// as before keeps its next tick.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for an expression or a job that can not be; whatever the store says.
    pub async fn schedule(&self, change: &mut Change, new: NewSchedule) -> Result<Schedule> {
        if new.name.is_empty() || new.name.len() > MAX_NAME {
            let message = format!("a schedule's name has {} bytes; it takes 1 to {MAX_NAME}", new.name.len());
            return Err(Error::invalid(message));
        }
        let rhythm = Rhythm::of(&new.every)?;
        let mut schedule = Schedule {
            name: new.name,
            tenant: new.tenant,
            every: new.every,
            catch_up: new.catch_up,
            kind: new.kind,
            payload: new.payload,
            class: new.class,
            unique: new.unique,
            group: new.group,
            next_at: rhythm.next(self.now())?,
            last_at: None,
        };
        check(&job_of(&schedule))?;
        let scope = &mut change.admin();
        match self.0.store.admin().get::<Schedule>(&schedule.name).await? {
            Some(before) => {
                if before.every == schedule.every {
                    schedule.next_at = before.next_at;
                }
                schedule.last_at = before.last_at;
                scope.replace(&before, &schedule)?;
                move_tick(scope, &before, &schedule)?;
            }
            None => {
                scope.create(&schedule)?;
                scope.create(&ReadyJob::tick(&schedule))?;
            }
        }
        Ok(schedule)
    }

    /// Deletes a schedule as part of a change. Jobs that it made stay.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; whatever the store says.
    pub async fn unschedule(&self, change: &mut Change, name: &str) -> Result<()> {
        let stored = self.0.store.admin().get::<Schedule>(&name.to_owned()).await?;
        let schedule = stored.ok_or_else(|| Error::not_found("schedule", name))?;
        let tick = ReadyJob::tick(&schedule);
        change.admin().remove(&schedule)?;
        change.admin().delete::<ReadyJob>(&(tick.place, tick.job))
    }

    /// Makes the jobs of all ticks that are due; whether there may be more.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(super) async fn tick(&self) -> Result<bool> {
        let ticks = self.0.store.admin().list_under::<ReadyJob>(&ReadyJob::tick_prefix(), &Page::first(PAGE)).await?;
        let now = self.now();
        let mut more = false;
        for tick in &ticks.items {
            if !matches!(tick.place, Place::Tick(at) if at <= now.as_millisecond()) {
                break;
            }
            match self.tick_one(&tick.kind, now).await {
                // Changed meanwhile, or a job of its key was: the tick is still due.
                Err(error) if error.kind == ErrorKind::Conflict => more = true,
                outcome => more |= outcome?,
            }
        }
        Ok(more)
    }

    async fn tick_one(&self, name: &str, now: Timestamp) -> Result<bool> {
        let Some(schedule) = self.0.store.admin().get::<Schedule>(&name.to_owned()).await? else { return Ok(false) };
        if schedule.next_at > now {
            return Ok(false);
        }
        let rhythm = Rhythm::of(&schedule.every)?;
        let (ticks, next_at) = due_ticks(&rhythm, &schedule, now)?;
        let mut change = self.0.store.change();
        let mut next = Schedule { next_at, ..schedule.record.clone() };
        for tick in ticks {
            next.last_at = Some(tick);
            self.make_job(&schedule, &mut change).await?;
        }
        let scope = &mut change.admin();
        scope.replace(&schedule, &next)?;
        move_tick(scope, &schedule, &next)?;
        change.commit().await.map(|_| true)
    }

    async fn make_job(&self, schedule: &Stored<Schedule>, change: &mut Change) -> Result<()> {
        let new = job_of(schedule);
        if new.unique.is_some() {
            return self.enqueue(&mut change.admin(), new).await.map(|_| ());
        }
        let job: Job = self.job(new)?;
        change.admin().create(&job)?;
        place::enter(&mut change.admin(), &job)
    }

    /// After the clock was set back: schedules whose next tick has moved far away tick again soon.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(super) async fn follow_clock(&self, now: Timestamp) -> Result<()> {
        let mut page = Page::first(PAGE);
        loop {
            let found = self.0.store.admin().list_stored::<Schedule>(&[], &page).await?;
            for schedule in &found.items {
                let next_at = Rhythm::of(&schedule.every)?.moved_back(schedule.next_at, now)?;
                if next_at == schedule.next_at {
                    continue;
                }
                let next = Schedule { next_at, ..schedule.record.clone() };
                let mut change = self.0.store.change();
                change.admin().replace(schedule, &next)?;
                move_tick(&mut change.admin(), schedule, &next)?;
                match change.commit().await {
                    Err(error) if error.kind != ErrorKind::Conflict => return Err(error),
                    _ => {}
                }
            }
            let Some(next) = found.next else { return Ok(()) };
            page.after = Some(next);
        }
    }
}

/// The ticks that make a job now, and the next one after them. With a key, one job does for all.
fn due_ticks(rhythm: &Rhythm, schedule: &Schedule, now: Timestamp) -> Result<(Vec<Timestamp>, Timestamp)> {
    let last = rhythm.last(schedule.next_at, now)?;
    let next = rhythm.next(last)?;
    match schedule.catch_up {
        CatchUp::Skip if now.duration_since(last) > ON_TIME => Ok((Vec::new(), next)),
        CatchUp::All if schedule.unique.is_none() => {
            let mut ticks = Vec::new();
            let mut tick = schedule.next_at;
            while tick <= now && ticks.len() < CAUGHT_UP {
                ticks.push(tick);
                tick = rhythm.next(tick)?;
            }
            Ok((ticks, tick))
        }
        CatchUp::Skip | CatchUp::One | CatchUp::All => Ok((vec![last], next)),
    }
}

fn job_of(schedule: &Schedule) -> NewJob {
    NewJob {
        kind: schedule.kind.clone(),
        payload: schedule.payload.clone(),
        tenant: schedule.tenant,
        class: schedule.class,
        when: When::Now,
        unique: schedule.unique.clone().map(|key| Unique { key, on_waiting: OnWaiting::Ignore }),
        group: schedule.group.clone(),
    }
}

fn move_tick(scope: &mut place::Scope<'_>, before: &Schedule, after: &Schedule) -> Result<()> {
    let (before, after) = (ReadyJob::tick(before), ReadyJob::tick(after));
    if before == after {
        return Ok(());
    }
    scope.delete::<ReadyJob>(&(before.place, before.job))?;
    scope.create(&after)
}
