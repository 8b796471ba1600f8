//! Erasing a tenant: all of it goes, parts of large records too, and nothing of anybody else.

use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_store::Store;
use gatehouse_store::record::Kind;
use gatehouse_store::records::{IdempotentRequest, IntegrationByProvider, SealedCredential, TenantKey};
use gatehouse_store::storage::Scan;

use crate::support::{places, store};

fn tenant(n: u8) -> TenantId {
    TenantId::new(1, [n; 10])
}

async fn fill(store: &Store, tenant: TenantId) {
    let mut change = store.change();
    for n in 0..3u8 {
        let integration = IntegrationId::new(1, [n; 10]);
        // Each credential is larger than one value, so it has parts.
        let fields = [("key".to_owned(), "x".repeat(40_000))].into();
        change
            .tenant(tenant)
            .create(&SealedCredential {
                integration,
                version: 1,
                key_version: 1,
                fields,
                previous: None,
                endpoint: None,
            })
            .unwrap();
        change.tenant(tenant).create(&IntegrationByProvider { provider: "acme".into(), integration }).unwrap();
    }
    change.tenant(tenant).create(&TenantKey { version: 1, wrapped: "sealed".into() }).unwrap();
    change.commit().await.unwrap();
    for batch in 0..3u8 {
        let mut change = store.change();
        for n in 0..200u32 {
            let request = IdempotentRequest {
                open: false,
                key: format!("{batch}-{n}"),
                request_hash: "0".into(),
                execution: gatehouse_domain::id::ExecutionId::new(1, [batch; 10]),
                expires_at: gatehouse_domain::time::EPOCH,
            };
            change.tenant(tenant).create(&request).unwrap();
        }
        change.commit().await.unwrap();
    }
}

/// Every key in the storage but those of the storage itself.
async fn keys(store: &Store) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    for prefix in [b"t", b"c", b"g"] {
        let scan = Scan { prefix: prefix.to_vec(), after: None, limit: 100_000, reverse: false };
        keys.extend(store.storage().scan(scan).await.unwrap().into_iter().map(|(key, _)| key));
    }
    keys
}

#[tokio::test]
async fn all_of_a_tenant_goes_and_nothing_else() {
    for place in places() {
        let store = store(&place);
        fill(&store, tenant(1)).await;
        let of_one = keys(&store).await.len();
        fill(&store, tenant(2)).await;
        let both = keys(&store).await;
        assert_eq!(both.len(), 2 * of_one);
        assert!(of_one > 607, "the large records have parts: {of_one}");

        let erased = store.erase_tenant(tenant(1), &[]).await.unwrap();
        assert_eq!(erased, of_one as u64);
        let left = keys(&store).await;
        assert_eq!(left.len(), of_one);
        let of_two = tenant(2).to_bytes();
        assert!(left.iter().all(|key| key.windows(16).any(|part| part == of_two)));
        assert_eq!(store.erase_tenant(tenant(1), &[]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn the_kinds_that_are_to_stay_stay_with_their_parts() {
    for place in places() {
        let store = store(&place);
        fill(&store, tenant(1)).await;
        store.erase_tenant(tenant(1), &[Kind::SealedCredential]).await.unwrap();
        let scope = store.tenant(tenant(1));
        let kept = scope.list::<SealedCredential>(&gatehouse_store::Page::first(10)).await.unwrap();
        assert_eq!(kept.items.len(), 3);
        assert_eq!(kept.items[0].fields["key"].len(), 40_000);
        assert!(scope.get::<TenantKey>(&1).await.unwrap().is_none());
    }
}
