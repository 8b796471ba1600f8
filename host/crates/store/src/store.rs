//! The typed store: where everything above this crate begins.

use std::sync::Arc;

use gatehouse_domain::id::TenantId;

use crate::artefacts::Artefacts;
use crate::change::Change;
use crate::keys;
use crate::scope::{Admin, TenantScope};
use crate::storage::Storage;

/// All records and artefacts of a deployment. Cloning it is cheap.
#[derive(Clone)]
pub struct Store {
    storage: Arc<dyn Storage>,
    artefacts: Artefacts,
}

impl Store {
    /// A store over a storage and a folder of artefacts.
    pub fn new(storage: Arc<dyn Storage>, artefacts: Artefacts) -> Self {
        Self { storage, artefacts }
    }

    /// One tenant's records.
    pub fn tenant(&self, tenant: TenantId) -> TenantScope {
        TenantScope::new(Arc::clone(&self.storage), keys::tenant(tenant))
    }

    /// The deployment's records: for what belongs to no tenant.
    pub fn admin(&self) -> Admin {
        Admin::new(Arc::clone(&self.storage), keys::global())
    }

    /// An empty change.
    pub fn change(&self) -> Change {
        Change::new(Arc::clone(&self.storage))
    }

    /// The artefacts.
    pub fn artefacts(&self) -> &Artefacts {
        &self.artefacts
    }

    /// The storage, for its health and its end.
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }
}
