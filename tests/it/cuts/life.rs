//! One life of the product within this process: the engine and its API over a storage that may end,
//! on threads of their own, which stop as those of a killed process do.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use gatehouse_broker::{Broker, BrokerConfig, RootKey, RootKeys, SealedKeys, Vault};
use gatehouse_domain::time::Timestamp;
use gatehouse_engine::ledger::Pace;
use gatehouse_engine::{Engine, Parts, Policy, SystemClock};
use gatehouse_runtime::{Runtime, RuntimeConfig};
use gatehouse_store::records::{Deployment, OwnKeys};
use gatehouse_store::storage::Storage;
use gatehouse_store::{Artefacts, MemoryStorage, Store};
use tempfile::TempDir;
use tokio::sync::watch;

use super::storage::{Cut, CutStorage};
use crate::harness::server::OPERATOR;

/// What outlives every process.
pub(crate) struct Place {
    pub(crate) storage: Arc<MemoryStorage>,
    folder: TempDir,
    origins: Vec<String>,
}

/// A process.
pub(crate) struct Life {
    pub(crate) base: String,
    pub(crate) storage: Arc<CutStorage>,
    threads: Option<tokio::runtime::Runtime>,
    _stop: watch::Sender<bool>,
}

impl Place {
    /// A deployment that was just made, and may reach these origins.
    pub(crate) fn new(threads: &tokio::runtime::Runtime, origins: &[String]) -> Self {
        let place = Self {
            storage: Arc::new(MemoryStorage::new()),
            folder: TempDir::new().unwrap(),
            origins: origins.to_vec(),
        };
        let root = RootKey::from_bytes([1; 32]);
        let id = root.id();
        let vault = Vault::begin(RootKeys::new(root, Vec::new()), "here".to_owned()).unwrap();
        let SealedKeys { root, keys } = vault.seal_own_keys(&id).unwrap();
        let own_keys = Some(OwnKeys { root, older: Vec::new(), keys });
        let store = place.store(Arc::clone(&place.storage) as Arc<dyn Storage>);
        let mut change = store.change();
        change.admin().create(&Deployment { id: [1; 16], created_at: Timestamp::UNIX_EPOCH, own_keys }).unwrap();
        threads.block_on(change.commit()).unwrap();
        place
    }

    fn store(&self, storage: Arc<dyn Storage>) -> Store {
        Store::new(storage, Artefacts::open(self.folder.path().join("artefacts"), 32 << 20).unwrap())
    }

    /// Starts a process; `None` where it was cut off before it served.
    pub(crate) fn start(&self, cut: Cut) -> Result<Life, Arc<CutStorage>> {
        let storage = Arc::new(CutStorage::new(Arc::clone(&self.storage), cut));
        let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (stop, stopped) = watch::channel(false);
        let started = threads.block_on(self.serve(Arc::clone(&storage), stopped));
        match started {
            Ok(base) => Ok(Life { base, storage, threads: Some(threads), _stop: stop }),
            Err(error) => {
                assert!(*storage.dead().borrow(), "it does not start: {error}");
                threads.shutdown_background();
                Err(storage)
            }
        }
    }

    async fn serve(
        &self,
        storage: Arc<CutStorage>,
        stopped: watch::Receiver<bool>,
    ) -> gatehouse_domain::Result<String> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let store = self.store(storage as Arc<dyn Storage>);
        let Some(deployment) = store.admin().get::<Deployment>(&()).await? else { panic!("no deployment") };
        let own = deployment.own_keys.clone().unwrap();
        let roots = RootKeys::new(RootKey::from_bytes([1; 32]), Vec::new());
        let (vault, _) = Vault::resume(roots, "here".to_owned(), &SealedKeys { root: own.root, keys: own.keys })?;
        let broker = Broker::new(BrokerConfig { allow_origins: self.origins.clone(), ..BrokerConfig::default() })?;
        let mut policy = Policy { public_url: base.clone(), ..Policy::default() };
        policy.ledger = Pace {
            first_retry: Duration::from_millis(20),
            max_retry: Duration::from_millis(200),
            give_up: Duration::from_secs(3600),
        };
        policy.sending.pauses = vec![Duration::from_millis(5); 6];
        let parts = Parts { store, vault, broker, runtime: runtime(), clock: Arc::new(SystemClock), policy };
        let engine = Engine::new(parts);
        engine.bootstrap(Some(OPERATOR.to_owned())).await?;
        engine.start(stopped).await?;
        let api = gatehouse_api::serve_api(engine, gatehouse_api::Options::default());
        let api = api.into_make_service_with_connect_info::<std::net::SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, api).await });
        Ok(base)
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // Nothing of it may go on.
        self.threads.take().unwrap().shutdown_timeout(Duration::from_secs(5));
    }
}

/// One for all lives: what it has compiled is not compiled again.
fn runtime() -> Runtime {
    static ONE: OnceLock<(Runtime, TempDir)> = OnceLock::new();
    let made = || {
        let folder = TempDir::new().unwrap();
        (Runtime::new(RuntimeConfig::new(folder.path().join("compiled"), [0; 32])).unwrap(), folder)
    };
    ONE.get_or_init(made).0.clone()
}
