//! What hangs on an integration: links and policies that name it. Deleting it asks first.

use gatehouse_domain::integration::Integration;
use gatehouse_domain::link::Link;
use gatehouse_domain::routing::Policy;
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::records::LinkByIntegration;
use gatehouse_store::{Page, Stored};

use super::cut;
use crate::work::Work;
use crate::{Caller, Engine};

/// How many links one commit cuts.
const BATCH: usize = 500;
/// How many ties are told.
const TOLD: usize = 10;

impl Engine {
    /// Adds to `work`, which deletes an integration, the end of its links. Where there are more
    /// than fit one commit, the first of them go before it.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] with what would break, unless `force` says that
    /// it may.
    pub(crate) async fn cut_ties(
        &self,
        by: &Caller,
        integration: &Integration,
        force: bool,
        work: &mut Work,
    ) -> Result<()> {
        let tenant = by.tenant()?;
        let policies = self.policies_naming(by, integration).await?;
        let mut links = self.first_links(by, integration).await?;
        let free = links.is_empty() && policies.is_empty();
        if !force && !free {
            return Err(tied(&links, &policies));
        }
        while links.len() == BATCH {
            let mut before = self.work(by);
            links.iter().try_for_each(|link| cut(&mut before, tenant, link))?;
            before.commit().await?;
            links = self.first_links(by, integration).await?;
        }
        links.iter().try_for_each(|link| cut(work, tenant, link))
    }

    /// Cuts what was linked while the integration was being deleted. Afterwards nothing can be, as
    /// a link asks that its integration is there.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(crate) async fn cut_late_ties(&self, by: &Caller, integration: &Integration) -> Result<()> {
        let tenant = by.tenant()?;
        loop {
            let links = self.first_links(by, integration).await?;
            if links.is_empty() {
                return Ok(());
            }
            let mut work = self.work(by);
            links.iter().try_for_each(|link| cut(&mut work, tenant, link))?;
            work.commit().await?;
        }
    }

    async fn first_links(&self, by: &Caller, integration: &Integration) -> Result<Vec<Stored<Link>>> {
        let tenant = by.tenant()?;
        let scope = self.0.store.tenant(tenant);
        let under = integration.id.to_bytes();
        let mut links = Vec::new();
        for entry in scope.list_under::<LinkByIntegration>(&under, &Page::first(BATCH)).await?.items {
            links.extend(self.link_behind(tenant, entry).await?);
        }
        Ok(links)
    }

    async fn policies_naming(&self, by: &Caller, integration: &Integration) -> Result<Vec<Policy>> {
        let mut policies = self.all_policies(by.tenant()?).await?;
        policies.retain(|policy| policy.integrations().any(|(_, id)| id == integration.id));
        Ok(policies)
    }
}

/// What would break: how much, and the first of it.
fn tied(links: &[Stored<Link>], policies: &[Policy]) -> Error {
    let many = if links.len() == BATCH { " or more" } else { "" };
    let message = format!(
        "the integration has {}{many} links and is named by {} policies; unlink it first, or send ?force=true to delete \
         it with its links",
        links.len(),
        policies.len()
    );
    let of_links = links.iter().map(|link| {
        let purpose = link.purpose.as_ref().map(|purpose| format!(" for {purpose}")).unwrap_or_default();
        let default = if link.is_default { ", as the default" } else { "" };
        Problem::at("links", format!("{} is linked{purpose}{default}", link.entity))
    });
    let of_policies = policies.iter().map(|policy| Problem::at("policies", format!("`{}` names it", policy.name)));
    let mut error = Error::conflict(message);
    error.problems = of_policies.chain(of_links).take(TOLD).collect();
    error
}
