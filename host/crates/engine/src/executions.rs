//! Executions: reading the records of calls.

use gatehouse_domain::execution::Execution;
use gatehouse_domain::id::{ExecutionId, IntegrationId};
use gatehouse_domain::{Error, Result};
use gatehouse_store::records::{ExecutionByIntegration, UnknownExecution};
use gatehouse_store::{Page, Paged, TenantScope};

use crate::narrow::Lens;
use crate::{Caller, Engine};

/// Which executions to list; what is absent is not looked at.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those of this integration, by its id or its provider's code.
    pub integration: Option<String>,
    /// Those whose outcome is unknown.
    pub unknown: bool,
}

impl Engine {
    /// The tenant's executions, newest first. Each list is one range of an index; only unknown
    /// ones of an integration are picked from those of all, so that a page may hold fewer than
    /// were asked for, or none, before the last.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] for an unknown integration.
    pub async fn executions(&self, by: &Caller, filter: &Filter, page: &Page) -> Result<Paged<Execution>> {
        let scope = self.0.store.tenant(by.tenant()?);
        let mut lens = Lens::new(self, by);
        let page = Page { reverse: true, ..page.clone() };
        let integration: Option<IntegrationId> = match &filter.integration {
            Some(target) => Some(self.integration(by, target).await?.id),
            None => None,
        };
        if filter.unknown {
            let index = scope.list::<UnknownExecution>(&page).await?;
            let wanted = index.items.iter().filter(|entry| integration.is_none_or(|id| entry.integration == id));
            let ids: Vec<ExecutionId> = wanted.map(|entry| entry.execution).collect();
            return Ok(Paged { items: read(&scope, &mut lens, &ids).await?, next: index.next });
        }
        let Some(integration) = integration else {
            return self.list_known::<Execution>(by, &[], &page).await;
        };
        let index = scope.list_under::<ExecutionByIntegration>(&integration.to_bytes(), &page).await?;
        let ids: Vec<ExecutionId> = index.items.iter().map(|entry| entry.execution).collect();
        Ok(Paged { items: read(&scope, &mut lens, &ids).await?, next: index.next })
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

async fn read(scope: &TenantScope, lens: &mut Lens<'_>, ids: &[ExecutionId]) -> Result<Vec<Execution>> {
    let mut items = Vec::with_capacity(ids.len());
    for id in ids {
        // One that was pruned meanwhile is passed over, as is one that the caller may not know of.
        if let Some(execution) = scope.get::<Execution>(id).await?
            && lens.sees(&execution.record).await?
        {
            items.push(execution.record);
        }
    }
    Ok(items)
}
