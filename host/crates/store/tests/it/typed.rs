//! The typed layer: scopes, changes, pages and large records, over every storage.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_domain::ErrorKind;
use gatehouse_domain::id::{DeliveryId, EventId, IntegrationId, TenantId};
use gatehouse_domain::link::{Entity, Link};
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::time::{EPOCH, from_millis};
use gatehouse_store::records::{
    ClosedKey, DeliveryBody, Deployment, EndpointSecrets, EventByIntegration, IdempotentRequest, KeyDigest,
    LinkByIntegration, OwnKeys, PreviousCredential, Rotation, RotationOf, RouteMinute, RouteWindow, SealedCredential,
    SeenDelivery, TenantKey,
};
use gatehouse_store::storage::Scan;
use gatehouse_store::{Cursor, Page, Record};
use serde_json::json;

use crate::support::{places, store};

fn tenant(n: i64) -> TenantId {
    TenantId::new(n, [1; 10])
}

fn tenant_record(n: i64) -> Tenant {
    Tenant::new(tenant(n), format!("tenant {n}"), serde_json::Map::new(), EPOCH)
}

fn key(version: u32, wrapped: &str) -> TenantKey {
    TenantKey { version, wrapped: wrapped.to_owned() }
}

fn body(n: i64, byte: u8, size: usize) -> DeliveryBody {
    DeliveryBody { delivery: DeliveryId::new(n, [2; 10]), body: vec![byte; size] }
}

#[tokio::test]
async fn tenants_do_not_see_each_other() {
    for place in places() {
        let store = store(&place);
        let mut change = store.change();
        change.tenant(tenant(1)).create(&key(1, "one")).unwrap();
        change.tenant(tenant(2)).create(&key(1, "two")).unwrap();
        change.admin().create(&tenant_record(1)).unwrap();
        change.commit().await.unwrap();
        for (n, wrapped) in [(1, "one"), (2, "two")] {
            let scope = store.tenant(tenant(n));
            assert_eq!(scope.get::<TenantKey>(&1).await.unwrap().unwrap().wrapped, wrapped);
            assert_eq!(scope.list::<TenantKey>(&Page::first(10)).await.unwrap().items, [key(1, wrapped)]);
        }
        assert!(store.tenant(tenant(3)).get::<TenantKey>(&1).await.unwrap().is_none());
        assert_eq!(store.admin().get::<Tenant>(&tenant(1)).await.unwrap().unwrap().name, "tenant 1");
    }
}

#[tokio::test]
async fn a_change_is_all_or_nothing() {
    for place in places() {
        let store = store(&place);
        let at = tenant(1);
        let create = async |version| {
            let mut change = store.change();
            change.tenant(at).create(&key(version, "a"))?;
            change.tenant(at).create(&key(7, "shared"))?;
            change.commit().await
        };
        create(1).await.unwrap();
        assert_eq!(create(2).await.unwrap_err().kind, ErrorKind::Conflict);
        assert!(store.tenant(at).get::<TenantKey>(&2).await.unwrap().is_none());

        let old = store.tenant(at).get::<TenantKey>(&1).await.unwrap().unwrap();
        let replace = async |wrapped| {
            let mut change = store.change();
            change.tenant(at).replace(&old, &key(1, wrapped))?;
            change.tenant(at).require::<TenantKey>(&7)?;
            change.commit().await
        };
        replace("b").await.unwrap();
        assert_eq!(replace("c").await.unwrap_err().kind, ErrorKind::Conflict);
        let mut change = store.change();
        assert_eq!(change.tenant(at).replace(&old, &key(2, "x")).unwrap_err().kind, ErrorKind::Invalid);
        change.tenant(at).unchanged(&old).unwrap();
        change.tenant(at).put(&key(9, "never")).unwrap();
        assert_eq!(change.commit().await.unwrap_err().kind, ErrorKind::Conflict);

        let mut change = store.change();
        change.tenant(at).put(&key(1, "d")).unwrap();
        change.tenant(at).delete::<TenantKey>(&7).unwrap();
        change.tenant(at).delete::<TenantKey>(&8).unwrap();
        change.commit().await.unwrap();
        let left = store.tenant(at).list::<TenantKey>(&Page::first(10)).await.unwrap().items;
        assert_eq!(left, [key(1, "d")]);

        let mut change = store.change();
        change.tenant(at).put(&key(1, "e")).unwrap();
        change.tenant(at).put(&key(1, "f")).unwrap();
        assert_eq!(change.commit().await.unwrap_err().kind, ErrorKind::Invalid);
    }
}

#[tokio::test]
async fn lists_are_read_in_pages_in_both_directions() {
    for place in places() {
        let store = store(&place);
        let mut change = store.change();
        for version in 1..=25 {
            change.tenant(tenant(1)).create(&key(version, "k")).unwrap();
        }
        change.tenant(tenant(2)).create(&key(99, "other")).unwrap();
        change.commit().await.unwrap();
        let scope = store.tenant(tenant(1));
        for (reverse, limit, pages) in [(false, 10, 3), (true, 10, 3), (false, 25, 1), (true, 5, 5), (false, 0, 25)] {
            let mut page = Page { after: None, limit, reverse };
            let (mut found, mut count) = (Vec::new(), 0);
            loop {
                let part = scope.list::<TenantKey>(&page).await.unwrap();
                found.extend(part.items.iter().map(|key| key.version));
                count += 1;
                let Some(next) = part.next else { break };
                // Through its text, as it comes back from a caller.
                page.after = Some(next.to_string().parse().unwrap());
            }
            let mut expect: Vec<_> = (1..=25).collect();
            if reverse {
                expect.reverse();
            }
            assert_eq!((found, count), (expect, pages), "{reverse} {limit}");
        }
    }
}

#[tokio::test]
async fn lists_below_an_id_keep_to_it_and_refuse_foreign_cursors() {
    let event =
        |integration: IntegrationId, n: i64| EventByIntegration { integration, event: EventId::new(n, [4; 10]) };
    for place in places() {
        let store = store(&place);
        let (a, b) = (IntegrationId::new(1, [0; 10]), IntegrationId::new(1, [1; 10]));
        let mut change = store.change();
        for n in 1..=3 {
            change.tenant(tenant(1)).create(&event(a, n)).unwrap();
            change.tenant(tenant(1)).create(&event(b, n)).unwrap();
        }
        change.commit().await.unwrap();
        let scope = store.tenant(tenant(1));
        let page = scope.list_under::<EventByIntegration>(&a.to_bytes(), &Page::first(2)).await.unwrap();
        assert_eq!(page.items, [event(a, 1), event(a, 2)]);
        let rest = Page { after: page.next.clone(), limit: 9, reverse: false };
        assert_eq!(scope.list_under::<EventByIntegration>(&a.to_bytes(), &rest).await.unwrap().items.len(), 1);
        let error = scope.list_under::<EventByIntegration>(&b.to_bytes(), &rest).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert_eq!("!".parse::<Cursor>().unwrap_err().kind, ErrorKind::Invalid);
    }
}

#[tokio::test]
async fn large_records_come_and_go_without_leftovers() {
    for place in places() {
        let store = store(&place);
        let scope = store.tenant(tenant(1));
        let id = body(1, 0, 0).delivery;
        let count = async || place.storage.scan(Scan { limit: 1000, ..Scan::default() }).await.unwrap().len();
        for (byte, size, keys) in
            [(1, 1 << 20, 65), (2, 100, 1), (3, 40_000, 4), (4, 300_000, 20), (5, 16_382, 1), (6, 16_383, 2)]
        {
            let mut change = store.change();
            change.tenant(tenant(1)).put(&body(1, byte, size)).unwrap();
            change.commit().await.unwrap();
            assert_eq!(scope.get::<DeliveryBody>(&id).await.unwrap().unwrap().record, body(1, byte, size));
            assert_eq!(count().await, keys, "put of {size}");
            let old = scope.get::<DeliveryBody>(&id).await.unwrap().unwrap();
            let mut change = store.change();
            change.tenant(tenant(1)).replace(&old, &body(1, byte, 50_000)).unwrap();
            change.commit().await.unwrap();
            assert_eq!(count().await, 5, "replace of {size}");
        }
        let listed = scope.list::<DeliveryBody>(&Page::first(10)).await.unwrap();
        assert_eq!(listed.items, [body(1, 6, 50_000)]);
        let mut change = store.change();
        change.tenant(tenant(1)).delete::<DeliveryBody>(&id).unwrap();
        change.commit().await.unwrap();
        assert_eq!(count().await, 0);
        let error = store.change().tenant(tenant(1)).create(&body(1, 0, (1 << 20) + 1)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::TooLarge);
        assert!(error.message.contains("1048577") && error.message.contains("1048576"), "{error}");
    }
}

/// Replaces a large record as fast as it goes while others read it: every read is one whole
/// version. Unconditional puts of many writers all succeed and leave nothing behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_records_are_read_whole_while_they_are_replaced() {
    for place in places() {
        let store = store(&place);
        let id = body(1, 0, 0).delivery;
        let writers: Vec<_> = (0..4u8)
            .map(|writer| {
                let store = store.clone();
                tokio::spawn(async move {
                    for n in 0..15u8 {
                        let mut change = store.change();
                        let byte = writer * 15 + n;
                        change.tenant(tenant(1)).put(&body(1, byte, 30_000 * (1 + usize::from(byte % 4)))).unwrap();
                        change.commit().await.unwrap();
                    }
                })
            })
            .collect();
        while !writers.iter().all(|writer| writer.is_finished()) {
            match store.tenant(tenant(1)).get::<DeliveryBody>(&id).await {
                Ok(None) => {}
                Ok(Some(found)) => {
                    let byte = found.body[0];
                    assert_eq!(found.record, body(1, byte, 30_000 * (1 + usize::from(byte % 4))));
                }
                Err(error) => assert_eq!(error.kind, ErrorKind::Unavailable, "{error}"),
            }
            tokio::task::yield_now().await;
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let size = store.tenant(tenant(1)).get::<DeliveryBody>(&id).await.unwrap().unwrap().body.len();
        let keys = place.storage.scan(Scan { limit: 1000, ..Scan::default() }).await.unwrap().len();
        assert_eq!(keys, 1 + size.div_ceil(16 * 1024));
    }
}

#[tokio::test]
async fn a_watch_on_a_kind_tells_of_its_records() {
    for place in places() {
        let store = store(&place);
        let mut watch = store.tenant(tenant(1)).watch::<TenantKey>();
        let mut change = store.change();
        change.tenant(tenant(2)).create(&key(1, "other tenant")).unwrap();
        change.admin().create(&tenant_record(1)).unwrap();
        change.commit().await.unwrap();
        let soon = std::time::Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, watch.changed()).await.is_err());
        let mut change = store.change();
        change.tenant(tenant(1)).create(&key(1, "mine")).unwrap();
        change.commit().await.unwrap();
        watch.changed().await;
    }
}

/// The JSON of records is part of the file format.
#[test]
fn records_keep_their_json() {
    fn check<R: Record>(record: &R, expect: serde_json::Value) {
        assert_eq!(serde_json::to_value(record).unwrap(), expect);
        let back: R = serde_json::from_value(expect.clone()).unwrap();
        assert_eq!(serde_json::to_value(&back).unwrap(), expect);
    }
    let integration = IntegrationId::new(1, [0; 10]);
    let delivery = DeliveryId::new(1, [0; 10]);
    let at = from_millis(1_700_000_000_000);
    let zeros = |prefix: &str| format!("{prefix}_00000000000100000000000000000000");
    check(
        &Deployment { id: [0xab; 16], created_at: at, own_keys: None },
        json!({"id": "ab".repeat(16), "created_at": "2023-11-14T22:13:20Z", "own_keys": null}),
    );
    let keys = BTreeMap::from([("apikey".to_owned(), "c2VhbGVk".to_owned())]);
    let own_keys = Some(OwnKeys { root: "aa".into(), older: vec!["bb".into()], keys });
    check(
        &Deployment { id: [0; 16], created_at: at, own_keys },
        json!({"id": "00".repeat(16), "created_at": "2023-11-14T22:13:20Z",
            "own_keys": {"root": "aa", "older": ["bb"], "keys": {"apikey": "c2VhbGVk"}}}),
    );
    let rotation = |of| Rotation { total: Some(9), done: 3, ..Rotation::new(of, "bb".into(), at) };
    check(
        &rotation(RotationOf::Root),
        json!({"of": "root", "to": "bb", "total": 9, "done": 3, "after": null, "problem": null,
            "started_at": "2023-11-14T22:13:20Z", "updated_at": "2023-11-14T22:13:20Z", "finished_at": null}),
    );
    let of_tenant = serde_json::to_value(rotation(RotationOf::Tenant(tenant(1)))).unwrap();
    assert_eq!(of_tenant["of"], json!({"tenant": tenant(1)}));
    check(&ClosedKey { tenant: tenant(1), version: 4 }, json!({"tenant": tenant(1), "version": 4}));
    check(
        &KeyDigest { digest: [1; 32], key: gatehouse_domain::id::KeyId::new(1, [0; 10]), tenant: None },
        json!({"digest": "01".repeat(32), "key": zeros("key"), "tenant": null}),
    );
    check(
        &SealedCredential {
            integration,
            version: 2,
            key_version: 1,
            previous: None,
            endpoint: None,
            fields: BTreeMap::from([("api_key".into(), "c2VhbGVk".into())]),
        },
        json!({"integration": zeros("int"), "version": 2, "key_version": 1, "fields": {"api_key": "c2VhbGVk"}, "previous": null}),
    );
    check(
        &SeenDelivery { integration, key: [2; 32], delivery, expires_at: at },
        json!({"integration": zeros("int"), "key": "02".repeat(32), "delivery": zeros("del"), "expires_at": "2023-11-14T22:13:20Z"}),
    );
    check(&DeliveryBody { delivery, body: b"raw".to_vec() }, json!({"delivery": zeros("del"), "body": "cmF3"}));
    let request = IdempotentRequest {
        key: "k".into(),
        request_hash: "h".into(),
        execution: gatehouse_domain::id::ExecutionId::new(1, [0; 10]),
        expires_at: at,
        open: false,
    };
    check(
        &request,
        json!({"key": "k", "request_hash": "h", "execution": zeros("exe"), "expires_at": "2023-11-14T22:13:20Z"}),
    );
    let entity = Entity::new("customer", "cus_1").unwrap();
    let link = Link { integration, entity: entity.clone(), purpose: None, is_default: true, created_at: at };
    check(
        &link,
        json!({"integration": zeros("int"), "entity_type": "customer", "entity_id": "cus_1", "purpose": null, "is_default": true, "created_at": "2023-11-14T22:13:20Z"}),
    );
    check(
        &LinkByIntegration { integration, entity, purpose: Some("pay".parse().unwrap()), created_at: at },
        json!({"integration": zeros("int"), "entity_type": "customer", "entity_id": "cus_1", "purpose": "pay", "created_at": "2023-11-14T22:13:20Z"}),
    );
    let minutes = vec![RouteMinute { at: 7, good: 1, bad: 2 }];
    check(
        &RouteWindow { integration, capability: "PAY".into(), minutes },
        json!({"integration": zeros("int"), "capability": "PAY", "minutes": [{"at": 7, "good": 1, "bad": 2}]}),
    );
}

#[test]
fn every_part_of_a_sealed_credential_is_told_of() {
    let fields = |text: &str| BTreeMap::from([("api_key".to_owned(), text.to_owned())]);
    let previous = PreviousCredential { version: 1, key_version: 4, fields: fields("old"), until: EPOCH };
    let mut sealed = SealedCredential {
        integration: IntegrationId::new(1, [0; 10]),
        version: 2,
        key_version: 5,
        fields: fields("new"),
        previous: Some(previous),
        endpoint: Some(EndpointSecrets { key_version: 3, fields: fields("endpoint's") }),
    };
    assert_eq!(sealed.key_versions(), [3, 4, 5]);
    for part in sealed.parts() {
        *part.key_version = 6;
        part.fields.insert("api_key".to_owned(), format!("again {}", part.version));
    }
    assert_eq!(sealed.key_versions(), [6]);
    assert_eq!((&sealed.fields, sealed.version), (&fields("again 2"), 2));
    assert_eq!(sealed.previous.unwrap().fields, fields("again 1"));
    assert_eq!(sealed.endpoint.unwrap().fields, fields(&format!("again {}", EndpointSecrets::VERSION)));
}

#[test]
fn futures_can_be_sent_between_threads() {
    fn check<T: Send>(_: T) {}
    let place = &crate::support::Place {
        storage: Arc::new(gatehouse_store::MemoryStorage::new()),
        dir: tempfile::tempdir().unwrap(),
        durable: false,
    };
    let store = store(place);
    check(store.tenant(tenant(1)).list::<TenantKey>(&Page::first(1)));
    check(store.change().commit());
    check(store.prune(EPOCH, &gatehouse_store::Retention::default()));
}
