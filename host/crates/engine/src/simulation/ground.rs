//! A deployment on a disk, with one tenant, and servers of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use gatehouse_broker::{Broker, BrokerConfig, Carry, Resolve, Resolving, RootKey, RootKeys, SealedKeys, Vault};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::time::Timestamp;
use gatehouse_store::records::{Deployment, OwnKeys};
use gatehouse_store::storage::Storage;
use gatehouse_store::{Artefacts, Store};

use super::{Dice, Disk, Harm, Life, Skewed, Trace, Wire};
use crate::rotation::tests::support::{operator, root_id, runtime};
use crate::simulation::Peer;
use crate::tenants::NewTenant;
use crate::{Engine, Parts, Policy};

/// A deployment on a disk.
pub(crate) struct Ground {
    pub(crate) disk: Disk,
    pub(crate) clock: Skewed,
    pub(crate) dice: Dice,
    pub(crate) trace: Trace,
    pub(crate) tenant: TenantId,
    pub(crate) harm: Option<Harm>,
    requests: Arc<AtomicU64>,
    folder: Arc<tempfile::TempDir>,
    own: OwnKeys,
}

/// Every name is that of one public address.
struct Anywhere;

impl Resolve for Anywhere {
    fn resolve(&self, _: String) -> Resolving {
        Box::pin(async { Ok(vec![IpAddr::from([1, 1, 1, 1])]) })
    }
}

fn roots() -> RootKeys {
    RootKeys::new(RootKey::from_bytes([1; 32]), Vec::new())
}

impl Ground {
    pub(crate) async fn new(dice: Dice, trace: Trace) -> Self {
        let vault = Vault::begin(roots(), "here".to_owned()).unwrap();
        let SealedKeys { root, keys } = vault.seal_own_keys(&root_id(1)).unwrap();
        let own = OwnKeys { root, older: Vec::new(), keys };
        let mut ground = Self {
            disk: Disk::new(&trace),
            clock: Skewed::new(&dice),
            dice,
            trace,
            tenant: TenantId::from_bytes([0; 16]),
            harm: None,
            requests: Arc::default(),
            folder: Arc::new(tempfile::tempdir().unwrap()),
            own: own.clone(),
        };
        let store = ground.store(ground.disk.bare());
        let mut change = store.change();
        let deployment = Deployment { id: [1; 16], created_at: Timestamp::UNIX_EPOCH, own_keys: Some(own) };
        change.admin().create(&deployment).unwrap();
        change.commit().await.unwrap();
        let new = NewTenant { name: "tenant".to_owned(), ..NewTenant::default() };
        ground.tenant = ground.god().create_tenant(&operator(), new).await.unwrap().id;
        ground
    }

    /// An engine over the bare disk, for who looks on: it is never killed, and has no network.
    pub(crate) fn god(&self) -> Engine {
        self.engine(self.disk.bare(), None, Policy::default())
    }

    /// A server. It has begun nothing.
    pub(crate) fn server(&self, life: &Life, peer: &Arc<dyn Peer>, policy: Policy) -> Engine {
        let storage = self.disk.for_server(life, &self.dice, self.harm.clone());
        let count = Arc::clone(&self.requests);
        let wire = Wire { peer: Arc::clone(peer), life: life.clone(), trace: self.trace.clone(), count };
        self.engine(storage, Some(Arc::new(wire)), policy)
    }

    fn engine(&self, storage: Arc<dyn Storage>, carrier: Option<Arc<dyn Carry>>, policy: Policy) -> Engine {
        let sealed = SealedKeys { root: self.own.root.clone(), keys: self.own.keys.clone() };
        let (vault, _) = Vault::resume(roots(), "here".to_owned(), &sealed).unwrap();
        let config = BrokerConfig { resolver: Arc::new(Anywhere), carrier, ..BrokerConfig::default() };
        let broker = Broker::new(config).unwrap();
        let clock = Arc::new(self.clock.clone());
        Engine::new(Parts { store: self.store(storage), vault, broker, runtime: runtime(), clock, policy })
    }

    fn store(&self, storage: Arc<dyn Storage>) -> Store {
        Store::new(storage, Artefacts::open(self.folder.path(), 1 << 20).unwrap())
    }
}
