//! Versions that somebody has to approve: what is found of one as it comes, and what is decided about
//! it. Until it is approved no tenant can see, choose or run it.

use gatehouse_domain::id::KeyId;
use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::plugin::submission::{Decided, Move, Report, State, Submission, read_reason};
use gatehouse_domain::sheet::widened;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::{Cursor, Page, Paged, Stored};
use semver::Version;
use serde_json::json;

use super::name_of;
use crate::compatibility::{check_version, compare};
use crate::installs::tell::{self, News};
use crate::{Caller, Engine};

/// What lets a caller decide about submissions.
const APPROVE: &str = "plugins:approve";
/// How many differences a report keeps, and how many points of a sheet.
const KEPT: usize = 100;
/// How often a decision is tried against others who decide at the same moment.
const TRIES: usize = 5;

/// As what an uploaded version comes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arrival {
    /// Nobody asks for a review.
    Published,
    /// It would be reviewed, and comes from somebody who may approve it.
    Approved(KeyId),
    /// It waits for somebody to approve it.
    Submitted(KeyId),
}

/// What somebody decides about a submission.
struct Decision {
    step: Move,
    action: &'static str,
    reason: Option<String>,
}

impl Arrival {
    /// What the audit trail calls it.
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::Published | Self::Approved(_) => "plugin.uploaded",
            Self::Submitted(_) => "plugin.submitted",
        }
    }
}

impl Engine {
    /// A page of the versions whose review stands there, by plugin. A caller that acts for a tenant
    /// knows of none.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn submissions(&self, by: &Caller, state: State, page: &Page) -> Result<Paged<PluginVersion>> {
        let (mut items, mut part) = (Vec::new(), Page { limit: 100, ..page.clone() });
        let limit = page.limit.max(1);
        if by.tenant_if_any().is_some() {
            return Ok(Paged { items, next: None });
        }
        loop {
            let read = self.0.store.admin().list_stored::<PluginVersion>(&[], &part).await?;
            let stands = |version: &PluginVersion| version.submission.as_ref().is_some_and(|one| one.state == state);
            items.extend(read.items.into_iter().map(|stored| stored.record).filter(stands));
            if items.len() > limit || read.next.is_none() {
                break;
            }
            part.after = read.next;
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more);
        let next = last.map(|version| Cursor::at(&(version.plugin.id.clone(), version.plugin.version.clone())));
        Ok(Paged { items, next })
    }

    /// Lets a submitted version be chosen. `digest` is that of the bytes that were looked at. Tenants
    /// that have another version of the plugin are told by the event `plugin.approved`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] where it is not in review, has other bytes, or is no
    /// longer an honest version beside those that were approved meanwhile; [`ErrorKind::Forbidden`] where
    /// its signature is no longer good; [`ErrorKind::Invalid`] for a reason that does not fit.
    pub async fn approve_version(
        &self,
        by: &Caller,
        (id, version): (&str, &Version),
        digest: &str,
        reason: Option<&str>,
    ) -> Result<PluginVersion> {
        let reason = reason.map(read_reason).transpose()?;
        // Two that are neighbours must not be approved without each other.
        let _publishing = self.0.publishing.lock().await;
        let stored = self.any_version(id, version).await?;
        let submission = submission_in(&stored)?;
        submission.after(&name_of(&stored), Move::Approve)?;
        if submission.digest != digest {
            let message =
                format!("{} was submitted with other bytes: look at these, then approve them", name_of(&stored));
            return Err(Error::conflict(message).at("$.digest", format!("they are {}", submission.digest)));
        }
        self.check_still(&stored).await?;
        self.settle_submission(by, (id, version), &Decision { step: Move::Approve, action: "plugin.approved", reason })
            .await
    }

    /// Turns a submitted version down.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] where it is not in review; [`ErrorKind::Invalid`] for a reason
    /// that does not fit.
    pub async fn reject_version(
        &self,
        by: &Caller,
        (id, version): (&str, &Version),
        reason: &str,
    ) -> Result<PluginVersion> {
        let reason = Some(read_reason(reason)?);
        self.settle_submission(by, (id, version), &Decision { step: Move::Reject, action: "plugin.rejected", reason })
            .await
    }

    /// Takes a submission back. The same bytes or others can be submitted later.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] where it is not in review.
    pub async fn withdraw_version(&self, by: &Caller, (id, version): (&str, &Version)) -> Result<PluginVersion> {
        let action = "plugin.submission_withdrawn";
        self.settle_submission(by, (id, version), &Decision { step: Move::Withdraw, action, reason: None }).await
    }

    /// Lets the very bytes that were rejected be submitted once more.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] where it is not rejected.
    pub async fn reset_version(&self, by: &Caller, (id, version): (&str, &Version)) -> Result<PluginVersion> {
        let action = "plugin.submission_reset";
        self.settle_submission(by, (id, version), &Decision { step: Move::Reset, action, reason: None }).await
    }

    /// As what a version comes that this caller uploads.
    pub(super) fn arrival(&self, by: &Caller) -> Arrival {
        match (self.0.policy.trust.reviewed_only, by.may(APPROVE)) {
            (false, _) => Arrival::Published,
            (true, true) => Arrival::Approved(by.key.id),
            (true, false) => Arrival::Submitted(by.key.id),
        }
    }

    /// What is kept of the review of a version as it comes.
    pub(super) async fn submission_of(
        &self,
        published: &[PluginVersion],
        version: &PluginVersion,
        arrival: Arrival,
    ) -> Result<Option<Submission>> {
        let (state, by) = match arrival {
            Arrival::Published => return Ok(None),
            Arrival::Approved(by) => (State::Approved, by),
            Arrival::Submitted(by) => (State::InReview, by),
        };
        let at = self.now();
        let newest = published.iter().max_by(|a, b| a.plugin.version.cmp(&b.plugin.version));
        let changes = newest.map(|newest| compare(newest, version));
        let report = Report {
            against: newest.map(|newest| newest.plugin.version.clone()),
            class: changes.as_ref().map(|changes| changes.class),
            differences: changes
                .map(|changes| changes.differences.into_iter().take(KEPT).collect())
                .unwrap_or_default(),
            widened: newest
                .map(|newest| widened(&newest.sheet, &version.sheet).into_iter().take(KEPT).collect())
                .unwrap_or_default(),
            signature: self.signature_of(version).await?,
        };
        let decided = (state == State::Approved).then_some(Decided { by, at, reason: None });
        Ok(Some(Submission { state, digest: version.uploaded_digest().to_owned(), by, at, report, decided }))
    }

    /// That what was found as it came is still so: meanwhile others were approved, and keys revoked.
    async fn check_still(&self, version: &PluginVersion) -> Result<()> {
        let published = self.versions_of(&version.plugin.id).await?;
        check_version(&published, version).map_err(|mut error| {
            error.kind = ErrorKind::Conflict;
            error
        })?;
        self.check_trusted(version).await
    }

    async fn settle_submission(
        &self,
        by: &Caller,
        (id, version): (&str, &Version),
        decision: &Decision,
    ) -> Result<PluginVersion> {
        let mut tries = 0;
        loop {
            let stored = self.any_version(id, version).await?;
            let decided = Decided { by: by.key.id, at: self.now(), reason: decision.reason.clone() };
            let submission = submission_in(&stored)?.decided(&name_of(&stored), decision.step, decided)?;
            let next = PluginVersion { submission: Some(submission), ..stored.record.clone() };
            let mut work = self.work(by);
            work.admin().replace(&stored, &next)?;
            let (before, after) = (stored.submission.as_ref(), next.submission.as_ref());
            work.audit(decision.action, name_of(&stored), before, after)?;
            if decision.step == Move::Approve {
                tell::enqueue(self, work.change(), &self.news(&next)).await?;
            }
            match work.commit_now().await {
                // Somebody else decided at this moment: what is left to do is seen in the next look.
                Err(error) if error.kind == ErrorKind::Conflict && tries < TRIES => tries += 1,
                done => return done.map(|()| next),
            }
        }
    }

    fn news(&self, version: &PluginVersion) -> News {
        let class = version.submission.as_ref().and_then(|submission| submission.report.class);
        let data = json!({ "version": version.plugin.version, "class": class });
        let (plugin, kind) = (version.plugin.clone(), "plugin.approved".to_owned());
        News { plugin, kind, data, at: self.now(), whole: true, after: None }
    }
}

fn submission_in(stored: &Stored<PluginVersion>) -> Result<&Submission> {
    stored.submission.as_ref().ok_or_else(|| {
        let name = name_of(stored);
        Error::conflict(format!("{name} was published without a review, so there is none to decide: yank it instead"))
    })
}
