//! What syncs leave: feeds of parts, which never meet, and the retention of what is over.

use gatehouse_domain::id::{ChangeId, IntegrationId, TenantId};
use gatehouse_domain::sync::{ChangeState, Origin, SyncChange, SyncFeed, SyncState, SyncedRecord};
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::time::{EPOCH, Timestamp, from_millis};
use gatehouse_store::records::{added_at, entity_prefix, feed_position};
use gatehouse_store::{Page, Position, Retention, Store};
use serde_json::Map;

use crate::support::{places, store};

const DAY: i64 = 86_400_000;
const NOW: i64 = 100 * DAY;

fn tenant() -> TenantId {
    TenantId::new(1, [1; 10])
}

fn integration() -> IntegrationId {
    IntegrationId::new(1, [2; 10])
}

fn record(entity: &str, id: &str, deleted: bool, index: u16) -> SyncedRecord {
    SyncedRecord {
        integration: integration(),
        entity: entity.to_owned(),
        id: id.to_owned(),
        data: Map::new(),
        hash: String::new(),
        version: 1,
        origin: Origin::Provider,
        rendition_of: None,
        deleted,
        provider_updated_at: None,
        first_seen_at: EPOCH,
        changed_at: EPOCH,
        pending: None,
        index,
        placed: None,
        added_at: None,
    }
}

/// Stores a record with its entry in the feed.
async fn add(store: &Store, entity: &str, id: &str, deleted: bool, at: Timestamp) {
    let mut change = store.change();
    let mut scope = change.tenant(tenant());
    let entry = SyncFeed { id: id.to_owned(), at, deleted };
    let index = scope.append_under(&entity_prefix(integration(), entity), &entry).unwrap();
    scope.create(&record(entity, id, deleted, index)).unwrap();
    change.commit().await.unwrap();
}

async fn feed(store: &Store, entity: &str, after: Position) -> Vec<(Position, String)> {
    let part = entity_prefix(integration(), entity);
    let found = store.tenant(tenant()).entries_after_under::<SyncFeed>(&part, after, 100).await.unwrap();
    found.into_iter().map(|entry| (entry.position, entry.entry.id)).collect()
}

#[tokio::test]
async fn each_part_has_a_feed_of_its_own_and_a_record_knows_its_place() {
    for place in places() {
        let store = store(&place);
        // Names of which one begins with the other.
        for (entity, id) in [("item", "a"), ("items", "b"), ("item", "c"), ("items", "d")] {
            add(&store, entity, id, false, from_millis(NOW)).await;
        }
        let names = |found: &[(Position, String)]| found.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>();
        let item = feed(&store, "item", Position::START).await;
        assert_eq!(
            (names(&item), names(&feed(&store, "items", Position::START).await)),
            (vec!["a".to_owned(), "c".to_owned()], vec!["b".to_owned(), "d".to_owned()])
        );
        assert_eq!(names(&feed(&store, "item", item[0].0).await), ["c"]);
        let scope = store.tenant(tenant());
        let stored = scope.get::<SyncedRecord>(&(integration(), "item".into(), "c".into())).await.unwrap().unwrap();
        assert_eq!((feed_position(&stored), added_at(&stored)), (item[1].0, item[1].0));
        let mut change = store.change();
        let part = entity_prefix(integration(), "item");
        change.tenant(tenant()).delete_entry_under::<SyncFeed>(&part, item[0].0).unwrap();
        change.commit().await.unwrap();
        assert_eq!(names(&feed(&store, "item", Position::START).await), ["c"]);
        assert_eq!(names(&feed(&store, "items", Position::START).await), ["b", "d"]);
    }
}

#[tokio::test]
async fn what_is_gone_for_long_goes_and_what_is_there_stays() {
    for place in places() {
        let store = store(&place);
        let mut change = store.change();
        change.admin().create(&Tenant::new(tenant(), "t".into(), Map::new(), EPOCH)).unwrap();
        change.tenant(tenant()).create(&SyncState::new(integration(), "items")).unwrap();
        for (number, state) in [ChangeState::Pushed, ChangeState::Pending].into_iter().enumerate() {
            change.tenant(tenant()).create(&settled(number as i64, state, NOW - 40 * DAY)).unwrap();
        }
        change.tenant(tenant()).create(&settled(9, ChangeState::Pushed, NOW - 20 * DAY)).unwrap();
        change.commit().await.unwrap();
        for (id, deleted, age) in
            [("old", false, 90), ("gone", true, 80), ("older", false, 70), ("lately", true, 20), ("new", false, 1)]
        {
            add(&store, "items", id, deleted, from_millis(NOW - age * DAY)).await;
        }
        let pruned = store.prune(from_millis(NOW), &Retention::default()).await.unwrap();
        assert_eq!(pruned.syncs, 2);
        let left: Vec<String> = feed(&store, "items", Position::START).await.into_iter().map(|(_, id)| id).collect();
        assert_eq!(left, ["old", "older", "lately", "new"]);
        let scope = store.tenant(tenant());
        let records = scope.list::<SyncedRecord>(&Page::first(10)).await.unwrap().items;
        let ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
        assert_eq!(ids, ["lately", "new", "old", "older"]);
        let changes = scope.list::<SyncChange>(&Page::first(10)).await.unwrap().items;
        assert_eq!(changes.iter().map(|change| change.state.is_over()).collect::<Vec<_>>(), [false, true]);
        assert_eq!(store.prune(from_millis(NOW), &Retention::default()).await.unwrap().syncs, 0);
    }
}

fn settled(number: i64, state: ChangeState, at: i64) -> SyncChange {
    SyncChange {
        id: ChangeId::new(number, [0; 10]),
        integration: integration(),
        entity: "items".to_owned(),
        record: None,
        deleted: false,
        data: Map::new(),
        hash: String::new(),
        base: None,
        created_at: EPOCH,
        settled_at: state.is_over().then(|| from_millis(at)),
        state,
        attempts: 0,
        asked: 0,
        first_sent_at: None,
        last_sent_at: None,
    }
}
