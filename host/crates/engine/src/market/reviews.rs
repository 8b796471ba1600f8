//! Reviews: one a tenant and plugin, by tenants that have or had it. The total is kept in the same
//! commit as each review.

use gatehouse_domain::id::{ReviewId, TenantId};
use gatehouse_domain::install::Install;
use gatehouse_domain::market::{Hidden, Rating, RatingTotal, Review};
use gatehouse_domain::text::Text;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::{OwnReview, ReviewKey, reviews_of};
use gatehouse_store::{Page, Paged, Stored};

use crate::tag::IfMatch;
use crate::{Caller, Engine};

/// How often it is tried against others that review the same plugin.
const TRIES: usize = 16;

impl Engine {
    /// A page of what tenants say of a plugin, newest first. An operator sees hidden ones as well;
    /// a tenant sees its own, hidden or not.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no such plugin.
    pub async fn reviews(&self, by: &Caller, id: &str, page: &Page) -> Result<Paged<Review>> {
        self.get_plugin(id).await?;
        let page = Page { reverse: true, ..page.clone() };
        let mut found = self.0.store.admin().list_under::<Review>(&reviews_of(id), &page).await?;
        let tenant = by.tenant_if_any();
        let shown = |review: &Review| tenant.is_none_or(|tenant| review.hidden.is_none() || review.tenant == tenant);
        found.items.retain(shown);
        Ok(found)
    }

    /// The caller's own review of a plugin.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub async fn own_review(&self, by: &Caller, id: &str) -> Result<Review> {
        let tenant = by.tenant()?;
        self.get_plugin(id).await?;
        let found = self.own(tenant, id).await?;
        found.map(|(_, review)| review.record).ok_or_else(|| none_of_its_own(id))
    }

    /// Says what the caller's tenant thinks of a plugin, in the place of what it said before. What
    /// an operator hides stays hidden.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] where the tenant never had the plugin;
    /// [`ErrorKind::Invalid`] with the JSON path of what does not fit; [`ErrorKind::Stale`].
    pub async fn put_review(&self, by: &Caller, id: &str, rating: Rating, expected: &IfMatch) -> Result<Review> {
        let tenant = by.tenant()?;
        self.get_plugin(id).await?;
        let rating = rating.read()?;
        let install = self.0.store.tenant(tenant).get::<Install>(&id.to_owned()).await?.ok_or_else(|| {
            Error::conflict(format!("`{id}` was never enabled here: only who has a plugin, or had it, reviews it"))
        })?;
        let version = install.plugin.version.to_string();
        let mut tries = 0;
        loop {
            match self.try_put(by, id, (&rating, &version), expected).await {
                Err(error) if is_race(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_put(
        &self,
        by: &Caller,
        id: &str,
        (rating, version): (&Rating, &str),
        expected: &IfMatch,
    ) -> Result<Review> {
        let tenant = by.tenant()?;
        let known = self.own(tenant, id).await?;
        let old = known.as_ref().map(|(_, review)| review);
        expected.check_some(old.map(|old| &old.record))?;
        let next = self.reviewed(tenant, id, old, (rating.clone(), version.to_owned()))?;
        let mut work = self.work(by);
        match old {
            Some(old) => work.admin().replace(old, &next)?,
            None => {
                work.tenant(tenant).create(&OwnReview { plugin: id.to_owned(), review: next.id })?;
                work.admin().create(&next)?;
            }
        }
        self.count_review(&mut work, old.map(|old| &old.record), Some(&next)).await?;
        work.audit("plugin.reviewed", id, old.map(|old| &old.record), Some(&next))?;
        work.commit_now().await?;
        Ok(next)
    }

    /// The review that takes the place of the one before. What is hidden stays so.
    fn reviewed(
        &self,
        tenant: TenantId,
        id: &str,
        old: Option<&Stored<Review>>,
        (rating, version): (Rating, String),
    ) -> Result<Review> {
        let now = self.now();
        if let Some(old) = old {
            return Ok(Review { rating, version, updated_at: now, ..old.record.clone() });
        }
        let (plugin, created_at, updated_at) = (id.to_owned(), now, now);
        Ok(Review { id: self.new_id()?, plugin, tenant, rating, version, hidden: None, created_at, updated_at })
    }

    /// Takes back what the caller's tenant said of a plugin.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Stale`].
    pub async fn delete_review(&self, by: &Caller, id: &str, expected: &IfMatch) -> Result<()> {
        let tenant = by.tenant()?;
        self.get_plugin(id).await?;
        let mut tries = 0;
        loop {
            match self.try_delete(by, tenant, id, expected).await {
                Err(error) if is_race(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_delete(&self, by: &Caller, tenant: TenantId, id: &str, expected: &IfMatch) -> Result<()> {
        let (own, review) = self.own(tenant, id).await?.ok_or_else(|| none_of_its_own(id))?;
        expected.check(&review.record)?;
        let mut work = self.work(by);
        work.tenant(tenant).remove(&own)?;
        work.admin().remove(&review)?;
        self.count_review(&mut work, Some(&review.record), None).await?;
        work.audit::<Review>("plugin.review_deleted", id, Some(&review.record), None)?;
        work.commit_now().await
    }

    /// Hides a review for a reason, which its tenant reads; or shows it again, where there is none.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Invalid`] for a reason that does not fit.
    pub async fn hide_review(&self, by: &Caller, id: &str, review: ReviewId, reason: Option<&str>) -> Result<Review> {
        self.get_plugin(id).await?;
        let reason = reason.map(|reason| Text::line("$.reason", 500).read(reason)).transpose()?;
        let key = ReviewKey(id.to_owned(), review);
        let mut tries = 0;
        loop {
            match self.try_hide(by, &key, reason.clone()).await {
                Err(error) if is_race(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_hide(&self, by: &Caller, key: &ReviewKey, reason: Option<String>) -> Result<Review> {
        let stored = self.0.store.admin().get::<Review>(key).await?;
        let stored = stored.ok_or_else(|| Error::not_found("review", key.1))?;
        let hidden = reason.map(|reason| Hidden { reason, at: self.now() });
        let action = if hidden.is_some() { "plugin.review_hidden" } else { "plugin.review_shown" };
        let next = Review { hidden, ..stored.record.clone() };
        let mut work = self.work(by);
        work.admin().replace(&stored, &next)?;
        self.count_review(&mut work, Some(&stored.record), Some(&next)).await?;
        work.audit(action, key.1, Some(&stored.record), Some(&next))?;
        work.commit_now().await?;
        Ok(next)
    }

    /// What tenants think of a plugin, all in all.
    pub(super) async fn rating_of(&self, id: &str) -> Result<RatingTotal> {
        let stored = self.0.store.admin().get::<RatingTotal>(&id.to_owned()).await?;
        Ok(stored.map_or_else(|| RatingTotal::none(id), |stored| stored.record))
    }

    /// Forgets what a tenant that is deleted said of plugins.
    pub(crate) async fn forget_reviews(&self, tenant: TenantId) -> Result<()> {
        loop {
            let own = self.0.store.tenant(tenant).list_stored::<OwnReview>(&[], &Page::first(100)).await?.items;
            if own.is_empty() {
                return Ok(());
            }
            for own in own {
                let mut tries = 0;
                loop {
                    match self.try_forget(tenant, &own).await {
                        Err(error) if is_race(&error, &mut tries) => {}
                        outcome => break outcome?,
                    }
                }
            }
        }
    }

    async fn try_forget(&self, tenant: TenantId, own: &OwnReview) -> Result<()> {
        let key = ReviewKey(own.plugin.clone(), own.review);
        let mut work = self.own_work(None);
        work.tenant(tenant).delete::<OwnReview>(&own.plugin)?;
        if let Some(review) = self.0.store.admin().get::<Review>(&key).await? {
            work.admin().remove(&review)?;
            self.count_review(&mut work, Some(&review.record), None).await?;
        }
        work.commit_now().await
    }

    async fn count_review(
        &self,
        work: &mut crate::work::Work,
        old: Option<&Review>,
        new: Option<&Review>,
    ) -> Result<()> {
        let Some(plugin) = new.or(old).map(|review| review.plugin.clone()) else { return Ok(()) };
        let stored = self.0.store.admin().get::<RatingTotal>(&plugin).await?;
        let mut next = stored.as_ref().map_or_else(|| RatingTotal::none(&plugin), |stored| stored.record.clone());
        next.exchange(old, new);
        match &stored {
            Some(stored) => work.admin().replace(stored, &next),
            None => work.admin().create(&next),
        }
    }

    async fn own(&self, tenant: TenantId, id: &str) -> Result<Option<(Stored<OwnReview>, Stored<Review>)>> {
        let Some(own) = self.0.store.tenant(tenant).get::<OwnReview>(&id.to_owned()).await? else { return Ok(None) };
        let key = ReviewKey(id.to_owned(), own.review);
        let review = self.0.store.admin().get::<Review>(&key).await?;
        Ok(review.map(|review| (own, review)))
    }
}

/// Whether somebody else reviewed the same plugin meanwhile, and it is to be tried again.
fn is_race(error: &Error, tries: &mut usize) -> bool {
    *tries += 1;
    error.kind == ErrorKind::Conflict && *tries <= TRIES
}

fn none_of_its_own(id: &str) -> Error {
    Error::not_found("review of the plugin by this tenant", id)
}
