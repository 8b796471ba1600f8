//! Finding integrations among many.

use gatehouse_domain::Result;
use gatehouse_domain::integration::{Environment, Integration, IntegrationStatus};
use gatehouse_store::records::IntegrationByProvider;
use gatehouse_store::{Cursor, Page, Paged, TenantScope};

use crate::{Caller, Engine};

/// How many integrations one request looks at, whatever it finds: a filter that fits few must
/// not read a large tenant as a whole. The cursor goes on behind the last one looked at.
const LOOKED_AT: usize = 2_000;

/// Which integrations to list; what is absent does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this provider.
    pub provider: Option<String>,
    /// In one of these statuses.
    pub statuses: Vec<IntegrationStatus>,
    /// Of this environment.
    pub environment: Option<Environment>,
    /// Whose name, provider or id contains this, whatever the case.
    pub text: Option<String>,
}

impl Engine {
    /// The tenant's integrations that fit, in the order they were made. A page may be short
    /// although there are more: it is over where there is no cursor.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] for a cursor of another list.
    pub async fn integrations(&self, by: &Caller, filter: &Filter, page: &Page) -> Result<Paged<Integration>> {
        let scope = self.0.store.tenant(by.tenant()?);
        let filter = filter.folded();
        let mut found = Paged { items: Vec::new(), next: page.after.clone() };
        let mut looked_at = 0;
        loop {
            let wanted = page.limit.saturating_sub(found.items.len()).max(1);
            let part = part(&scope, &filter, found.next.take(), wanted).await?;
            looked_at += part.items.len();
            found.items.extend(part.items.into_iter().filter(|one| by.sees_integration(one) && filter.fits(one)));
            found.next = part.next;
            if found.next.is_none() || found.items.len() >= page.limit || looked_at >= LOOKED_AT {
                return Ok(found);
            }
        }
    }
}

/// The next integrations, of one provider where the filter names it.
async fn part(scope: &TenantScope, filter: &Filter, after: Option<Cursor>, limit: usize) -> Result<Paged<Integration>> {
    let page = Page { after, limit, reverse: false };
    let Some(provider) = &filter.provider else { return scope.list::<Integration>(&page).await };
    let index = scope.list_under::<IntegrationByProvider>(&IntegrationByProvider::prefix_of(provider), &page).await?;
    let mut items = Vec::with_capacity(index.items.len());
    for entry in &index.items {
        items.extend(scope.get::<Integration>(&entry.integration).await?.map(|stored| stored.record));
    }
    Ok(Paged { items, next: index.next })
}

impl Filter {
    fn folded(&self) -> Self {
        Self { text: self.text.as_deref().map(str::to_lowercase), ..self.clone() }
    }

    fn fits(&self, integration: &Integration) -> bool {
        let status = self.statuses.is_empty() || self.statuses.contains(&integration.status);
        let environment = self.environment.is_none_or(|environment| environment == integration.environment);
        status && environment && self.text.as_deref().is_none_or(|text| is_named(integration, text))
    }
}

fn is_named(integration: &Integration, text: &str) -> bool {
    let id = integration.id.to_string();
    [integration.name.to_lowercase().as_str(), integration.provider.as_str(), id.as_str()]
        .iter()
        .any(|name| name.contains(text))
}
