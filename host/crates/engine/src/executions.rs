//! Executions: reading the records of calls.

use gatehouse_domain::execution::Execution;
use gatehouse_domain::id::{ExecutionId, IntegrationId};
use gatehouse_domain::{Error, Result};
use gatehouse_store::records::ExecutionByIntegration;
use gatehouse_store::{Page, Paged};

use crate::narrow::Lens;
use crate::{Caller, Engine};

impl Engine {
    /// The tenant's executions, newest first; of one integration where it is named.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] for an unknown integration.
    pub async fn executions(&self, by: &Caller, of: Option<&str>, page: &Page) -> Result<Paged<Execution>> {
        let scope = self.0.store.tenant(by.tenant()?);
        let page = Page { reverse: true, ..page.clone() };
        let mut lens = Lens::new(self, by);
        let Some(target) = of else {
            return self.list_known::<Execution>(by, &[], &page).await;
        };
        let integration: IntegrationId = self.integration(by, target).await?.id;
        let index = scope.list_under::<ExecutionByIntegration>(&integration.to_bytes(), &page).await?;
        let mut items = Vec::with_capacity(index.items.len());
        for entry in &index.items {
            if let Some(execution) = scope.get::<Execution>(&entry.execution).await?
                && lens.sees(&execution.record).await?
            {
                items.push(execution.record);
            }
        }
        Ok(Paged { items, next: index.next })
    }

    /// One execution.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], also for another tenant's.
    pub async fn execution(&self, by: &Caller, id: ExecutionId) -> Result<Execution> {
        let stored = self.0.store.tenant(by.tenant()?).get::<Execution>(&id).await?;
        match stored {
            Some(stored) if Lens::new(self, by).sees(&stored.record).await? => Ok(stored.record),
            _ => Err(Error::not_found("execution", id)),
        }
    }
}
