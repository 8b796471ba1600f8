//! Deletes links and flows of OAuth that nobody ended in time.

use gatehouse_domain::Result;
use gatehouse_domain::time::Timestamp;

use super::{BATCH, commit};
use crate::page::Page;
use crate::record::Stored;
use crate::records::{OAuthFlow, OAuthStart};
use crate::scope::{LivesIn, OfDeployment};
use crate::store::Store;

impl Store {
    pub(super) async fn prune_flows(&self, now: Timestamp) -> Result<u64> {
        let starts = self.prune_global(|start: &OAuthStart| start.expires_at <= now).await?;
        Ok(starts + self.prune_global(|flow: &OAuthFlow| flow.expires_at <= now).await?)
    }

    async fn prune_global<R: LivesIn<OfDeployment>>(&self, is_over: impl Fn(&R) -> bool) -> Result<u64> {
        let mut page = Page::first(BATCH);
        let mut pruned = 0;
        loop {
            let found = self.admin().list_stored::<R>(&[], &page).await?;
            let over: Vec<&Stored<R>> = found.items.iter().filter(|item| is_over(item)).collect();
            let mut change = self.change();
            for item in &over {
                change.admin().remove(item)?;
            }
            pruned += commit(change, over.len() as u64).await?;
            match found.next {
                Some(next) => page.after = Some(next),
                None => return Ok(pruned),
            }
        }
    }
}
