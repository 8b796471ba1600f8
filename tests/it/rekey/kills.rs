//! SIGKILL at many moments of both exchanges, while calls run. Whatever was cut off goes on, and
//! afterwards everything opens, every API key works, the trail is whole and the old keys can go.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{new_root, with_roots};
use crate::api::webhooks;
use crate::harness::canary::{SECRET_KEY, WEBHOOK_SECRET};
use crate::harness::story::{create_named, payment};
use crate::harness::{Client, Story, eventually};

/// How often the server is killed.
const KILLS: usize = 24;
/// Tenants beside the story's own: enough for some commits of the root key's exchange.
const TENANTS: usize = 260;
/// Integrations beside the story's own: enough for some commits of a tenant key's exchange.
const INTEGRATIONS: usize = 110;
/// The root key file of the first start.
const FIRST: &str = "keys/root.key";

/// Everything that has to outlive every exchange.
struct Held {
    story: Story,
    tenant: String,
    integrations: Vec<String>,
    /// Tokens of other tenants' keys.
    tokens: Vec<String>,
    /// The answer that a request with this key got.
    once: Value,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_however_often_the_server_is_killed_meanwhile() {
    let mut held = Held::build().await;
    let mut files = vec![held.story.server.place(FIRST).display().to_string()];
    let mut went_on = 0;
    for round in 0..KILLS {
        // In turns: a new root key, the tenant's key, or only another kill of what is under way.
        if round % 3 == 0 {
            files.push(new_root(&held.story.server, &format!("root-{round}.key")).0);
            held = held.with_files(&files);
        }
        held.begin(round).await;
        let moment = Duration::from_millis((round * 7 % 24) as u64);
        let (tenant, integration) = (held.story.tenant.clone(), held.story.integration.clone());
        let load = tokio::spawn(async move { pay_until_gone(&tenant, &integration).await });
        tokio::time::sleep(moment).await;
        held.story.server = held.story.server.kill_and_restart();
        load.await.unwrap();
        held.story.tenant = held.story.tenant.moved_to(&held.story.server);
        held.story.execute("PROCESS_PAYMENT", payment("after a kill")).await.expect(200);
        went_on += usize::from(held.story.server.output().contains("was exchanged"));
    }
    println!("{went_on} of {KILLS} kills came in the middle of an exchange");
    assert!(went_on > 0, "no kill came in the middle of an exchange: the test proves nothing");
    held.settle().await;
    held.check().await;

    // All but the newest root key are taken away.
    let newest = files.pop().unwrap();
    files.iter().for_each(|file| std::fs::remove_file(file).unwrap());
    held.story.server = with_roots(held.story.server, &newest, &[]);
    held.story.tenant = held.story.tenant.moved_to(&held.story.server);
    held.check().await;
}

/// Calls until the server is gone. Each call that is answered was good.
async fn pay_until_gone(tenant: &Client, integration: &str) {
    let path = format!("/integrations/{integration}/execute");
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("load") }).to_string();
    while let Ok(answer) = tenant.try_send(Method::POST, &path, &[], ask.clone().into_bytes()).await {
        // Interrupted ones may answer that their outcome could not be written.
        assert!(answer.status == 200 || answer.status >= 500, "{} {}", answer.status, answer.body);
        if answer.status == 200 {
            assert!(!answer.body["execution"].is_null(), "{}", answer.body);
        }
    }
}

impl Held {
    async fn build() -> Self {
        let story = Story::begin().await;
        let operator = story.server.operator();
        let keys = story.tenant.get("/keys").await.expect(200);
        let tenant = keys["items"][0]["tenant"].as_str().unwrap().to_owned();
        // The story's integration has a credential from before, which old webhooks are signed with.
        let next = json!({
            "credentials": { "secret_key": SECRET_KEY, "webhook_secret": format!("{WEBHOOK_SECRET}2") },
            "overlap_seconds": 3_600,
        });
        story.tenant.post(&format!("/integrations/{}/rotate", story.integration), next).await.expect(200);
        let settings = json!({ "base_url": story.upstream.origin });
        let names: Vec<String> = (0..INTEGRATIONS).map(|number| format!("Number {number}")).collect();
        let made = join_all(names.iter().map(|name| create_named(&story.tenant, name, settings.clone()))).await;
        let integrations = made.iter().map(|view| view["id"].as_str().unwrap().to_owned()).collect();
        let others = (0..TENANTS).map(|number| operator.post("/tenants", json!({ "name": format!("Other {number}") })));
        let others: Vec<Value> = join_all(others).await.into_iter().map(|made| made.expect(201)).collect();
        let keys = others.iter().step_by(20).map(|other| {
            let key = json!({ "tenant": other["id"], "name": "other" });
            operator.post("/keys", key)
        });
        let keys: Vec<Value> = join_all(keys).await.into_iter().map(|made| made.expect(201)).collect();
        let tokens = keys.iter().map(|key| key["token"].as_str().unwrap().to_owned()).collect();
        let once = once(&operator, &tenant).await;
        Self { story, tenant, integrations, tokens, once }
    }

    fn with_files(mut self, files: &[String]) -> Self {
        let (newest, older) = files.split_last().unwrap();
        self.story.server = with_roots(self.story.server, newest, older);
        self.story.tenant = self.story.tenant.moved_to(&self.story.server);
        self
    }

    /// Begins what the round is about; what is under way already goes on.
    async fn begin(&self, round: usize) {
        let operator = self.story.server.operator();
        match round % 3 {
            0 => operator.post("/admin/rotation", json!({})).await.expect(202),
            1 => operator.post(&format!("/tenants/{}/rotate-key", self.tenant), json!({})).await.expect(202),
            _ => Value::Null,
        };
    }

    async fn settle(&self) {
        let operator = self.story.server.operator();
        let path = format!("/tenants/{}/rotate-key", self.tenant);
        eventually("both exchanges end", async || {
            let (root, own) = (operator.get("/admin/rotation").await, operator.get(&path).await);
            let (root, own) = (root.expect(200), own.expect(200));
            assert_eq!((&root["rotation"]["problem"], &own["rotation"]["problem"]), (&Value::Null, &Value::Null));
            (root["rotation"]["finished"] == true && own["rotation"].is_null()).then_some(())
        })
        .await;
        let root = operator.get("/admin/rotation").await.expect(200);
        assert_eq!(root["needed"], json!([root["current"]]), "{root:#}");
        assert_eq!(root["removable"].as_array().unwrap().len(), KILLS / 3, "{root:#}");
        let own = operator.get(&path).await.expect(200);
        assert_eq!(own["versions"], json!([own["version"]]), "older keys are left: {own:#}");
    }

    async fn check(&self) {
        let (server, operator) = (&self.story.server, self.story.server.operator());
        for integration in self.integrations.iter().chain([&self.story.integration]) {
            let path = format!("/integrations/{integration}/test");
            let tested = self.story.tenant.post(&path, json!({})).await.expect(200);
            assert_eq!(tested["ok"], true, "the credential of {integration}: {tested:#}");
        }
        for token in &self.tokens {
            server.client().with_key(token).get("/integrations").await.expect(200);
        }
        assert_eq!(once(&operator, &self.tenant).await, self.once, "a kept answer is another one");
        webhooks::deliver_one(&self.story).await;
        for client in [&operator, &self.story.tenant] {
            assert_eq!(client.get("/audit/verify").await.expect(200)["broken"], json!([]));
        }
    }
}

/// A request that is answered once, with a secret in its answer.
async fn once(operator: &Client, tenant: &str) -> Value {
    let ask = json!({ "tenant": tenant, "name": "once" });
    operator.post_with("/keys", ask, &[("idempotency-key", "once-and-for-all")]).await.expect(201)
}
