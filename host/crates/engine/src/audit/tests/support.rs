//! A deployment in memory with chains that its own engine wrote, a clock that is set, and dice that
//! fall the same way again.

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use gatehouse_broker::{Broker, BrokerConfig, RootKey, Vault};
use gatehouse_domain::audit::AuditEntry;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::page::MAX_LIMIT;
use gatehouse_store::storage::Storage;
use gatehouse_store::{Artefacts, MemoryStorage, Page, Raw, Store};

use super::super::{Anchor, AnchorReader, Auditor, Chain};
use crate::rotation::tests::support::runtime;
use crate::{Clock, Engine, Parts, Policy};

/// What tells the time, as it was set.
pub(super) struct Set(Mutex<Timestamp>);

impl Clock for Set {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// A deployment.
pub(super) struct Place {
    pub(super) engine: Engine,
    pub(super) storage: Arc<MemoryStorage>,
    clock: Arc<Set>,
    _folder: tempfile::TempDir,
}

/// The tenant of this number.
pub(super) fn tenant(n: u8) -> Chain {
    Some(TenantId::from_bytes([n; 16]))
}

impl Place {
    pub(super) fn begin() -> Self {
        Self::on(Arc::new(MemoryStorage::new()))
    }

    /// A start on a storage.
    pub(super) fn on(storage: Arc<MemoryStorage>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let artefacts = Artefacts::open(folder.path(), 1 << 20).unwrap();
        let store = Store::new(Arc::clone(&storage) as Arc<dyn Storage>, artefacts);
        let vault = Vault::new(RootKey::from_bytes([1; 32]), "here".to_owned());
        let clock = Arc::new(Set(Mutex::new("2026-01-01T00:00:00Z".parse().unwrap())));
        let parts = Parts {
            store,
            vault,
            broker: Broker::new(BrokerConfig::default()).unwrap(),
            runtime: runtime(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            policy: Policy::default(),
        };
        Self { engine: Engine::new(parts), storage, clock, _folder: folder }
    }

    /// Adds entries to a chain, some in each change.
    pub(super) async fn write(&self, chain: Chain, mut count: u64) {
        while count > 0 {
            let some = count.min(20);
            let mut work = self.engine.own_work(chain);
            for n in 0..some {
                work.audit("thing.changed", format!("thing-{n}"), Some(&n), Some(&(n + 1))).unwrap();
            }
            work.commit_now().await.unwrap();
            count -= some;
        }
    }

    pub(super) fn pass(&self, days: i64) {
        let mut now = self.clock.0.lock().unwrap();
        *now += SignedDuration::from_hours(24 * days);
    }

    pub(super) fn auditor(&self) -> Auditor {
        Auditor::new(&self.engine.0.store, &self.engine.0.vault).unwrap()
    }

    /// What an anchor file says that is written now.
    pub(super) async fn anchor(&self) -> Anchor {
        self.read_anchor(&self.anchor_text(None).await)
    }

    pub(super) async fn anchor_text(&self, last: Option<(u64, String)>) -> String {
        let lines = self.engine.anchor_lines(last).await.unwrap();
        lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect()
    }

    pub(super) fn read_anchor(&self, text: &str) -> Anchor {
        let key = self.engine.0.vault.checkpoint_key().unwrap();
        AnchorReader::new(key).read(Cursor::new(text)).unwrap()
    }

    /// What is wrong with the whole trail, as texts.
    pub(super) async fn findings(&self, anchor: Option<&Anchor>) -> Vec<String> {
        let report = self.auditor().all(None, anchor).await.unwrap();
        let all = report.chains.iter().flat_map(|chain| &chain.broken).chain(&report.checkpoints.broken);
        let texts: Vec<String> = all.map(|one| format!("{:?} {}", one.number, one.what)).collect();
        assert_eq!(report.whole, texts.is_empty());
        texts
    }

    /// Every entry of a chain as it is stored.
    pub(super) async fn rows(&self, chain: Chain) -> Vec<Raw> {
        let (mut rows, mut page) = (Vec::new(), Page::first(MAX_LIMIT));
        loop {
            let found = match chain {
                Some(tenant) => self.engine.0.store.tenant(tenant).list_raw::<AuditEntry>(&page).await.unwrap(),
                None => self.engine.0.store.admin().list_raw::<AuditEntry>(&page).await.unwrap(),
            };
            rows.extend(found.items);
            match found.next {
                Some(next) => page.after = Some(next),
                None => return rows,
            }
        }
    }
}

/// Numbers that follow from a seed (`SplitMix64`).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % below as u64).unwrap()
    }
}
