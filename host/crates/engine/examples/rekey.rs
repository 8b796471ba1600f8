//! How long the root key's exchange takes: every tenant's key sealed again, with its scan, over the
//! embedded store. Takes the number of tenants and an optional directory.
//! `cargo run --release --example rekey -- 20000`.
#![allow(clippy::print_stdout, reason = "it measures, and prints what it found")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatehouse_broker::{Broker, BrokerConfig, RootKey, RootKeys, Vault};
use gatehouse_domain::id::{Id, KeyId, TenantId};
use gatehouse_domain::key::{ApiKey, KeyEnvironment};
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use gatehouse_engine::{Caller, Engine, Parts, Policy, SystemClock};
use gatehouse_runtime::{Runtime, RuntimeConfig};
use gatehouse_store::records::{Deployment, OwnKeys, TenantKey};
use gatehouse_store::{Artefacts, SledConfig, SledStorage, Store};
use tokio::sync::watch;

/// How many tenants one commit makes.
const BATCH: usize = 500;

fn roots() -> RootKeys {
    RootKeys::new(RootKey::from_bytes([2; 32]), vec![RootKey::from_bytes([1; 32])])
}

/// A deployment under the root key 1 with so many tenants.
async fn fill(store: &Store, tenants: usize) -> Result<Vault> {
    let (vault, old) = (Vault::begin(roots(), "here".to_owned())?, RootKey::from_bytes([1; 32]).id());
    let own = vault.seal_own_keys(&old)?;
    let own_keys = Some(OwnKeys { root: own.root, older: Vec::new(), keys: own.keys });
    let mut change = store.change();
    change.admin().create(&Deployment { id: [1; 16], created_at: Timestamp::UNIX_EPOCH, own_keys })?;
    change.commit().await?;
    for first in (0..tenants).step_by(BATCH) {
        let mut change = store.change();
        for number in first..(first + BATCH).min(tenants) {
            let id = TenantId::new(1_700_000_000_000 + i64::try_from(number).unwrap_or_default(), [7; 10]);
            let tenant = Tenant::new(id, format!("tenant {number}"), serde_json::Map::new(), Timestamp::UNIX_EPOCH);
            let wrapped = vault.new_tenant_key_under(&old, id, 1)?;
            change.admin().create(&tenant)?;
            change.tenant(id).create(&TenantKey { version: 1, wrapped })?;
        }
        change.commit().await?;
    }
    Ok(vault)
}

fn engine(store: Store, vault: Vault, dir: &Path) -> Result<Engine> {
    let runtime = Runtime::new(RuntimeConfig::new(dir.join("compiled"), vault.cwasm_key()))?;
    let broker = Broker::new(BrokerConfig::default())?;
    let parts = Parts { store, vault, broker, runtime, clock: Arc::new(SystemClock), policy: Policy::default() };
    Ok(Engine::new(parts))
}

fn operator() -> Caller {
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

async fn exchange(engine: &Engine) -> Result<Duration> {
    let (stop, stopped) = watch::channel(false);
    let working = engine.start(stopped).await?;
    let began = Instant::now();
    engine.rotate_root_key(&operator()).await?;
    while !engine.root_keys().await?.rotation.is_some_and(|rotation| rotation.finished) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = began.elapsed();
    stop.send_replace(true);
    for task in working {
        task.await.map_err(|error| Error::internal("a task failed").caused_by(error))?;
    }
    Ok(took)
}

#[tokio::main(worker_threads = 2)]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let tenants: usize = arguments.next().map_or(Ok(20_000), |text| text.parse())?;
    let temporary = std::env::temp_dir().join(format!("gatehouse-rekey-bench-{}", std::process::id()));
    let dir = arguments.next().map_or(temporary, Into::into);
    let storage = Arc::new(SledStorage::open(SledConfig::new(dir.join("store")))?);
    let store = Store::new(storage, Artefacts::open(dir.join("artefacts"), 1 << 20)?);
    let vault = fill(&store, tenants).await?;
    let engine = engine(store.clone(), vault, &dir)?;
    let took = exchange(&engine).await?.as_secs_f64();
    println!("{tenants} tenants' keys sealed again and scanned in {took:.2} s: {:.0} a second", tenants as f64 / took);
    store.storage().close().await?;
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}
