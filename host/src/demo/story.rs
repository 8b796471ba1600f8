//! The story, step by step. A step that does not hold ends it with an error.

use std::time::{Duration, Instant};

use gatehouse_domain::{Error, Result};
use serde_json::{Value, json};

use super::client::{Answer, Ask, Client};
use super::show::Show;
use super::{Stage, proof, webhook};
use crate::sandbox::Shown;
use crate::sandbox::fixture::Case;

/// How long an event may take to be parsed.
const PATIENCE: Duration = Duration::from_secs(20);

/// The tour's actors.
struct Tour<'s, 'w, 'a, 'o> {
    stage: &'s Stage,
    client: Client,
    show: &'w mut Show<'a, 'o>,
    tenant: String,
    integration: String,
}

/// Tells the whole story; answers the tenant's key.
pub(super) async fn tell(stage: &Stage, show: &mut Show<'_, '_>) -> Result<String> {
    let manifest = &stage.plugin.inspection.manifest;
    show.title(&format!("{} {}: {}", manifest.name, manifest.version, manifest.description))?;
    let capabilities = stage.plugin.inspection.capabilities.len();
    show.expect(capabilities + 8 + usize::from(manifest.webhook.is_some()));
    let client = stage.client()?;
    let mut tour = Tour { stage, client, show, tenant: String::new(), integration: String::new() };
    tour.make_tenant().await?;
    tour.upload().await?;
    tour.enable().await?;
    tour.integrate().await?;
    tour.test_connection().await?;
    for capability in &stage.plugin.inspection.capabilities {
        tour.call(&capability.code, &capability.function).await?;
    }
    tour.refuse().await?;
    if manifest.webhook.is_some() {
        tour.hear().await?;
    }
    tour.look_back().await?;
    tour.search_for_secrets()?;
    tour.say_what_next()?;
    Ok(tour.tenant)
}

impl Tour<'_, '_, '_, '_> {
    async fn make_tenant(&mut self) -> Result<()> {
        self.show.step("A tenant and its API key")?;
        let operator = self.stage.operator.clone();
        let tenant = self.post(&operator, "/tenants", json!({ "name": "Acme" })).await?.expect(201)?;
        let ask = json!({ "tenant": of(&tenant, "id"), "name": "host app" });
        let key = self.client.send(Ask::post("/keys", &operator, &ask)).await?.expect(201)?;
        self.tenant = text(&key, "token")?;
        self.show.note(&format!("the host app's key is {}", text(&key, "hint")?))
    }

    async fn upload(&mut self) -> Result<()> {
        self.show.step("The operator uploads the plugin: one WebAssembly component")?;
        let operator = self.stage.operator.clone();
        let wasm = self.stage.plugin.wasm.clone();
        self.show.request("POST", "/plugins", &Value::String(format!("{} bytes of application/wasm", wasm.len())))?;
        let ask = Ask { body: wasm, ..Ask::post("/plugins", &operator, &Value::Null) };
        let plugin = self.client.send(ask).await?.expect(201)?;
        self.show.answer(201, &json!({ "plugin": of(&plugin, "plugin"), "capabilities": of(&plugin, "capabilities") }))
    }

    async fn enable(&mut self) -> Result<()> {
        self.show.step("The tenant reads the permission sheet and agrees to it")?;
        let plugin = self.stage.plugin.inspection.manifest.id.clone();
        let path = format!("/plugins/{plugin}/permissions");
        let sheet = self.get(&path).await?.expect(200)?;
        self.show.request("GET", &path, &Value::Null)?;
        self.show.answer(200, &sheet)?;
        let path = format!("/plugins/tenant/{plugin}/toggle");
        let tenant = self.tenant.clone();
        let unread = self.client.send(Ask::post(&path, &tenant, &json!({ "enabled": true }))).await?;
        unread.expect(409)?;
        self.show.note("without consent it is refused with 409")?;
        let agreed = self.post(&tenant, &path, json!({ "enabled": true, "consent": of(&sheet, "digest") })).await?;
        agreed.expect(200).map(|_| ())
    }

    async fn integrate(&mut self) -> Result<()> {
        self.show.step("The tenant connects its account; the credentials are sealed")?;
        let ask = json!({
            "provider": self.stage.plugin.inspection.manifest.provider,
            "name": "Primary",
            "credentials": self.stage.plugin.sample.credentials,
            "settings": { "base_url": self.stage.sandbox.base_url() },
        });
        let mut shown = ask.clone();
        if let Some(credentials) = shown.get_mut("credentials") {
            *credentials = Value::String("(sent once, and never shown again)".to_owned());
        }
        self.show.request("POST", "/integrations", &shown)?;
        let tenant = self.tenant.clone();
        let made = self.client.send(Ask::post("/integrations", &tenant, &ask)).await?.expect(201)?;
        self.integration = text(&made, "id")?;
        let part = ["id", "status", "credential_hints", "webhook_url"];
        self.show.answer(201, &part.iter().map(|name| ((*name).to_owned(), of(&made, name).clone())).collect())
    }

    async fn test_connection(&mut self) -> Result<()> {
        self.show.step("Does it work? The gateway asks the provider")?;
        let path = format!("/integrations/{}/test", self.integration);
        let tenant = self.tenant.clone();
        if let Some(case) = self.stage.plugin.sample.success("test") {
            self.stage.sandbox.prefer(&case.function, &case.name)?;
        }
        let tested = self.post(&tenant, &path, json!({})).await?.expect(200)?;
        self.show.answer(200, &tested)?;
        held(*of(&tested, "ok") == true, "the connection test failed")?;
        self.check_credential()
    }

    async fn call(&mut self, code: &str, function: &str) -> Result<()> {
        self.show.step(&format!("{code} runs inside the component"))?;
        let case = self.stage.plugin.sample.success(function);
        let case = case.ok_or_else(|| Error::invalid(format!("the fixtures have no success for {function}")))?;
        self.stage.sandbox.prefer(function, &case.name)?;
        let done = self.execute(code, &case.record.input).await?.expect(200)?;
        self.show.answer(200, &json!({ "outcome": of(&done, "outcome"), "result": of(&done, "result") }))?;
        self.show.note(&format!("{} µs, as recorded under {}", of(&done, "duration_us"), of(&done, "execution")))?;
        self.check_credential()
    }

    /// What does not fit, and what the provider refuses.
    async fn refuse(&mut self) -> Result<()> {
        self.show.step("Bad parameters never leave, and a refusal is an answer")?;
        let stage = self.stage;
        let Some((code, case)) = self.some_refusal("declined").or_else(|| self.some_refusal("not_found")) else {
            return self.show.note("the fixtures have no refusal to show");
        };
        let arrived = stage.sandbox.journal().len();
        let mut wrong = case.record.input.clone();
        if let Some(fields) = wrong.as_object_mut() {
            fields.insert("colour".to_owned(), json!("red"));
        }
        let refused = self.execute(&code, &wrong).await?.expect(422)?;
        self.show.answer(422, &json!({ "detail": of(&refused, "detail"), "errors": of(&refused, "errors") }))?;
        held(stage.sandbox.journal().len() == arrived, "a request left although the parameters do not fit")?;
        stage.sandbox.prefer(&case.function, &case.name)?;
        let answer = self.execute(&code, &case.record.input).await?;
        held((400..500).contains(&answer.status), "the provider's refusal became something else")?;
        self.show.answer(answer.status, &answer.body)?;
        stage.sandbox.prefer_success();
        Ok(())
    }

    /// A webhook that is real, one that is forged, and one that is repeated.
    async fn hear(&mut self) -> Result<()> {
        self.show.step("The provider's webhook: verified, durable, parsed by the gateway")?;
        let plugin = &self.stage.plugin;
        let (Some(rules), Some(case)) = (&plugin.inspection.manifest.webhook, plugin.sample.delivery()) else {
            return Err(Error::invalid("the fixtures have no delivery under `parse`"));
        };
        let url = text(&self.get(&format!("/integrations/{}", self.integration)).await?.expect(200)?, "webhook_url")?;
        let signed = webhook::sign(rules, &url, &plugin.sample, case)?;
        let forged = self.deliver(&webhook::forged(&signed)?).await?;
        held(forged.status == 404, "a forged delivery was not refused")?;
        self.show.note("a forged delivery gets 404, as if nothing were there")?;
        let accepted = self.deliver(&signed).await?.expect(200)?;
        self.show.answer(200, &accepted)?;
        let repeated = self.deliver(&signed).await?.expect(200)?;
        held(*of(&repeated, "duplicate") == true, "a repeated delivery was taken for a new one")?;
        let event = self.wait_for_event().await?;
        self.show.request("GET", &format!("/integrations/{}/events", self.integration), &Value::Null)?;
        self.show.answer(200, &event)
    }

    async fn look_back(&mut self) -> Result<()> {
        self.show.step("Every call left a record")?;
        let page = self.get("/executions?limit=200").await?.expect(200)?;
        let records = of(&page, "items").as_array().cloned().unwrap_or_default();
        for record in records.iter().rev() {
            let call = record.pointer("/calls/0").unwrap_or(&Value::Null);
            let asked =
                format!("{} {} → {}", plain(of(call, "method")), plain(of(call, "url")), plain(of(call, "status")));
            self.show.line(&format!(
                "{:<26} {:<10} {asked}",
                plain(of(record, "capability")),
                plain(of(record, "outcome"))
            ))?;
        }
        held(records.len() > self.stage.plugin.inspection.capabilities.len(), "a call left no record")
    }

    fn search_for_secrets(&mut self) -> Result<()> {
        self.show.step("Where are the secrets? Searching every answer and every file")?;
        let stage = self.stage;
        let found = proof::search(&stage.plugin.sample, &self.client, stage.folder.path())?;
        self.show.note(&format!("in none of {} answers, in none of {} files", found.answers, found.files))
    }

    fn say_what_next(&mut self) -> Result<()> {
        self.show.title("Every step held. What to try next")?;
        self.show.line("cargo xtask demo --keep        leave this server running and open /api/docs/")?;
        self.show.line("gatehouse serve                start with an empty store; it says where everything is")?;
        self.show.line("gatehouse plugin inspect FILE  capabilities, schemas and permission sheet of a component")?;
        self.show.line("sdk/README.md                  write a gateway of your own")
    }

    /// The first capability of which the fixtures hold such a refusal.
    fn some_refusal(&self, kind: &str) -> Option<(String, Case)> {
        let plugin = &self.stage.plugin;
        plugin.inspection.capabilities.iter().find_map(|capability| {
            let case = plugin.sample.refusal(&capability.function, kind)?;
            Some((capability.code.clone(), case.clone()))
        })
    }

    async fn wait_for_event(&mut self) -> Result<Value> {
        let (end, path) = (Instant::now() + PATIENCE, format!("/integrations/{}/events", self.integration));
        loop {
            let page = self.get(&path).await?.expect(200)?;
            if let Some(event) = page.pointer("/items/0") {
                return Ok(event.clone());
            }
            held(Instant::now() < end, "the event was not parsed in time")?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn deliver(&mut self, signed: &webhook::Signed) -> Result<Answer> {
        let view = self.get(&format!("/integrations/{}", self.integration)).await?.expect(200)?;
        let url = text(&view, "webhook_url")?;
        let path = url.split_once("/api/v1").map_or(url.as_str(), |(_, path)| path);
        let ask = Ask {
            method: reqwest::Method::POST,
            path,
            token: None,
            headers: signed.headers.clone(),
            body: signed.body.clone(),
        };
        self.client.send(ask).await
    }

    async fn execute(&mut self, code: &str, parameters: &Value) -> Result<Answer> {
        let path = format!("/integrations/{}/execute", self.integration);
        let tenant = self.tenant.clone();
        self.post(&tenant, &path, json!({ "capability": code, "parameters": parameters })).await
    }

    async fn get(&mut self, path: &str) -> Result<Answer> {
        self.client.send(Ask::get(path, &self.tenant)).await
    }

    /// Shows a request and sends it.
    async fn post(&mut self, token: &str, path: &str, body: Value) -> Result<Answer> {
        self.show.request("POST", path, &body)?;
        self.client.send(Ask::post(path, token, &body)).await
    }

    /// The provider must have seen the right credential, which the gateway never had.
    fn check_credential(&mut self) -> Result<()> {
        let arrived = self.stage.sandbox.journal();
        let last = arrived.last().ok_or_else(|| Error::internal("nothing arrived at the provider"))?;
        held(matches!(last.credential, Shown::Expected | Shown::NotChecked), "the provider saw a wrong credential")?;
        self.show.note(&format!("the provider saw {} {} with the host's credential", last.method, last.path))
    }
}

fn held(holds: bool, otherwise: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::internal(otherwise)) }
}

/// A field of an answer; null where there is none.
fn of<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(&Value::Null)
}

fn text(value: &Value, name: &str) -> Result<String> {
    let text = of(value, name).as_str().map(str::to_owned);
    text.ok_or_else(|| Error::internal(format!("the answer has no `{name}`: {value}")))
}

/// A value in a line of text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
