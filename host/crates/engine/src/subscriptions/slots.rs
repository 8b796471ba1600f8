//! How many requests to receivers may be under way. Receivers that did not answer have places of
//! their own, so that however many of them stall, the others do not wait for them; and no tenant
//! has more than half of either.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use gatehouse_domain::id::TenantId;
use gatehouse_domain::{Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of all tenants.
pub(crate) struct Slots {
    all: Places,
    most: usize,
    tenants: Mutex<HashMap<TenantId, Weak<Places>>>,
}

/// Places for receivers that answer and for those that did not.
pub(super) struct Places {
    answering: Arc<Semaphore>,
    silent: Arc<Semaphore>,
}

/// A place, until it is dropped.
pub(super) struct Slot(#[allow(dead_code, reason = "held until it is dropped")] [OwnedSemaphorePermit; 2]);

impl Places {
    fn new(most: usize) -> Self {
        let semaphore = |count: usize| Arc::new(Semaphore::new(count.max(1)));
        Self { answering: semaphore(most), silent: semaphore(most / 2) }
    }

    async fn one(&self, is_silent: bool) -> Result<OwnedSemaphorePermit> {
        let places = if is_silent { &self.silent } else { &self.answering };
        Arc::clone(places).acquire_owned().await.map_err(|_| Error::internal("the places for requests are gone"))
    }
}

impl Slots {
    /// Places for `most` requests.
    pub(crate) fn new(most: usize) -> Self {
        Self { all: Places::new(most), most, tenants: Mutex::default() }
    }

    /// The places of one tenant. Whoever sends for it keeps them.
    pub(super) fn of(&self, tenant: TenantId) -> Arc<Places> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tenants.get(&tenant).and_then(Weak::upgrade) {
            return known;
        }
        tenants.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Places::new(self.most.div_ceil(2)));
        tenants.insert(tenant, Arc::downgrade(&places));
        places
    }

    /// Waits for a place: first among the tenant's own, so that it waits for nobody else's there.
    pub(super) async fn take(&self, tenant: &Places, is_silent: bool) -> Result<Slot> {
        let own = tenant.one(is_silent).await?;
        Ok(Slot([own, self.all.one(is_silent).await?]))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn tenant(number: u8) -> TenantId {
        TenantId::new(1, [number; 10])
    }

    #[test]
    fn neither_silent_receivers_nor_one_tenant_take_all_places() {
        let slots = Slots::new(8);
        let (one, two) = (slots.of(tenant(1)), slots.of(tenant(2)));
        let take = |of: &Places, silent: bool| slots.take(of, silent).now_or_never().map(Result::unwrap);
        let held: Vec<_> = std::iter::from_fn(|| take(&one, true)).take(100).collect();
        assert_eq!(held.len(), 2, "half of the silent places of half of all");
        let mine: Vec<_> = std::iter::from_fn(|| take(&one, false)).take(100).collect();
        assert_eq!(mine.len(), 4);
        let others: Vec<_> = std::iter::from_fn(|| take(&two, false)).take(100).collect();
        assert_eq!(others.len(), 4);
        drop(mine);
        assert!(take(&one, false).is_some() && Arc::ptr_eq(&one, &slots.of(tenant(1))));
    }
}
