//! Retention of recorded calls: the old ones go with their content, of every integration.

use gatehouse_domain::cassette::Label;
use gatehouse_domain::id::{CassetteId, IntegrationId, TenantId};
use gatehouse_domain::plugin::PluginRef;
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::time::{EPOCH, from_millis};
use gatehouse_store::records::CassetteTape;
use gatehouse_store::{Change, Page, Pruned, Retention};
use semver::Version;

use crate::support::{places, store};

const DAY: i64 = 86_400_000;
const NOW: i64 = 1_000 * DAY;

fn add(change: &mut Change, tenant: TenantId, n: u8, days_ago: i64) {
    let integration = IntegrationId::new(1, [n % 2; 10]);
    let id = CassetteId::new(NOW - days_ago * DAY, [n; 10]);
    let label = Label {
        id,
        integration,
        plugin: PluginRef { id: "acme".into(), version: Version::new(1, 0, 0), digest: "0".repeat(64) },
        function: "DO".into(),
        capability: Some("DO".into()),
        bytes: 1,
        recorded_at: from_millis(NOW - days_ago * DAY),
    };
    // Large enough to have parts.
    let tape = CassetteTape { integration, cassette: id, key_version: 1, sealed: "x".repeat(100_000) };
    change.tenant(tenant).create(&label).unwrap();
    change.tenant(tenant).create(&tape).unwrap();
}

#[tokio::test]
async fn old_cassettes_go_with_their_content() {
    for place in places() {
        let store = store(&place);
        let tenant = TenantId::new(1, [1; 10]);
        let mut change = store.change();
        change.admin().create(&Tenant::new(tenant, "t".into(), serde_json::Map::new(), EPOCH)).unwrap();
        for (n, days_ago) in [(0, 90), (1, 11), (2, 9), (3, 0)] {
            add(&mut change, tenant, n, days_ago);
        }
        change.commit().await.unwrap();
        let retention = Retention { executions_days: 10, ..Retention::default() };
        let pruned = store.prune(from_millis(NOW), &retention).await.unwrap();
        assert_eq!(pruned, Pruned { cassettes: 2, ..Pruned::default() });
        let labels = store.tenant(tenant).list::<Label>(&Page::first(100)).await.unwrap().items;
        let tapes = store.tenant(tenant).list::<CassetteTape>(&Page::first(100)).await.unwrap().items;
        let ids = |n: u8, days: i64| CassetteId::new(NOW - days * DAY, [n; 10]);
        assert_eq!(labels.iter().map(|label| label.id).collect::<Vec<_>>(), [ids(2, 9), ids(3, 0)]);
        assert_eq!(tapes.iter().map(|tape| tape.cassette).collect::<Vec<_>>(), [ids(2, 9), ids(3, 0)]);
    }
}
