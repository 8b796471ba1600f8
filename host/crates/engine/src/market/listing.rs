//! What an operator says of a plugin: its place in the marketplace.

use gatehouse_domain::market::{Listing, Said};
use gatehouse_domain::{Error, Result};
use gatehouse_store::Stored;

use crate::tag::IfMatch;
use crate::work::Work;
use crate::{Caller, Engine};

impl Engine {
    /// What is said of a plugin; nothing where nobody has said anything.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn listing(&self, id: &str) -> Result<Listing> {
        let stored = self.said_of(id).await?;
        Ok(stored.map_or_else(|| Listing::unsaid(id), |stored| stored.record))
    }

    /// Puts words in the place of what was said of a plugin. What is absent is as the manifest of
    /// its newest version has it.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Stale`];
    /// [`gatehouse_domain::ErrorKind::Invalid`] with the JSON path of what does not fit.
    pub async fn put_listing(&self, by: &Caller, id: &str, said: Said, expected: &IfMatch) -> Result<Listing> {
        self.get_plugin(id).await?;
        let said = said.read()?;
        self.change_listing(by, id, "plugin.listed", expected, |listing| listing.said = said).await
    }

    pub(super) async fn change_listing(
        &self,
        by: &Caller,
        id: &str,
        action: &'static str,
        expected: &IfMatch,
        change: impl FnOnce(&mut Listing),
    ) -> Result<Listing> {
        let mut work = self.work(by);
        let next = self.listing_in(&mut work, id, action, expected, change).await?;
        work.commit().await?;
        Ok(next)
    }

    /// Makes a change of a listing part of a work.
    pub(super) async fn listing_in(
        &self,
        work: &mut Work,
        id: &str,
        action: &'static str,
        expected: &IfMatch,
        change: impl FnOnce(&mut Listing),
    ) -> Result<Listing> {
        let stored = self.said_of(id).await?;
        let mut next = stored.as_ref().map_or_else(|| Listing::unsaid(id), |stored| stored.record.clone());
        expected.check(&next)?;
        change(&mut next);
        next.updated_at = Some(self.now());
        match &stored {
            Some(stored) => work.admin().replace(stored, &next)?,
            None => work.admin().create(&next)?,
        }
        work.audit(action, id, stored.as_ref().map(|stored| &stored.record), Some(&next))?;
        Ok(next)
    }

    /// Refuses a plugin that is withdrawn, also where that is done at the same time.
    pub(crate) async fn must_be_listed(&self, id: &str, work: &mut Work) -> Result<()> {
        let Some(stored) = self.said_of(id).await? else { return work.admin().absent::<Listing>(&id.to_owned()) };
        match &stored.withdrawn {
            None => work.admin().unchanged(&stored),
            Some(withdrawn) => {
                let message = format!("the plugin `{id}` is withdrawn and can not be enabled: {}", withdrawn.reason);
                Err(Error::conflict(message))
            }
        }
    }

    pub(crate) async fn said_of(&self, id: &str) -> Result<Option<Stored<Listing>>> {
        self.0.store.admin().get::<Listing>(&id.to_owned()).await
    }
}
