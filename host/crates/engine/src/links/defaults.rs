//! Which of a provider's integrations its code stands for: the only one, or the tenant's default.

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::link::Entity;
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::Page;
use gatehouse_store::records::IntegrationByProvider;

use crate::narrow::Lens;
use crate::{Caller, Engine};

/// How many candidates an ambiguous code is answered with.
const TOLD: usize = 10;

impl Engine {
    /// The integration that a provider's code stands for.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] where there is none, and
    /// [`gatehouse_domain::ErrorKind::Conflict`] with the candidates where there are several and
    /// no default.
    pub(crate) async fn integration_of_provider(&self, by: &Caller, provider: &str) -> Result<IntegrationId> {
        let tenant = by.tenant()?;
        let prefix = IntegrationByProvider::prefix_of(provider);
        let scope = self.0.store.tenant(tenant);
        let found = self.list_known::<IntegrationByProvider>(by, &prefix, &Page::first(TOLD)).await?;
        match found.items.as_slice() {
            [] => return Err(Error::not_found("integration", provider)),
            [only] => return Ok(only.integration),
            _ => {}
        }
        let mut lens = Lens::new(self, by);
        let mut defaults: Vec<IntegrationId> = Vec::new();
        // Links without purpose come first.
        for link in self.links_of(tenant, &Entity::of_tenant(tenant)).await?.iter().filter(|link| link.is_default) {
            let id = (provider.to_owned(), link.integration);
            let entry = scope.get::<IntegrationByProvider>(&id).await?;
            let of_provider = match entry {
                Some(entry) => lens.sees(&entry.record).await?,
                None => false,
            };
            if of_provider && link.purpose.is_none() {
                return Ok(link.integration);
            }
            if of_provider && !defaults.contains(&link.integration) {
                defaults.push(link.integration);
            }
        }
        if let [only] = defaults.as_slice() {
            return Ok(*only);
        }
        let candidates = if defaults.is_empty() { ids(&found.items) } else { defaults };
        Err(ambiguous(provider, &candidates))
    }
}

fn ids(entries: &[IntegrationByProvider]) -> Vec<IntegrationId> {
    entries.iter().map(|entry| entry.integration).collect()
}

fn ambiguous(provider: &str, candidates: &[IntegrationId]) -> Error {
    let message = format!(
        "there are several `{provider}` integrations; name one by its id, or make one the tenant's default with POST \
         /api/v1/entities/tenant/{{tenant}}/integrations"
    );
    let mut error = Error::conflict(message);
    error.problems = candidates.iter().map(|id| Problem::at("integration", format!("`{id}` is one of them"))).collect();
    error
}
