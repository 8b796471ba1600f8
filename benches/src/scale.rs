//! Size: a page out of a large tenant, the default link of one of many entities, the start of a
//! server with many tenants, and the proof of an audit trail.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::{Environment, Health, Integration, IntegrationStatus};
use gatehouse_domain::link::{Entity, Link, Purpose};
use gatehouse_domain::plugin::PluginRef;
use gatehouse_domain::tenant::{Tenant, TenantStatus};
use gatehouse_domain::time::Timestamp;
use gatehouse_store::records::{LinkId, LinkPlace};
use gatehouse_store::storage::Storage as _;
use gatehouse_store::{Artefacts, Page, SledConfig, SledStorage, Store};
use serde_json::Map;

use crate::artefacts;
use crate::execute::start_upstream;
use crate::execute::story::{Story, start};
use crate::report::{Row, Section, Target};
use crate::samples::Samples;
use crate::size;

mod trail;

/// The integrations of the large tenant, each the default of an entity.
const LARGE: usize = 100_000;
/// Tenants, and the integrations of each.
const TENANTS: usize = 10_000;
const EACH: usize = 10;
/// Records in a commit while all of this is made.
const PART: usize = 500;
/// How often each look is taken.
const LOOKS: usize = 500;
/// A page.
const SHOWN: usize = 50;
/// Starts of the server with many tenants.
const STARTS: usize = 3;

/// Measures all of it.
pub(crate) fn measure() -> Vec<Section> {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut rows = threads.block_on(large());
    rows.extend(many(&threads));
    rows.extend(trail::measure());
    vec![Section { title: "size".to_owned(), against: "", rows, notes: Vec::new() }]
}

fn open(folder: &Path) -> (Arc<SledStorage>, Store) {
    let storage = Arc::new(SledStorage::open(SledConfig::new(folder.join("store"))).unwrap());
    let artefacts = Artefacts::open(folder.join("artefacts"), 1 << 20).unwrap();
    (Arc::clone(&storage), Store::new(storage, artefacts))
}

async fn large() -> Vec<Row> {
    let folder = tempfile::tempdir_in(artefacts::folder()).unwrap();
    let (storage, store) = open(folder.path());
    let (tenant, count) = (tenant(1), size::of(LARGE));
    for numbers in parts(count) {
        let mut change = store.change();
        for number in numbers {
            let made = integration(number);
            change.tenant(tenant).create(&made).unwrap();
            change.tenant(tenant).create(&link(number, made.id)).unwrap();
        }
        change.commit().await.unwrap();
    }
    let scope = store.tenant(tenant);
    let (mut lists, mut links) = (Samples::default(), Samples::default());
    let mut page = Page::first(SHOWN);
    for look in 0..LOOKS {
        let begun = Instant::now();
        let found = scope.list::<Integration>(&page).await.unwrap();
        lists.push(begun.elapsed());
        assert_eq!(found.items.len(), SHOWN);
        // On to the next page, and from the first again before the end.
        page = Page { after: found.next.filter(|_| look % 40 != 39), ..Page::first(SHOWN) };
        let id = LinkId { entity: entity(look * 7_919 % count), purpose: purpose(), place: LinkPlace::Default };
        let begun = Instant::now();
        let found = scope.get::<Link>(&id).await.unwrap();
        links.push(begun.elapsed());
        assert!(found.is_some());
    }
    storage.close().await.unwrap();
    vec![
        Row::new(format!("{SHOWN} of {count} integrations at the store, median"), "µs", lists.median())
            .target(Target::AtMost(2_000.0)),
        Row::new("the same, p99", "µs", lists.p99()).target(Target::AtMost(2_000.0)),
        Row::new(format!("the default of one of {count} entities, median"), "µs", links.median())
            .target(Target::AtMost(50.0)),
        Row::new("the same, p99", "µs", links.p99()).target(Target::AtMost(50.0)),
    ]
}

/// A server that was started once, filled behind its back, and started again.
fn many(threads: &tokio::runtime::Runtime) -> Vec<Row> {
    let upstream = start_upstream();
    let folder = tempfile::tempdir_in(artefacts::folder()).unwrap();
    start(folder.path(), &upstream.origin).stop();
    let count = size::of(TENANTS);
    let begun = Instant::now();
    threads.block_on(fill(&folder.path().join("data"), count));
    let filled = begun.elapsed();
    let mut starts = Samples::default();
    let mut memory = 0.0;
    for _ in 0..STARTS {
        let server = start(folder.path(), &upstream.origin);
        starts.push(server.start);
        memory = server.memory();
        server.stop();
    }
    let what = format!("{count} tenants × {EACH} integrations");
    vec![
        Row::new(format!("{what}: written"), "ms", filled.as_secs_f64() * 1e3),
        Row::new(format!("{what}: start, median of {STARTS}"), "ms", starts.median() / 1e3)
            .target(Target::AtMost(3_000.0)),
        Row::new(format!("{what}: resident then"), "MiB", memory),
    ]
}

async fn fill(data: &Path, count: usize) {
    let (storage, store) = open(data);
    for numbers in parts(count * EACH) {
        let mut change = store.change();
        for number in numbers {
            let id = tenant(number / EACH);
            if number % EACH == 0 {
                change.admin().create(&record_of(id)).unwrap();
            }
            change.tenant(id).create(&integration(number)).unwrap();
        }
        change.commit().await.unwrap();
    }
    storage.close().await.unwrap();
}

fn parts(count: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..count).step_by(PART).map(move |from| from..(from + PART).min(count))
}

fn tenant(number: usize) -> TenantId {
    TenantId::from_bytes((number as u128 + 1).to_be_bytes())
}

fn record_of(id: TenantId) -> Tenant {
    let name = id.to_string();
    let (metadata, created_at) = (Map::new(), Timestamp::UNIX_EPOCH);
    let status = TenantStatus::Active;
    let (updated_at, suspended_at, deleted_at, erased_at) = (None, None, None, None);
    Tenant { id, name, metadata, status, created_at, updated_at, suspended_at, deleted_at, erased_at }
}

fn entity(number: usize) -> Entity {
    Entity::new("customer", format!("c-{number}")).unwrap()
}

fn purpose() -> Option<Purpose> {
    Some("payments".parse().unwrap())
}

fn link(number: usize, integration: IntegrationId) -> Link {
    let created_at = Timestamp::UNIX_EPOCH;
    Link { integration, entity: entity(number), purpose: purpose(), is_default: true, created_at }
}

/// An integration with as many fields as one has that is in use.
fn integration(number: usize) -> Integration {
    let mut settings = Map::new();
    settings.insert("base_url".to_owned(), "https://api.example.com".into());
    let mut metadata = Map::new();
    metadata.insert("team".to_owned(), "billing".into());
    Integration {
        id: IntegrationId::from_bytes((number as u128 + 1).to_be_bytes()),
        provider: "acme".to_owned(),
        name: format!("Number {number}"),
        environment: Environment::Live,
        plugin: PluginRef { id: "acme".to_owned(), version: semver::Version::new(1, 0, 0), digest: "0".repeat(64) },
        status: IntegrationStatus::Active,
        settings,
        metadata,
        credential_hints: [("secret_key".to_owned(), "sk_t…0000".to_owned())].into(),
        facts: Default::default(),
        credential_version: 1,
        connected_at: Some(Timestamp::UNIX_EPOCH),
        endpoint: None,
        account: None,
        health: Health::default(),
        recording: Default::default(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}
