//! A storage in memory that ends at a commit of choice, before it or right after it, as that of a
//! killed process: nothing can be read or written any more. It names each commit by what is in it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use gatehouse_domain::{Error, Result};
use gatehouse_store::storage::{Batch, Scan, Seq, Storage, Versioned};
use gatehouse_store::watch::Watch;
use gatehouse_store::{Health, Kind, MemoryStorage};
use tokio::sync::watch;

/// At which commit of a life it ends, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Before(usize),
    After(usize),
    Never,
}

/// What outlives a process, as one process sees it.
pub(crate) struct CutStorage {
    inner: Arc<MemoryStorage>,
    cut: Cut,
    /// The names of the commits so far.
    passed: Mutex<Vec<String>>,
    dead: watch::Sender<bool>,
}

impl CutStorage {
    pub(crate) fn new(inner: Arc<MemoryStorage>, cut: Cut) -> Self {
        Self { inner, cut, passed: Mutex::default(), dead: watch::Sender::new(false) }
    }

    /// The names of the commits that were asked for, in their order.
    pub(crate) fn passed(&self) -> Vec<String> {
        self.passed.lock().unwrap().clone()
    }

    /// Tells of the end.
    pub(crate) fn dead(&self) -> watch::Receiver<bool> {
        self.dead.subscribe()
    }

    fn alive(&self) -> Result<()> {
        if *self.dead.borrow() { Err(Error::unavailable("cut off")) } else { Ok(()) }
    }

    /// Whether the commit that comes now is the last one, and applied.
    fn next(&self, batch: &Batch) -> Result<bool> {
        let mut passed = self.passed.lock().unwrap();
        self.alive()?;
        let number = passed.len();
        passed.push(name(batch));
        if self.cut == Cut::Before(number) {
            self.dead.send_replace(true);
            return Err(Error::unavailable("cut off"));
        }
        Ok(self.cut == Cut::After(number))
    }
}

#[async_trait]
impl Storage for CutStorage {
    async fn read(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>> {
        self.alive()?;
        self.inner.read(keys).await
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<(Vec<u8>, Versioned)>> {
        self.alive()?;
        self.inner.scan(scan).await
    }

    async fn commit(&self, batch: Batch) -> Result<Seq> {
        if batch.is_read_only() {
            self.alive()?;
            return self.inner.commit(batch).await;
        }
        let is_last = self.next(&batch)?;
        let done = self.inner.commit(batch).await;
        if is_last {
            self.dead.send_replace(true);
            return Err(Error::unavailable("cut off"));
        }
        done
    }

    fn watch(&self, prefix: Vec<u8>) -> Watch {
        self.inner.watch(prefix)
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    fn health(&self) -> Health {
        self.inner.health()
    }
}

/// What a commit writes: the actions that it puts into an audit trail, then the kinds of records that it
/// writes (`+`) and deletes (`-`).
fn name(batch: &Batch) -> String {
    let puts = batch.puts.iter().map(|(key, _)| key).chain(batch.appends.iter().map(|append| &append.prefix));
    let signed = puts.map(|key| ('+', key)).chain(batch.deletes.iter().map(|key| ('-', key)));
    let kinds: BTreeSet<String> =
        signed.filter_map(|(sign, key)| kind_of(key).map(|kind| format!("{sign}{kind:?}"))).collect();
    let values = batch.puts.iter().map(|(_, value)| value).chain(batch.appends.iter().map(|append| &append.value));
    let actions: BTreeSet<String> = values.filter_map(|value| action_in(value)).collect();
    actions.into_iter().chain(kinds).collect::<Vec<_>>().join(" ")
}

/// The kind of the record of a key: its byte stands behind the space.
fn kind_of(key: &[u8]) -> Option<Kind> {
    let byte = match key.first()? {
        b'g' => key.get(1),
        b't' => key.get(17),
        _ => None,
    }?;
    KINDS.into_iter().find(|kind| *kind as u8 == *byte)
}

fn action_in(value: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(value);
    let (_, rest) = text.split_once("\"action\":\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// The kinds that may be met.
const KINDS: [Kind; 69] = [
    Kind::Deployment,
    Kind::Tenant,
    Kind::ApiKey,
    Kind::KeyDigest,
    Kind::PluginVersion,
    Kind::Endpoint,
    Kind::Intent,
    Kind::Provider,
    Kind::CapabilityOverride,
    Kind::Job,
    Kind::ReadyJob,
    Kind::JobLease,
    Kind::JobUnique,
    Kind::DeadJob,
    Kind::Schedule,
    Kind::Rotation,
    Kind::NodeEpoch,
    Kind::JobGroup,
    Kind::ClosedKey,
    Kind::OAuthStart,
    Kind::OAuthFlow,
    Kind::SubscriptionPlace,
    Kind::PendingDelivery,
    Kind::TenantKey,
    Kind::Install,
    Kind::Integration,
    Kind::SealedCredential,
    Kind::Execution,
    Kind::ExecutionByIntegration,
    Kind::IdempotentRequest,
    Kind::Delivery,
    Kind::DeliveryByIntegration,
    Kind::DeliveryBody,
    Kind::SeenDelivery,
    Kind::Event,
    Kind::IntegrationByProvider,
    Kind::Link,
    Kind::LinkByIntegration,
    Kind::RoutingPolicy,
    Kind::AuditEntry,
    Kind::ChainEnd,
    Kind::EventFeed,
    Kind::IdempotentAnswer,
    Kind::RateBudget,
    Kind::Role,
    Kind::Batch,
    Kind::RouteWindow,
    Kind::EventByIntegration,
    Kind::UnknownExecution,
    Kind::OAuthApp,
    Kind::OAuthTokens,
    Kind::OAuthRevocation,
    Kind::SyncSettings,
    Kind::SyncState,
    Kind::SyncRun,
    Kind::SyncedRecord,
    Kind::SyncFeed,
    Kind::SyncLog,
    Kind::SyncSeen,
    Kind::SyncChange,
    Kind::Upgrade,
    Kind::BatchItem,
    Kind::QueuedCall,
    Kind::Subscription,
    Kind::SubscriptionState,
    Kind::SubscriptionSecret,
    Kind::SubscriptionDelivery,
    Kind::DueDelivery,
    Kind::DeadDelivery,
];
