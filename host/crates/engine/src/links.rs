//! Links: tying integrations to the host app's own records, and finding them again.
//!
//! An entity has one default for each purpose because the default has a key of its own. Whoever
//! sets it checks that nothing moved since it was read, and reads again where something did.

use std::future::Future;

use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::link::{Entity, Link, Purpose, TENANT};
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_store::records::{LinkByIntegration, LinkId, LinkPlace};
use gatehouse_store::{Page, Paged, Record, Stored};

use crate::work::Work;
use crate::{Caller, Engine};

mod defaults;
mod ties;

/// The most links of one entity: they are read at once for every call by intent.
pub const MOST_LINKS: usize = 100;

/// How often a change is tried again that lost against another of the same entity.
const TRIES: usize = 128;

/// A link to make.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// The integration: an id, or a provider's code where that names one.
    pub integration: String,
    /// What for.
    pub purpose: Option<Purpose>,
    /// Whether it shall be the default; as before where absent, and not where it is new.
    pub is_default: Option<bool>,
}

impl Engine {
    /// Links an integration to an entity. Linking it again changes whether it is the default.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an unknown integration, [`ErrorKind::Conflict`] beyond
    /// [`MOST_LINKS`], [`ErrorKind::Invalid`] for the entity of another tenant.
    pub async fn link_integration(&self, by: &Caller, entity: &Entity, new: &NewLink) -> Result<Link> {
        check_own(by.tenant()?, entity)?;
        let integration = self.integration(by, &new.integration).await?.id;
        again(|| self.try_link(by, entity, integration, new)).await
    }

    /// The links of an entity, those without purpose first, a default before the others. Only
    /// those of one purpose, or of none, where `purpose` says so.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn links(&self, by: &Caller, entity: &Entity, purpose: Option<&Option<Purpose>>) -> Result<Vec<Link>> {
        let mut links = self.links_of(by.tenant()?, entity).await?;
        links.retain(|link| purpose.is_none_or(|purpose| link.purpose == *purpose));
        Ok(links.into_iter().map(|link| link.record).collect())
    }

    /// The links of an integration, by entity.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an unknown integration.
    pub async fn links_of_integration(&self, by: &Caller, target: &str, page: &Page) -> Result<Paged<Link>> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?.id;
        let index = self.0.store.tenant(tenant).list_under::<LinkByIntegration>(&integration.to_bytes(), page).await?;
        let mut items = Vec::with_capacity(index.items.len());
        for entry in index.items {
            // One that was unlinked meanwhile is passed over.
            items.extend(self.link_behind(tenant, entry).await?.map(|link| link.record));
        }
        Ok(Paged { items, next: index.next })
    }

    /// Unlinks an integration from an entity: for one purpose (or for none) where `purpose` says
    /// so, else for all.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where it is not linked.
    pub async fn unlink_integration(
        &self,
        by: &Caller,
        entity: &Entity,
        target: &str,
        purpose: Option<&Option<Purpose>>,
    ) -> Result<()> {
        let integration = match target.parse::<IntegrationId>() {
            Ok(id) => id,
            Err(_) => self.integration(by, target).await?.id,
        };
        again(|| self.try_unlink(by, entity, integration, purpose)).await
    }

    /// An entity's links: one range read.
    pub(crate) async fn links_of(&self, tenant: TenantId, entity: &Entity) -> Result<Vec<Stored<Link>>> {
        let page = Page::first(2 * MOST_LINKS);
        Ok(self.0.store.tenant(tenant).list_stored::<Link>(&LinkId::prefix_of(entity), &page).await?.items)
    }

    async fn try_link(&self, by: &Caller, entity: &Entity, to: IntegrationId, new: &NewLink) -> Result<Option<Link>> {
        let tenant = by.tenant()?;
        if self.0.store.tenant(tenant).get::<Integration>(&to).await?.is_none() {
            return Err(Error::not_found("integration", to));
        }
        let links = self.links_of(tenant, entity).await?;
        let mut same = links.iter().filter(|link| link.purpose == new.purpose);
        let known = same.clone().find(|link| link.integration == to);
        let holder = same.find(|link| link.is_default);
        let is_default = new.is_default.unwrap_or(known.is_some_and(|known| known.is_default));
        if let Some(known) = known.filter(|known| known.is_default == is_default) {
            return Ok(Some(known.record.clone()));
        }
        if known.is_none() && links.len() >= MOST_LINKS {
            let message = format!("`{entity}` has {MOST_LINKS} links, which is the most; unlink one first");
            return Err(Error::conflict(message));
        }
        let link = Link {
            integration: to,
            entity: entity.clone(),
            purpose: new.purpose.clone(),
            is_default,
            created_at: known.map_or_else(|| self.now(), |known| known.created_at),
        };
        Ok(self.keep_link(by, &link, known, holder).await?.map(|()| link))
    }

    /// Writes a link in one commit, with the move of the default that it takes.
    async fn keep_link(
        &self,
        by: &Caller,
        link: &Link,
        known: Option<&Stored<Link>>,
        holder: Option<&Stored<Link>>,
    ) -> Result<Option<()>> {
        let tenant = by.tenant()?;
        let place = |place| LinkId { entity: link.entity.clone(), purpose: link.purpose.clone(), place };
        let mut work = self.work(by);
        let mut change = work.tenant(tenant);
        change.require::<Integration>(&link.integration)?;
        if link.is_default {
            match holder {
                Some(holder) => {
                    change.replace(holder, link)?;
                    change.create(&Link { is_default: false, ..holder.record.clone() })?;
                }
                None => change.create(link)?,
            }
            match known {
                Some(known) => change.remove(known)?,
                None => change.absent::<Link>(&place(LinkPlace::Other(link.integration)))?,
            }
        } else {
            change.create(link)?;
            match known.or(holder) {
                // It was the default itself.
                Some(known) if known.integration == link.integration => change.remove(known)?,
                // Nobody may make it the default at the same time: it would be linked twice.
                Some(holder) => change.unchanged(holder)?,
                None => change.absent::<Link>(&place(LinkPlace::Default))?,
            }
        }
        if known.is_none() {
            change.create(&entry_of(link))?;
        }
        let action = if known.is_some() { "link.updated" } else { "link.created" };
        work.audit(action, target_of(link), known.map(|known| &known.record), Some(link))?;
        committed(work).await
    }

    async fn try_unlink(
        &self,
        by: &Caller,
        entity: &Entity,
        from: IntegrationId,
        purpose: Option<&Option<Purpose>>,
    ) -> Result<Option<()>> {
        let tenant = by.tenant()?;
        let mut links = self.links_of(tenant, entity).await?;
        links.retain(|link| link.integration == from && purpose.is_none_or(|purpose| link.purpose == *purpose));
        if links.is_empty() {
            return Err(Error::not_found("link", format!("{entity} to {from}")));
        }
        let mut work = self.work(by);
        for link in &links {
            cut(&mut work, tenant, link)?;
        }
        committed(work).await
    }

    /// The link that an entry of the index speaks of, whichever place it has.
    async fn link_behind(&self, tenant: TenantId, entry: LinkByIntegration) -> Result<Option<Stored<Link>>> {
        let scope = self.0.store.tenant(tenant);
        let LinkByIntegration { integration, entity, purpose, .. } = entry;
        let mut id = LinkId { entity, purpose, place: LinkPlace::Other(integration) };
        if let Some(link) = scope.get::<Link>(&id).await? {
            return Ok(Some(link));
        }
        id.place = LinkPlace::Default;
        Ok(scope.get::<Link>(&id).await?.filter(|link| link.integration == integration))
    }
}

/// Removes a link with its entry in the index.
fn cut(work: &mut Work, tenant: TenantId, link: &Stored<Link>) -> Result<()> {
    work.tenant(tenant).remove(link)?;
    work.tenant(tenant).delete::<LinkByIntegration>(&entry_of(link).id())?;
    work.audit("link.deleted", target_of(link), Some(&link.record), None)
}

/// What the audit trail calls a link.
fn target_of(link: &Link) -> String {
    let purpose = link.purpose.as_ref().map_or("any", Purpose::as_str);
    format!("{} {purpose} {}", link.entity, link.integration)
}

fn entry_of(link: &Link) -> LinkByIntegration {
    let Link { integration, entity, purpose, created_at, .. } = link.clone();
    LinkByIntegration { integration, entity, purpose, created_at }
}

/// The entity that stands for a tenant is its own.
fn check_own(tenant: TenantId, entity: &Entity) -> Result<()> {
    if entity.entity_type() != TENANT || *entity == Entity::of_tenant(tenant) {
        return Ok(());
    }
    let problem = Problem::at("entity_id", format!("must be this tenant's id, `{tenant}`, for the type `{TENANT}`"));
    Err(Error::problems("the entity stands for another tenant", vec![problem]))
}

/// Tries again while another change of the same records wins: an attempt that lost gives nothing.
async fn again<T, F: Future<Output = Result<Option<T>>>>(attempt: impl Fn() -> F) -> Result<T> {
    for _ in 0..TRIES {
        if let Some(done) = attempt().await? {
            return Ok(done);
        }
    }
    Err(Error::conflict("the entity's links change too fast; retry").retry_after(1_000))
}

/// Commits; gives nothing where another change won. It never waits for the answer of a request
/// with an idempotency key, as nobody would try again then: to link or unlink twice is to do it once.
async fn committed(work: Work) -> Result<Option<()>> {
    match work.commit_now().await {
        Ok(_) => Ok(Some(())),
        Err(error) if error.kind == ErrorKind::Conflict => Ok(None),
        Err(error) => Err(error),
    }
}
