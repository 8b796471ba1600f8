//! One tenant of the matrix, with a record of every kind that a path can name.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::api::matrix::absent::absent;
use crate::api::matrix::bodies::{app, policy};
use crate::api::matrix::text;
use crate::harness::story::{cassette, create, enable, payment};
use crate::harness::{Client, Server, Upstream, eventually};

/// One tenant, and a record of every kind that a path can name.
pub(crate) struct Side {
    pub(crate) tenant: String,
    pub(crate) owner: Client,
    pub(super) records: HashMap<&'static str, String>,
}

impl Side {
    pub(super) async fn build(server: &Server, upstream: &Upstream, name: &str) -> Self {
        let operator = server.operator();
        let tenant = operator.post("/tenants", json!({ "name": name })).await.expect(201);
        let key = json!({ "tenant": tenant["id"], "name": "owner", "role": "tenant-owner" });
        let key = operator.post("/keys", key).await.expect(201);
        let owner = server.client().with_key(&text(&key, "token"));
        enable(&owner).await;
        let view = create(&owner, &upstream.origin).await;
        let integration = text(&view, "id");
        owner.post(&format!("/integrations/{integration}/test"), json!({})).await.expect(200);
        let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment(name) });
        let done = owner.post(&format!("/integrations/{integration}/execute"), ask).await.expect(200);
        let feed = owner.get("/events").await.expect(200);
        let routed = text(&create(&owner, &upstream.origin).await, "id");
        owner.post(&format!("/integrations/{routed}/test"), json!({})).await.expect(200);
        let default = json!({ "integration": routed, "is_default": true });
        owner.post(&entity("tenant", &text(&tenant, "id")), default).await.expect(201);
        let policy = policy("by-name", &integration);
        let policy = text(&owner.post("/policies", policy).await.expect(201), "id");
        owner.put("/oauth-apps/stripe", app()).await.expect(200);
        let new = subscription(&upstream.origin, &integration);
        let subscription = text(&owner.post("/subscriptions", new).await.expect(201), "id");
        let delivery = owner.post(&format!("/subscriptions/{subscription}/test"), json!({})).await.expect(202);
        let role = format!("role-of-{}", name.to_lowercase());
        owner.post("/roles", json!({ "name": role, "permissions": ["roles:write"] })).await.expect(201);
        let calls = json!({ "items": [{
            "capability": "PROCESS_PAYMENT", "integration": integration, "parameters": payment("in a batch"),
        }] });
        let batch = text(&owner.post("/batches", calls).await.expect(202), "id");
        finished(&owner, &batch).await;
        let inbound = quarantined(&owner, &integration, 0).await;
        let review = owner.put("/plugins/stripe/review", json!({ "stars": 5 })).await.expect(200);
        let cassette = text(&cassette(&owner, &text(&done, "execution")).await, "id");
        let publisher = operator.get("/publishers/matrix").await.expect(200);
        let records = HashMap::from([
            ("batch", batch),
            ("cassette", cassette),
            ("inbound", inbound),
            ("event", text(&feed["items"][0], "id")),
            ("execution", text(&done, "execution")),
            ("endpoint", text(&view, "webhook_url").rsplit('/').next().unwrap().to_owned()),
            ("entity_type", "customer".to_owned()),
            ("entity_id", "matrix".to_owned()),
            ("integration", integration),
            ("policy", policy),
            ("subscription", subscription),
            ("delivery", text(&delivery, "id")),
            ("key", text(&key, "id")),
            ("plugin", "stripe".to_owned()),
            ("version", "0.1.0".to_owned()),
            ("review", text(&review, "id")),
            ("screenshot", "77".to_owned()),
            ("publisher", text(&publisher, "id")),
            ("publisher_key", text(&publisher["keys"][0], "id")),
            ("provider", "stripe".to_owned()),
            ("capability", "GET_PAYMENT".to_owned()),
            ("role", role),
            ("entity", "contacts".to_owned()),
            ("run", absent("run")),
            ("record", "r1".to_owned()),
            ("change", absent("change")),
            ("link", "no-such-link".to_owned()),
            ("context", "no-such-context".to_owned()),
            ("tenant", text(&tenant, "id")),
        ]);
        Self { tenant: text(&tenant, "id"), owner, records }
    }

    /// The ids of its records.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.records.values().cloned().collect()
    }

    pub(in crate::api::matrix) fn record(&self, name: &str) -> String {
        self.records.get(name).unwrap_or_else(|| panic!("say in matrix/world.rs what {{{name}}} there is")).clone()
    }
}

/// Waits until a batch has ended.
async fn finished(owner: &Client, batch: &str) {
    let path = format!("/batches/{batch}");
    let is_over = async || (!owner.get(&path).await.expect(200)["finished_at"].is_null()).then_some(());
    eventually("the end of a batch", is_over).await;
}

/// A delivery that does not verify, as it is kept.
pub(super) async fn quarantined(owner: &Client, integration: &str, number: usize) -> String {
    let view = owner.get(&format!("/integrations/{integration}")).await.expect(200);
    let path = text(&view, "webhook_url").split_once("/api/v1").unwrap().1.to_owned();
    owner.post_bytes(&path, format!("forged {number}").into_bytes(), &[]).await.expect_problem(404, "endpoint");
    let kept = owner.get(&format!("/integrations/{integration}/webhooks/quarantine?limit=1")).await.expect(200);
    text(&kept["items"][0], "id")
}

/// The path of an entity's links.
pub(super) fn entity(kind: &str, id: &str) -> String {
    format!("/entities/{kind}/{id}/integrations")
}

/// A subscription that tells the upstream of one integration.
pub(super) fn subscription(origin: &str, integration: &str) -> Value {
    json!({ "url": format!("{origin}/hooks"), "events": ["*"], "integrations": [integration] })
}
