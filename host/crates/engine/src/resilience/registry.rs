//! Where the lanes are found: sharded, and bounded by forgetting those that were not used for
//! longest. A lane that a call is using is never forgotten.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use gatehouse_domain::id::{IntegrationId, TenantId};

use super::lane::{Group, Lane, TenantShare};
use super::slots::Slots;
use super::{Millis, Settings};

const SHARDS: usize = 16;

type Lanes = HashMap<IntegrationId, Arc<Lane>>;

/// All lanes.
pub(super) struct Registry {
    shards: [Mutex<Lanes>; SHARDS],
    /// Taken only where a lane is made.
    shared: Mutex<Compartments>,
    all: Arc<Slots>,
    hasher: RandomState,
    per_shard: usize,
}

/// What lanes share. It lives as long as one of its lanes does.
#[derive(Default)]
struct Compartments {
    groups: HashMap<(TenantId, String), Weak<Group>>,
    tenants: HashMap<TenantId, Weak<TenantShare>>,
    /// How many there may be before the dead ones are taken out.
    sweep_at: usize,
}

impl Registry {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            shared: Mutex::default(),
            all: Arc::new(Slots::new(settings.in_all)),
            hasher: RandomState::new(),
            per_shard: (settings.tracked as usize).div_ceil(SHARDS).max(1),
        }
    }

    /// The lane of an integration, where there is one.
    pub(super) fn find(&self, integration: IntegrationId) -> Option<Arc<Lane>> {
        self.shard(&integration).get(&integration).cloned()
    }

    /// The lane of an integration, made where there is none.
    pub(super) fn lane(
        &self,
        tenant: TenantId,
        provider: &str,
        integration: IntegrationId,
        settings: &Settings,
        now: Millis,
    ) -> Arc<Lane> {
        let mut shard = self.shard(&integration);
        if let Some(lane) = shard.get(&integration) {
            lane.touch(now);
            return Arc::clone(lane);
        }
        if shard.len() >= self.per_shard {
            make_room(&mut shard);
        }
        let group = self.group(tenant, provider, settings);
        let lane = Arc::new(Lane::new(integration, group, settings, now));
        shard.insert(integration, Arc::clone(&lane));
        lane
    }

    pub(super) fn forget(&self, integration: IntegrationId) {
        self.shard(&integration).remove(&integration);
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// How many groups and tenants are remembered, dead ones among them.
    #[cfg(test)]
    pub(super) fn compartments(&self) -> usize {
        let shared = lock(&self.shared);
        shared.groups.len() + shared.tenants.len()
    }

    /// Looks at every lane.
    pub(super) fn each(&self, mut look: impl FnMut(&Lane)) {
        for shard in &self.shards {
            lock(shard).values().for_each(|lane| look(lane));
        }
    }

    /// The lanes that have something new to keep; they count as kept from here on.
    pub(super) fn take_dirty(&self) -> Vec<Arc<Lane>> {
        let mut dirty = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            dirty.extend(shard.values().filter(|lane| lane.dirty.swap(false, Ordering::AcqRel)).cloned());
        }
        dirty
    }

    fn shard(&self, integration: &IntegrationId) -> MutexGuard<'_, Lanes> {
        let place = self.hasher.hash_one(integration) as usize % SHARDS;
        let [first, ..] = &self.shards;
        lock(self.shards.get(place).unwrap_or(first))
    }

    fn group(&self, tenant: TenantId, provider: &str, settings: &Settings) -> Arc<Group> {
        let mut shared = lock(&self.shared);
        let key = (tenant, provider.to_owned());
        if let Some(group) = shared.groups.get(&key).and_then(Weak::upgrade) {
            return group;
        }
        shared.sweep();
        let known = shared.tenants.get(&tenant).and_then(Weak::upgrade);
        let share = known.unwrap_or_else(|| Arc::new(TenantShare::new(tenant, Arc::clone(&self.all), settings)));
        shared.tenants.insert(tenant, Arc::downgrade(&share));
        let group = Arc::new(Group::new(provider, share, settings));
        shared.groups.insert(key, Arc::downgrade(&group));
        group
    }
}

impl Compartments {
    fn sweep(&mut self) {
        if self.groups.len() + self.tenants.len() >= self.sweep_at {
            self.groups.retain(|_, group| group.strong_count() > 0);
            self.tenants.retain(|_, tenant| tenant.strong_count() > 0);
            self.sweep_at = 2 * (self.groups.len() + self.tenants.len()) + 64;
        }
    }
}

/// Forgets the eighth that was not used for longest, of those that no call is using.
fn make_room(shard: &mut Lanes) {
    let idle = shard.iter().filter(|(_, lane)| Arc::strong_count(lane) == 1);
    let mut idle: Vec<(Millis, IntegrationId)> =
        idle.map(|(id, lane)| (lane.used_at.load(Ordering::Relaxed), *id)).collect();
    let count = (shard.len() / 8).max(1).min(idle.len());
    if count == 0 {
        return;
    }
    idle.select_nth_unstable(count - 1);
    for (_, id) in idle.into_iter().take(count) {
        shard.remove(&id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
