//! How long it takes to prove an audit trail on the embedded store. Takes the number of entries and
//! an optional directory. `cargo run --release --example audit -- 1000000`.
#![allow(clippy::print_stdout, reason = "it measures, and prints what it found")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use gatehouse_broker::{RootKey, Vault};
use gatehouse_domain::audit::{Actor, AuditEntry, AuditHead, Statement};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use gatehouse_engine::audit::Auditor;
use gatehouse_store::records::ChainEnd;
use gatehouse_store::{Artefacts, SledConfig, SledStorage, Store};

/// How many entries one commit writes.
const BATCH: u64 = 1_000;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn entry(vault: &Vault, tenant: TenantId, head: &AuditHead) -> Result<AuditEntry> {
    let digest = Some(head.hash.clone());
    let statement = Statement {
        number: head.number + 1,
        at: Timestamp::now(),
        actor: Actor::System,
        tenant: Some(tenant),
        action: "integration.updated".to_owned(),
        target: format!("int_{:032x}", head.number),
        request: None,
        before: digest.clone(),
        after: digest,
        count: None,
    };
    let json = serde_json::to_vec(&statement).map_err(|error| Error::internal("no JSON").caused_by(error))?;
    let bytes = [&[0], head.hash.as_bytes(), json.as_slice()].concat();
    let hash = hex(ring::digest::digest(&ring::digest::SHA256, &bytes).as_ref());
    let seal = hex(&vault.seal_audit(hash.as_bytes()));
    Ok(AuditEntry { statement, previous: head.hash.clone(), hash, seal })
}

async fn fill(store: &Store, vault: &Vault, tenant: TenantId, entries: u64) -> Result<()> {
    let mut change = store.change();
    change.admin().create(&Tenant::new(tenant, "one".to_owned(), serde_json::Map::new(), Timestamp::UNIX_EPOCH))?;
    change.commit().await?;
    let mut head = AuditHead::default();
    while head.number < entries {
        let mut change = store.change();
        for _ in 0..BATCH.min(entries - head.number) {
            let entry = entry(vault, tenant, &head)?;
            change.tenant(tenant).create(&entry)?;
            head = AuditHead { number: entry.statement.number, hash: entry.hash };
        }
        change.tenant(tenant).put(&ChainEnd { head: head.clone() })?;
        change.commit().await?;
    }
    Ok(())
}

fn open(dir: &Path) -> Result<Store> {
    let storage = SledStorage::open(SledConfig::new(dir.join("store")))?;
    Ok(Store::new(Arc::new(storage), Artefacts::open(dir.join("artefacts"), 1 << 20)?))
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let entries = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let folder = arguments.next().unwrap_or_else(|| "/tmp/gatehouse-audit".to_owned());
    let dir = Path::new(&folder);
    let vault = Vault::new(RootKey::from_bytes([1; 32]), "here".to_owned());
    let tenant = TenantId::from_bytes([1; 16]);
    let store = open(dir)?;
    let began = Instant::now();
    fill(&store, &vault, tenant, entries).await?;
    println!("wrote {entries} entries in {:.1?}", began.elapsed());
    store.storage().close().await?;
    drop(store);
    let began = Instant::now();
    let store = open(dir)?;
    println!("opened in {:.1?}", began.elapsed());
    let began = Instant::now();
    let report = Auditor::new(&store, &vault)?.all(None, None).await?;
    let took = began.elapsed();
    let (count, broken) = report
        .chains
        .iter()
        .fold((0, 0), |(count, broken), chain| (count + chain.entries, broken + chain.broken.len()));
    let each = took.as_secs_f64() * 1e6 / count as f64;
    println!("proved {count} entries in {took:.2?}, {each:.2} µs each, {broken} findings");
    store.storage().close().await
}
