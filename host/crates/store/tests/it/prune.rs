//! Retention: what is old goes with all that belongs to it, and nothing else does.

use gatehouse_domain::batch::{Batch, Counts, Item, Mode};
use gatehouse_domain::capability::Effect;
use gatehouse_domain::event::Event;
use gatehouse_domain::execution::{Cost, Execution, Outcome};
use gatehouse_domain::id::{
    BatchId, DeliveryId, EventId, ExecutionId, IntegrationId, KeyId, RequestId, SubscriptionDeliveryId, SubscriptionId,
    TenantId,
};
use gatehouse_domain::plugin::PluginRef;
use gatehouse_domain::subscription::{self, Subscription, SubscriptionDelivery};
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::time::{EPOCH, Timestamp, from_millis};
use gatehouse_domain::webhook::{Delivery, DeliveryState};
use gatehouse_store::records::{
    DeadDelivery, DeliveryBody, DeliveryByIntegration, EventByIntegration, EventFeed, ExecutionByIntegration,
    IdempotentRequest, PendingDelivery, RouteMinute, RouteWindow, SeenDelivery,
};
use gatehouse_store::storage::Scan;
use gatehouse_store::{Change, Page, Pruned, Retention, Store};
use semver::Version;
use serde_json::{Value, json};

use crate::support::{places, store};

const DAY: i64 = 86_400_000;
const NOW: i64 = 1_000 * DAY;

fn tenant() -> TenantId {
    TenantId::new(1, [1; 10])
}

fn integration(n: u8) -> IntegrationId {
    IntegrationId::new(1, [n; 10])
}

fn at(days_ago: i64) -> Timestamp {
    from_millis(NOW - days_ago * DAY)
}

fn add_execution(change: &mut Change, days_ago: i64, n: u8) {
    let id = ExecutionId::new(NOW - days_ago * DAY, [n; 10]);
    let execution = Execution {
        id,
        tenant: tenant(),
        integration: integration(n % 2),
        provider: "acme".into(),
        plugin: PluginRef { id: "acme".into(), version: Version::new(1, 0, 0), digest: "0".repeat(64) },
        capability: "DO".into(),
        effect: Effect::Write,
        actor: KeyId::new(1, [0; 10]),
        request: RequestId::new(1, [0; 10]),
        idempotency_key: "k".into(),
        outcome: Outcome::Succeeded,
        // Some are large, so that they have parts.
        parameters: json!({ "text": "x".repeat(usize::from(n % 3) * 20_000) }),
        result: None,
        error: None,
        fault: None,
        calls: Vec::new(),
        tries: 1,
        log: Vec::new(),
        cost: Cost::default(),
        started_at: EPOCH,
        finished_at: None,
        duration_us: 0,
        exact_parameters: true,
        sent_as: String::new(),
        replay_of: None,
        unresolved: None,
        resolution: None,
        decision: None,
        attempt: 1,
        failover_of: None,
        deferred: None,
        mapping: None,
    };
    change.tenant(tenant()).create(&execution).unwrap();
    let index = ExecutionByIntegration { integration: execution.integration, execution: id };
    change.tenant(tenant()).create(&index).unwrap();
}

fn add_delivery(change: &mut Change, days_ago: i64, n: u8, pending: bool) {
    let id = DeliveryId::new(NOW - days_ago * DAY, [n; 10]);
    let delivery = Delivery {
        id,
        integration: integration(0),
        headers: Vec::new(),
        size: 1,
        state: DeliveryState::Pending,
        trust: gatehouse_domain::webhook::Trust::Verified,
        source: gatehouse_domain::webhook::Source::Sent,
        attempts: 0,
        received_at: EPOCH,
    };
    change.tenant(tenant()).create(&delivery).unwrap();
    change.tenant(tenant()).create(&DeliveryByIntegration { integration: integration(0), delivery: id }).unwrap();
    change.tenant(tenant()).create(&DeliveryBody { delivery: id, body: vec![n; 40_000] }).unwrap();
    if pending {
        let pending = PendingDelivery {
            tenant: tenant(),
            integration: integration(0),
            delivery: id,
            not_before: EPOCH,
            attempts: 3,
            listed: false,
        };
        change.admin().create(&pending).unwrap();
    }
}

fn add_event(change: &mut Change, days_ago: i64, of: u8, n: u8) {
    let event = Event {
        id: EventId::new(NOW - days_ago * DAY, [n; 10]),
        integration: Some(integration(of)),
        provider: Some("acme".into()),
        told: None,
        kind: "thing.made".into(),
        subject: None,
        data: Value::Null,
        occurred_at: EPOCH,
        received_at: EPOCH,
    };
    change.tenant(tenant()).create(&event).unwrap();
    let index = EventByIntegration { integration: integration(of), event: event.id };
    change.tenant(tenant()).create(&index).unwrap();
}

fn add_short_lived(change: &mut Change, days_ago: i64, n: u8) {
    let execution = ExecutionId::new(1, [0; 10]);
    let request = IdempotentRequest {
        key: format!("k{n}"),
        request_hash: "h".into(),
        execution,
        expires_at: at(days_ago),
        open: false,
    };
    change.tenant(tenant()).create(&request).unwrap();
    let minute = RouteMinute { at: at(days_ago).as_second() / 60, good: 1, bad: 0 };
    let window = RouteWindow { integration: integration(0), capability: format!("C{n}"), minutes: vec![minute] };
    change.tenant(tenant()).create(&window).unwrap();
    let delivery = DeliveryId::new(1, [0; 10]);
    let seen = SeenDelivery { integration: integration(0), key: [n; 32], delivery, expires_at: at(days_ago) };
    change.tenant(tenant()).create(&seen).unwrap();
}

/// Fills a store with records of the given ages.
async fn fill(store: &Store, ages: &[i64]) {
    for (age, n) in ages.iter().zip(0..) {
        let mut change = store.change();
        add_execution(&mut change, *age, n);
        add_delivery(&mut change, *age, n, false);
        add_event(&mut change, *age, n % 3, n);
        add_short_lived(&mut change, *age, n);
        change.commit().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_old_goes_with_all_that_belongs_to_it() {
    let kept = [-1, 0, 5, 9];
    for place in places() {
        let store = store(&place);
        let mut change = store.change();
        change.admin().create(&Tenant::new(tenant(), "t".into(), serde_json::Map::new(), EPOCH)).unwrap();
        add_delivery(&mut change, 100, 200, true);
        change.commit().await.unwrap();
        fill(&store, &kept).await;
        // What stays is as if the old had never been there; only the expired differ in age.
        let retention = Retention {
            executions_days: 10,
            deliveries_days: 10,
            events_days: 10,
            dead_jobs_days: 10,
            sync_logs_days: 10,
            audit_days: 400,
        };
        store.prune(at(0), &retention).await.unwrap();
        let everything = async || {
            let scan = Scan { limit: 100_000, ..Scan::default() };
            let found = place.storage.scan(scan).await.unwrap();
            found.into_iter().map(|(key, found)| (key, found.value)).collect::<Vec<_>>()
        };
        let expect = everything().await;

        let mut change = store.change();
        for n in 0..100u8 {
            add_execution(&mut change, 11 + i64::from(n), n);
            add_event(&mut change, 11 + i64::from(n), n % 3, n);
            add_short_lived(&mut change, 1 + i64::from(n), 100 + n);
        }
        change.commit().await.unwrap();
        for n in 0..70u8 {
            let mut change = store.change();
            add_delivery(&mut change, 11 + i64::from(n), n, false);
            change.commit().await.unwrap();
        }
        let pruned = store.prune(at(0), &retention).await.unwrap();
        let counts = Pruned {
            executions: 100,
            deliveries: 70,
            events: 100,
            seen_deliveries: 100,
            idempotent_requests: 100,
            route_windows: 100,
            ..Pruned::default()
        };
        assert_eq!(pruned, counts);
        assert!(everything().await == expect, "more or less is left than what is young or pending");
        assert_eq!(store.prune(at(0), &retention).await.unwrap(), Pruned::default());
    }
}

fn add_batch(change: &mut Change, days_ago: i64, n: u8, items: u32) {
    let id = BatchId::new(NOW - days_ago * DAY, [n; 10]);
    let batch = Batch {
        id,
        actor: KeyId::new(1, [0; 10]),
        mode: Mode::Parallel,
        stop_on_error: false,
        total: items,
        counts: Counts::default(),
        created_at: EPOCH,
        cancelled_at: None,
        finished_at: (n != 0).then_some(EPOCH),
        moved_at: EPOCH,
    };
    change.tenant(tenant()).create(&batch).unwrap();
    for index in 0..items {
        let execution = ExecutionId::new(index.into(), [n; 10]);
        let item = Item { batch: id, index, execution, capability: "X".into(), reference: None, refused: None };
        change.tenant(tenant()).create(&item).unwrap();
    }
}

#[tokio::test]
async fn a_finished_batch_goes_with_its_items_and_an_open_one_stays() {
    for place in places() {
        let store = store(&place);
        let mut change = store.change();
        change.admin().create(&Tenant::new(tenant(), "t".into(), serde_json::Map::new(), EPOCH)).unwrap();
        for (n, age) in [(0, 90), (1, 80), (2, 11), (3, 9), (4, 0)] {
            add_batch(&mut change, age, n, 130);
        }
        change.commit().await.unwrap();
        let retention = Retention { executions_days: 10, ..Retention::default() };
        let pruned = store.prune(at(0), &retention).await.unwrap();
        assert_eq!(pruned, Pruned { batches: 2, ..Pruned::default() });
        let scope = store.tenant(tenant());
        let left = scope.list::<Batch>(&Page::first(100)).await.unwrap().items;
        let items = scope.list::<Item>(&Page::first(1_000)).await.unwrap().items;
        assert_eq!(left.len(), 3);
        assert_eq!(items.len(), 3 * 130);
        assert!(items.iter().all(|item| left.iter().any(|batch| batch.id == item.batch)));
    }
}

fn add_sent(change: &mut Change, days_ago: i64, n: u8, state: subscription::DeliveryState) {
    let of = SubscriptionId::new(1, [n % 2; 10]);
    let delivery = SubscriptionDelivery {
        id: SubscriptionDeliveryId::new(NOW - days_ago * DAY, [n; 10]),
        subscription: of,
        event: EventId::new(1, [n; 10]),
        kind: "thing.made".into(),
        state,
        tries: 1,
        next_attempt_at: None,
        attempts: Vec::new(),
        created_at: EPOCH,
        finished_at: None,
    };
    change.tenant(tenant()).create(&delivery).unwrap();
    if state == subscription::DeliveryState::Dead {
        change.tenant(tenant()).create(&DeadDelivery { subscription: of, delivery: delivery.id }).unwrap();
    }
}

#[tokio::test]
async fn deliveries_to_subscriptions_go_once_they_are_old_and_not_pending() {
    use subscription::DeliveryState::{Dead, Delivered, Pending};
    let of = |n: u8| -> Subscription {
        serde_json::from_value(json!({
            "id": SubscriptionId::new(1, [n; 10]), "url": "", "description": null, "events": [], "integrations": [],
            "providers": [], "enabled": true, "disabled": null, "headers": {}, "rate_per_second": 1, "concurrency": 1,
            "signature": "v1", "public_key": null, "secret_hint": null, "secret_version": 1,
            "previous_secret_until": null, "created_at": EPOCH, "updated_at": EPOCH,
        }))
        .unwrap()
    };
    for place in places() {
        let store = store(&place);
        let mut change = store.change();
        change.admin().create(&Tenant::new(tenant(), "t".into(), serde_json::Map::new(), EPOCH)).unwrap();
        [0, 1].iter().for_each(|n| change.tenant(tenant()).create(&of(*n)).unwrap());
        let all = [(20, Delivered), (20, Dead), (20, Pending), (20, Pending), (5, Delivered), (5, Dead), (19, Dead)];
        for ((days_ago, state), n) in all.into_iter().zip(0..) {
            add_sent(&mut change, days_ago, n, state);
        }
        change.commit().await.unwrap();
        let retention = Retention { deliveries_days: 10, ..Retention::default() };
        let pruned = store.prune(at(0), &retention).await.unwrap();
        assert_eq!(pruned, Pruned { subscription_deliveries: 3, ..Pruned::default() });
        let scope = store.tenant(tenant());
        let left = scope.list::<SubscriptionDelivery>(&Page::first(100)).await.unwrap().items;
        let mut states: Vec<_> = left.iter().map(|delivery| format!("{:?}", delivery.state)).collect();
        states.sort();
        assert_eq!(states, ["Dead", "Delivered", "Pending", "Pending"]);
        assert_eq!(scope.list::<DeadDelivery>(&Page::first(100)).await.unwrap().items.len(), 1);
    }
}

#[tokio::test]
async fn the_feed_loses_what_its_events_lose() {
    for place in places() {
        let store = store(&place);
        let mut change = store.change();
        change.admin().create(&Tenant::new(tenant(), "t".into(), serde_json::Map::new(), EPOCH)).unwrap();
        for (n, age) in (0..30u8).map(|n| (n, 30 - i64::from(n))) {
            add_event(&mut change, age, 0, n);
            change.tenant(tenant()).append(&EventFeed { event: EventId::new(NOW - age * DAY, [n; 10]) }).unwrap();
        }
        change.commit().await.unwrap();
        let retention = Retention {
            executions_days: 10,
            deliveries_days: 10,
            events_days: 10,
            dead_jobs_days: 10,
            sync_logs_days: 10,
            audit_days: 400,
        };
        store.prune(at(0), &retention).await.unwrap();
        let scope = store.tenant(tenant());
        let left = scope.entries::<EventFeed>(&Page::first(100)).await.unwrap();
        let events = scope.list::<Event>(&Page::first(100)).await.unwrap();
        assert_eq!(left.items.len(), 10, "those of the last ten days");
        assert!(left.items.iter().map(|entry| entry.event).eq(events.items.iter().map(|event| event.id)));
    }
}
