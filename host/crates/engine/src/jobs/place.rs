//! Keeps the small records beside a job in step with it. Every move of a waiting job goes
//! through here, so that a job is in exactly one place.

use gatehouse_domain::Result;
use gatehouse_domain::job::{Job, JobState};
use gatehouse_store::Admin;
use gatehouse_store::change::ChangeScope;
use gatehouse_store::records::job::group_key;
use gatehouse_store::records::{DeadJob, GroupKey, JobGroup, JobUnique, ReadyJob};
use gatehouse_store::scope::OfDeployment;

/// The part of a change that jobs are written in.
pub(crate) type Scope<'c> = ChangeScope<'c, OfDeployment>;

/// Adds the records beside a new job.
pub(super) fn enter(scope: &mut Scope<'_>, job: &Job) -> Result<()> {
    move_to(scope, None, Some(job))
}

/// Exchanges the records beside a job for those of its new form; leases are the caller's.
pub(super) fn shift(scope: &mut Scope<'_>, before: &Job, after: &Job) -> Result<()> {
    move_to(scope, Some(before), Some(after))
}

/// Deletes the records beside a job that is no more.
pub(super) fn leave(scope: &mut Scope<'_>, before: &Job) -> Result<()> {
    move_to(scope, Some(before), None)
}

/// The group that a job is in.
pub(super) fn group_of(job: &Job) -> Option<GroupKey> {
    job.group.as_deref().map(|group| group_key(job.tenant, group))
}

/// Frees the group of a job that runs, and so has it.
pub(super) fn free(scope: &mut Scope<'_>, job: &Job) -> Result<Option<GroupKey>> {
    let Some(group) = group_of(job) else { return Ok(None) };
    scope.delete::<JobGroup>(&JobGroup::taken_id(&group))?;
    Ok(Some(group))
}

/// Frees the group of a job that waits, if it has it: it does between two tries.
pub(super) async fn free_if_held(admin: &Admin, scope: &mut Scope<'_>, job: &Job) -> Result<Option<GroupKey>> {
    let Some(group) = group_of(job) else { return Ok(None) };
    let held = admin.get::<JobGroup>(&JobGroup::taken_id(&group)).await?;
    let is_own = |held: &JobGroup| matches!(held, JobGroup::Taken { job: holder, .. } if *holder == job.id);
    let Some(held) = held.filter(|held| is_own(held)) else { return Ok(None) };
    scope.remove(&held)?;
    Ok(Some(group))
}

fn move_to(scope: &mut Scope<'_>, before: Option<&Job>, after: Option<&Job>) -> Result<()> {
    let (old, new) = (before.and_then(ReadyJob::of), after.and_then(ReadyJob::of));
    if old != new {
        if let Some(old) = old {
            scope.delete::<ReadyJob>(&(old.place, old.job))?;
        }
        if let Some(new) = new {
            scope.create(&new)?;
        }
    }
    let (old, new) = (before.and_then(dead), after.and_then(dead));
    if old != new {
        if let Some(old) = old {
            scope.delete::<DeadJob>(&(old.tenant, old.at, old.job))?;
        }
        if let Some(new) = new {
            scope.create(&new)?;
        }
    }
    let (old, new) = (before.and_then(held_key), after.and_then(held_key));
    match (old, new) {
        (Some(old), None) => scope.delete::<JobUnique>(&old.key),
        (None, Some(new)) => scope.create(&new),
        _ => Ok(()),
    }
}

fn dead(job: &Job) -> Option<DeadJob> {
    let JobState::Dead { at, .. } = &job.state else { return None };
    Some(DeadJob { tenant: job.tenant, at: *at, job: job.id, kind: job.kind.clone() })
}

fn held_key(job: &Job) -> Option<JobUnique> {
    let key = job.unique.as_deref().filter(|_| job.holds_key)?;
    Some(JobUnique { key: JobUnique::key_of(job.tenant, &job.kind, key), job: job.id })
}
