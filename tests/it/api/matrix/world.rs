//! What the matrix asks about: two tenants with a record of every kind, and fresh ones for the
//! requests that use a record up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use gatehouse_api::table::Route;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::absent::absent;
use super::bodies::{app, policy, public_key};
use super::callers::{self, Column};
use super::expect::{self, Expect, Whose};
use super::text;
use crate::api::versions::dependencies::helper;
use crate::harness::story::{create, upload, upload_bytes};
use crate::harness::{Client, Server, Upstream};

mod side;

pub(crate) use side::Side;
use side::{entity, quarantined, subscription};

/// The header by which an operator names a tenant.
const TENANT: &str = "gatehouse-tenant";

/// Everything that there is.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(super) upstream: Upstream,
    pub(crate) own: Side,
    pub(super) foreign: Side,
    /// An integration of the own tenant that no request asks for.
    pub(super) other_integration: String,
    pub(super) digest: String,
    columns: Vec<Column>,
    keys: Mutex<HashMap<Vec<String>, Client>>,
    pub(super) counter: AtomicUsize,
    /// An operator's key that may upload and not approve.
    author: Client,
    /// The digest of what was submitted last.
    pub(super) submitted: Mutex<String>,
}

/// One request.
pub(super) struct Target {
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// The ids in it, which an answer may repeat.
    pub(super) ids: Vec<String>,
}

impl World {
    pub(crate) async fn build() -> Self {
        let upstream = Upstream::start().await;
        let review = [("GATEHOUSE_PLUGINS__REVIEW", "required".to_owned())];
        let server = Server::start_also(std::slice::from_ref(&upstream.origin), &review);
        upload(&server).await;
        server.operator().put("/providers/stripe/oauth-app", app()).await.expect(200);
        let publisher = json!({ "id": "matrix", "name": "Matrix", "public_key": public_key(usize::MAX) });
        server.operator().post("/publishers", publisher).await.expect(201);
        let own = Side::build(&server, &upstream, "Own").await;
        let foreign = Side::build(&server, &upstream, "Foreign").await;
        let other = create(&own.owner, &upstream.origin).await;
        let sheet = own.owner.get("/plugins/stripe/permissions").await.expect(200);
        let author = json!({ "name": "author", "permissions": ["plugins:read", "plugins:write"] });
        let author = server.operator().post("/keys", author).await.expect(201);
        let author = server.client().with_key(&text(&author, "token"));
        let mut world = Self {
            server,
            upstream,
            own,
            foreign,
            other_integration: text(&other, "id"),
            digest: text(&sheet, "digest"),
            columns: Vec::new(),
            keys: Mutex::default(),
            counter: AtomicUsize::new(0),
            author,
            submitted: Mutex::default(),
        };
        world.columns = callers::fixed(&world).await;
        world
    }

    /// The callers of a route.
    pub(super) async fn columns(&self, route: &Route) -> Vec<Column> {
        let around = callers::around(self, route).await;
        self.columns.iter().cloned().chain(around).collect()
    }

    /// A client with a key that `maker` makes.
    pub(super) async fn key_of(&self, maker: &Client, key: Value) -> Client {
        let made = maker.post("/keys", key).await.expect(201);
        self.server.client().with_key(&text(&made, "token"))
    }

    /// A client with exactly these permissions, made once.
    pub(super) async fn cached_key(&self, permissions: &[String]) -> Client {
        let mut keys = self.keys.lock().await;
        if let Some(known) = keys.get(permissions) {
            return known.clone();
        }
        let client = self.key_of(&self.own.owner, json!({ "name": "exact", "permissions": permissions })).await;
        keys.insert(permissions.to_vec(), client.clone());
        client
    }

    /// A tenant and a client with its key.
    pub(super) async fn tenant_with_key(&self, name: &str) -> (String, Client) {
        let tenant = self.server.operator().post("/tenants", json!({ "name": name })).await.expect(201);
        let key = json!({ "tenant": tenant["id"], "name": name });
        (text(&tenant, "id"), self.key_of(&self.server.operator(), key).await)
    }

    /// What no request may have changed: the fixed records of both tenants.
    pub(super) async fn fixed(&self) -> Vec<Value> {
        let mut found = Vec::new();
        for side in [&self.own, &self.foreign] {
            for (name, place) in [("integration", "integrations"), ("execution", "executions"), ("event", "events")] {
                found.push(side.owner.get(&format!("/{place}/{}", side.records[name])).await.expect(200));
            }
            let mut key = side.owner.get(&format!("/keys/{}", side.records["key"])).await.expect(200);
            key["last_used_at"] = Value::Null;
            found.push(key);
        }
        // The own ones are renamed and changed by those who may; what they are stays.
        found.iter_mut().filter_map(Value::as_object_mut).for_each(|record| {
            let credential = ["credential_version", "credential_hints", "connected_at"];
            for changing in ["name", "updated_at", "health", "status", "account", "endpoint", "webhook_url"]
                .into_iter()
                .chain(credential)
            {
                record.remove(changing);
            }
        });
        found
    }

    /// The request of a cell. A record that a good answer would use up is made for it.
    pub(super) async fn target(&self, route: &Route, column: &Column, whose: Whose, expect: &Expect) -> Target {
        let mut path = route.path.to_owned();
        let mut ids = Vec::new();
        let uses_up = matches!(expect, Expect::Good(_)) && route.method != "GET";
        for name in expect::parameters(route) {
            let id = match whose {
                _ if uses_up && whose != Whose::Absent => self.fresh(route, name).await,
                Whose::Own => self.own.record(name),
                Whose::Foreign => self.foreign.record(name),
                Whose::Absent => absent(name),
            };
            path = path.replace(&format!("{{{name}}}"), &id);
            ids.push(id);
        }
        let named = expect::named_tenant(route, column, whose).map(|named| match named {
            Whose::Own => self.own.tenant.clone(),
            Whose::Foreign => self.foreign.tenant.clone(),
            Whose::Absent => absent("tenant"),
        });
        ids.extend(named.clone());
        let headers = named.into_iter().map(|tenant| (TENANT.to_owned(), tenant)).collect();
        Target { path, headers, body: self.body(route, whose), ids }
    }

    /// A request that a route answers well, as far as there is one: what stands in its path, and its
    /// body. A record that the request would use up is made for it.
    pub(crate) async fn example(&self, route: &Route) -> (Vec<(&'static str, String)>, Vec<u8>) {
        let mut places = Vec::new();
        for name in expect::parameters(route) {
            let there = if route.method == "GET" { self.own.record(name) } else { self.fresh(route, name).await };
            places.push((name, there));
        }
        if route.path.ends_with("/mappings/{entity}") {
            self.mapped(&mut places).await;
        }
        (places, self.body(route, Whose::Own))
    }

    /// The integration serves no entity, and has a mapping of a capability.
    async fn mapped(&self, places: &mut [(&'static str, String)]) {
        let capability = self.own.record("capability");
        let path = format!("/integrations/{}/mappings/{capability}", self.own.record("integration"));
        self.own.owner.put(&path, json!({ "rules": [], "unmapped": "keep" })).await.expect(200);
        places.iter_mut().filter(|(name, _)| *name == "entity").for_each(|(_, there)| there.clone_from(&capability));
    }

    /// A record of the own tenant for a request that changes it; the same one where it stays.
    async fn fresh(&self, route: &Route, name: &str) -> String {
        let (owner, number) = (&self.own.owner, self.counter.fetch_add(1, Ordering::Relaxed));
        if let Some(fresh) = self.fresh_of_market(route, name, number).await {
            return fresh;
        }
        match (name, route.method.as_str(), route.path) {
            ("integration", "DELETE", _) if route.path.starts_with("/entities") => {
                let id = self.own.record(name);
                owner.post(&entity("customer", "matrix"), json!({ "integration": id })).await.expect(201);
                id
            }
            ("integration", "DELETE", path) if path.contains("/quarantine/") => self.own.record(name),
            ("inbound", ..) => quarantined(owner, &self.own.record("integration"), number).await,
            ("integration", "DELETE", _) => text(&create(owner, &self.upstream.origin).await, "id"),
            ("policy", "DELETE", _) => {
                let policy = policy(&format!("fresh-{number}"), &self.own.record("integration"));
                text(&owner.post("/policies", policy).await.expect(201), "id")
            }
            ("subscription", "DELETE", _) => {
                let new = self.subscription(&self.own.record("integration"));
                text(&owner.post("/subscriptions", new).await.expect(201), "id")
            }
            ("execution", "POST", "/executions/{execution}/replay") => {
                // One that only looks may be made again.
                let ask = json!({ "capability": "GET_PAYMENT", "parameters": { "id": "pi_0001" } });
                let path = format!("/integrations/{}/execute", self.own.record("integration"));
                text(&owner.post(&path, ask).await.expect(200), "execution")
            }
            ("key", ..) => {
                // Good where every caller is, so that none gives away more than it has.
                let key = json!({ "name": "used up", "permissions": ["keys:write"], "allowed_ips": ["127.0.0.0/8"] });
                text(&owner.post("/keys", key).await.expect(201), "id")
            }
            ("role", "DELETE", _) => {
                let role = json!({ "name": format!("fresh-{number}"), "permissions": [] });
                text(&owner.post("/roles", role).await.expect(201), "name")
            }
            ("tenant", ..) => self.tenant_with_key("Used up").await.0,
            // Helpers are published at once, as nothing of them is compiled.
            ("plugin", _, path) if path.contains("{version}") => "aside".to_owned(),
            ("version", _, path) if is_of_review(path) => self.submitted(path, number).await,
            ("version", method, _) => {
                let (version, operator) = (format!("1.0.{number}"), self.server.operator());
                upload_bytes(&self.server, helper("aside", &version, 2, "")).await;
                if method == "DELETE" {
                    let path = format!("/plugins/aside/versions/{version}/yank");
                    operator.post(&path, json!({ "reason": "to be removed" })).await.expect(200);
                }
                version
            }
            // As many keys as a publisher may have are soon entered.
            ("publisher", "POST", path) if path.ends_with("/keys") => {
                let id = format!("fresh-{number}");
                let new = json!({ "id": id, "name": "Fresh" });
                self.server.operator().post("/publishers", new).await.expect(201);
                id
            }
            ("provider", "DELETE", "/providers/{provider}/oauth-app") => {
                self.server.operator().put("/providers/stripe/oauth-app", app()).await.expect(200);
                self.own.record(name)
            }
            ("provider", "DELETE", "/oauth-apps/{provider}") => {
                owner.put("/oauth-apps/stripe", app()).await.expect(200);
                self.own.record(name)
            }
            ("provider", "PUT" | "DELETE", "/providers/{provider}") => {
                let provider = json!({ "code": format!("fresh-{number}"), "display_name": "Fresh" });
                text(&self.server.operator().post("/providers", provider).await.expect(201), "code")
            }
            ("capability", "PUT" | "DELETE", _) => {
                let says = json!({ "capability": format!("FRESH_{number}"), "description": "Fresh." });
                let path = "/providers/stripe/capabilities";
                text(&self.server.operator().post(path, says).await.expect(201), "capability")
            }
            _ => self.own.record(name),
        }
    }

    /// A version in the state in which what the path does can be done to it.
    async fn submitted(&self, path: &str, number: usize) -> String {
        let version = format!("1.0.{number}");
        let component = helper("aside", &version, 2, "");
        let made = self.author.post_bytes("/plugins", component, &[("content-type", "application/wasm")]).await;
        let made = made.expect(201);
        assert_eq!(made["submission"]["state"], "in_review");
        *self.submitted.lock().await = text(&made["submission"], "digest");
        if path.ends_with("/reset") {
            let path = format!("/plugins/aside/versions/{version}/reject");
            self.server.operator().post(&path, json!({ "reason": "to be reset" })).await.expect(200);
        }
        version
    }

    /// As [`World::fresh`], for what the marketplace keeps.
    async fn fresh_of_market(&self, route: &Route, name: &str, number: usize) -> Option<String> {
        let (owner, review) = (&self.own.owner, "/plugins/stripe/review");
        match (name, route.method.as_str(), route.path) {
            ("plugin", "DELETE", "/plugins/{plugin}") | ("plugin", "POST", "/plugins/{plugin}/restore") => {
                let id = format!("aside-{number}");
                upload_bytes(&self.server, helper(&id, "1.0.0", 2, "")).await;
                if route.method == "POST" {
                    self.server.operator().delete(&format!("/plugins/{id}")).await.expect(204);
                }
                Some(id)
            }
            // Each side has one, and may have but one.
            ("plugin", "DELETE", "/plugins/{plugin}/review") => {
                for side in [owner, &self.foreign.owner] {
                    side.put(review, json!({ "stars": 3 })).await.expect(200);
                }
                None
            }
            ("review", ..) => {
                let made = owner.put(review, json!({ "stars": 3 })).await.expect(200);
                Some(text(&made, "id"))
            }
            _ => None,
        }
    }

    /// A subscription to events of one integration.
    pub(super) fn subscription(&self, integration: &str) -> Value {
        subscription(&self.upstream.origin, integration)
    }
}

/// Whether a path does something to the review of a version.
fn is_of_review(path: &str) -> bool {
    let ends = ["/approve", "/reject", "/withdraw", "/reset"];
    path.contains("/versions/{version}/") && ends.iter().any(|end| path.ends_with(end))
}
