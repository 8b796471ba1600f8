//! A deployment in memory that can be started again with other root keys, and whose storage fails
//! or lets somebody else in at a commit of choice.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use gatehouse_broker::{Broker, BrokerConfig, CredentialContext, Credentials, RootKey, RootKeys, SealedKeys, Vault};
use gatehouse_domain::id::{Id, IntegrationId, KeyId, TenantId};
use gatehouse_domain::key::{ApiKey, KeyEnvironment};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_runtime::{PoolConfig, Runtime, RuntimeConfig};
use gatehouse_store::records::{Deployment, OwnKeys, PreviousCredential, SealedCredential};
use gatehouse_store::storage::{Batch, Scan, Seq, Storage, Versioned};
use gatehouse_store::watch::Watch;
use gatehouse_store::{Artefacts, Health, MemoryStorage, Store};
use tokio::sync::watch;

use super::super::run::Standing;
use crate::tenants::NewTenant;
use crate::{Caller, Engine, Parts, Policy, SystemClock};

/// What every credential holds.
pub(crate) const FIELDS: [(&str, &str); 2] = [("api_key", "sk_1234567890"), ("webhook_secret", "whsec_1234567890")];

type Hook = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where the storage is to do something else than its work.
pub(crate) enum At {
    /// This commit and all after it fail before they are applied.
    Before(usize),
    /// This commit is applied and its answer is lost; all after it fail.
    After(usize),
    /// Somebody else comes first.
    Let(usize, Hook),
    /// Somebody else comes right behind the first list that is read.
    LetAfterList(Hook),
    Never,
}

/// A storage that fails, or lets somebody in, at a commit.
pub(crate) struct Trap {
    inner: Arc<MemoryStorage>,
    at: Mutex<At>,
    count: AtomicUsize,
}

/// A deployment that is stored.
pub(crate) struct Place {
    storage: Arc<MemoryStorage>,
    folder: tempfile::TempDir,
    pub(crate) tenants: Vec<TenantId>,
}

fn cut_off() -> Error {
    Error::unavailable("cut off")
}

#[async_trait]
impl Storage for Trap {
    async fn read(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>> {
        self.inner.read(keys).await
    }
    async fn scan(&self, scan: Scan) -> Result<Vec<(Vec<u8>, Versioned)>> {
        let found = self.inner.scan(scan).await;
        let hook = {
            let mut at = self.at.lock().unwrap();
            match std::mem::replace(&mut *at, At::Never) {
                At::LetAfterList(hook) => Some(hook),
                other => {
                    *at = other;
                    None
                }
            }
        };
        if let Some(hook) = hook {
            hook.await;
        }
        found
    }
    async fn commit(&self, batch: Batch) -> Result<Seq> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let (hook, before, after) = {
            let mut at = self.at.lock().unwrap();
            match &mut *at {
                At::Before(from) => (None, number >= *from, false),
                At::After(from) => (None, number > *from, number == *from),
                At::Let(when, _) if *when == number => match std::mem::replace(&mut *at, At::Never) {
                    At::Let(_, hook) => (Some(hook), false, false),
                    _ => (None, false, false),
                },
                At::Let(..) | At::LetAfterList(_) | At::Never => (None, false, false),
            }
        };
        if let Some(hook) = hook {
            hook.await;
        }
        if before {
            return Err(cut_off());
        }
        let seq = self.inner.commit(batch).await?;
        if after { Err(cut_off()) } else { Ok(seq) }
    }
    fn watch(&self, prefix: Vec<u8>) -> Watch {
        self.inner.watch(prefix)
    }
    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
    fn health(&self) -> Health {
        self.inner.health()
    }
}

/// The id of a root key.
pub(crate) fn root_id(n: u8) -> String {
    RootKey::from_bytes([n; 32]).id()
}

fn roots(current: u8, previous: &[u8]) -> RootKeys {
    let key = |n: u8| RootKey::from_bytes([n; 32]);
    RootKeys::new(key(current), previous.iter().map(|n| key(*n)).collect())
}

/// An operator.
pub(crate) fn operator() -> Caller {
    let key = ApiKey {
        id: KeyId::from_bytes([7; 16]),
        tenant: None,
        name: "operator".to_owned(),
        environment: KeyEnvironment::Live,
        role: None,
        permissions: Vec::new(),
        integrations: None,
        capabilities: None,
        allowed_ips: Vec::new(),
        hint: String::new(),
        created_at: Timestamp::UNIX_EPOCH,
        created_by: None,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        predecessor: None,
        successor: None,
    };
    let request = Id::from_bytes([8; 16]);
    Caller { key, request, turn: None, address: None, permissions: Vec::new(), acting_for: None }
}

/// One runtime for all who run no gateway.
pub(crate) fn runtime() -> Runtime {
    static ONE: OnceLock<(Runtime, tempfile::TempDir)> = OnceLock::new();
    let made = || {
        let folder = tempfile::tempdir().unwrap();
        let pool = PoolConfig { instances: 1, ..PoolConfig::default() };
        let config = RuntimeConfig { pool, ..RuntimeConfig::new(folder.path().join("compiled"), [0; 32]) };
        (Runtime::new(config).unwrap(), folder)
    };
    ONE.get_or_init(made).0.clone()
}

/// The integration of this number.
pub(crate) fn integration(n: u8) -> IntegrationId {
    IntegrationId::from_bytes([n; 16])
}

impl Place {
    /// A deployment under the root key 1 with some tenants, of which the first has some credentials,
    /// each with the one before it.
    pub(crate) async fn begin(tenants: usize, credentials: u8) -> Self {
        let mut place =
            Self { storage: Arc::new(MemoryStorage::new()), folder: tempfile::tempdir().unwrap(), tenants: Vec::new() };
        let vault = Vault::begin(roots(1, &[]), "here".to_owned()).unwrap();
        let SealedKeys { root, keys } = vault.seal_own_keys(&root_id(1)).unwrap();
        let own_keys = Some(OwnKeys { root, older: Vec::new(), keys });
        let store = place.store(Arc::clone(&place.storage) as Arc<dyn Storage>);
        let mut change = store.change();
        change.admin().create(&Deployment { id: [1; 16], created_at: Timestamp::UNIX_EPOCH, own_keys }).unwrap();
        change.commit().await.unwrap();
        let engine = place.start(1, &[]).await;
        for _ in 0..tenants {
            let new = NewTenant { name: "tenant".to_owned(), ..NewTenant::default() };
            place.tenants.push(engine.create_tenant(&operator(), new).await.unwrap().id);
        }
        for number in 0..credentials {
            let mut work = engine.own_work(None);
            let sealed = place.seal(&engine, number, 2).await;
            engine.keep_credential(&mut work, place.tenants[0], &sealed).await.unwrap();
            work.commit_now().await.unwrap();
        }
        place
    }

    /// A credential of this generation and the one before it, sealed by the newest key.
    pub(crate) async fn seal(&self, engine: &Engine, number: u8, version: u32) -> SealedCredential {
        let (tenant, integration) = (self.tenants[0], integration(number));
        let key = engine.newest_key(tenant).await.unwrap();
        let seal = |version: u32| {
            let context = CredentialContext { tenant, integration, version };
            engine.0.vault.seal(&key, &context, &Credentials::from_pairs(FIELDS)).unwrap()
        };
        let (key_version, until) = (key.version, Timestamp::MAX);
        let previous = PreviousCredential { version: version - 1, key_version, fields: seal(version - 1), until };
        SealedCredential {
            integration,
            version,
            key_version,
            fields: seal(version),
            previous: Some(previous),
            endpoint: None,
        }
    }

    fn store(&self, storage: Arc<dyn Storage>) -> Store {
        Store::new(storage, Artefacts::open(self.folder.path(), 1 << 20).unwrap())
    }

    /// A start with these root keys.
    pub(crate) async fn start(&self, current: u8, previous: &[u8]) -> Engine {
        self.start_with(current, previous, At::Never).await.0
    }

    /// A start whose storage does something else at a commit. What it counts begins here.
    pub(crate) async fn start_with(&self, current: u8, previous: &[u8], at: At) -> (Engine, Arc<Trap>) {
        let trap = Arc::new(Trap { inner: Arc::clone(&self.storage), at: Mutex::new(at), count: AtomicUsize::new(0) });
        let store = self.store(Arc::clone(&trap) as Arc<dyn Storage>);
        let deployment = store.admin().get::<Deployment>(&()).await.unwrap().unwrap();
        let own = deployment.own_keys.clone().unwrap();
        let roots = roots(current, previous);
        assert!(own.needed().all(|id| roots.has(id)), "a root key is needed that is not given");
        let sealed = SealedKeys { root: own.root, keys: own.keys };
        let (vault, _) = Vault::resume(roots, "here".to_owned(), &sealed).unwrap();
        let broker = Broker::new(BrokerConfig::default()).unwrap();
        let clock = Arc::new(SystemClock);
        let parts = Parts { store, vault, broker, runtime: runtime(), clock, policy: Policy::default() };
        (Engine::new(parts), trap)
    }

    /// Checks that every credential opens, and only with what is said to seal it.
    pub(crate) async fn check(&self, engine: &Engine, credentials: u8, key_version: u32) {
        for tenant in &self.tenants {
            let key = engine.newest_key(*tenant).await.unwrap();
            // It opens only where its root key was given.
            engine.0.vault.rewrap_tenant_key(&key, engine.0.vault.roots().current()).unwrap();
        }
        let tenant = self.tenants[0];
        for number in 0..credentials {
            let sealed = engine.0.store.tenant(tenant).get::<SealedCredential>(&integration(number)).await.unwrap();
            let mut sealed = sealed.unwrap().record;
            assert_eq!(sealed.key_versions(), [key_version]);
            let key = engine.newest_key(tenant).await.unwrap();
            for part in sealed.parts() {
                let context = CredentialContext { tenant, integration: integration(number), version: part.version };
                let again = engine.0.vault.reseal(&key, &key, &context, part.fields);
                assert_eq!(again.unwrap().len(), FIELDS.len());
            }
        }
        for chain in [None, Some(tenant)] {
            assert_eq!(engine.verify_audit(chain).await.unwrap().broken, []);
        }
    }
}

impl Trap {
    /// How many commits were asked for.
    pub(crate) fn commits(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

/// Does all that is left to do of every exchange, as the background does.
pub(crate) async fn finish(engine: &Engine) {
    for _ in 0..100 {
        match engine.go_on(&going_on()).await {
            Ok(Standing::Idle) => return,
            Ok(Standing::Again) => {}
            Err(error) if error.kind == ErrorKind::Conflict => {}
            other => panic!("{other:?}"),
        }
    }
    panic!("it does not end");
}

/// What says that nothing stops.
pub(crate) fn going_on() -> watch::Receiver<bool> {
    static GOING: OnceLock<watch::Sender<bool>> = OnceLock::new();
    GOING.get_or_init(|| watch::Sender::new(false)).subscribe()
}
