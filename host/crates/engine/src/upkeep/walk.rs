//! The tenants of a deployment, one after the other, for jobs that look at all of them. It ends
//! early where the job is told to stop.

use std::vec::IntoIter;

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::tenant::{Tenant, TenantStatus};
use gatehouse_store::Page;

use crate::Engine;
use crate::jobs::{Claimed, Signal};

/// How many tenants are read at a time.
const BATCH: usize = 200;

/// A walk over all tenants that were not deleted.
pub(crate) struct Tenants {
    found: IntoIter<TenantId>,
    /// Where to read on; nothing where all were read.
    page: Option<Page>,
}

impl Tenants {
    /// From the first one on.
    pub(crate) fn all() -> Self {
        Self { found: Vec::new().into_iter(), page: Some(Page::first(BATCH)) }
    }

    /// The next one; none at the end, or where the job is told to stop.
    pub(crate) async fn next(&mut self, engine: &Engine, job: &Claimed) -> Result<Option<TenantId>> {
        loop {
            if job.signal() != Signal::Go {
                return Ok(None);
            }
            if let Some(tenant) = self.found.next() {
                return Ok(Some(tenant));
            }
            let Some(mut page) = self.page.take() else { return Ok(None) };
            let tenants = engine.0.store.admin().list::<Tenant>(&page).await?;
            let living = tenants.items.iter().filter(|tenant| tenant.status != TenantStatus::Deleted);
            self.found = living.map(|tenant| tenant.id).collect::<Vec<_>>().into_iter();
            self.page = tenants.next.map(|next| {
                page.after = Some(next);
                page
            });
        }
    }
}
