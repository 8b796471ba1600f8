//! Mail through a server that knows users, keys and policies, and checks the signature of every request.

use serde_json::{Value, json};

use super::Peer;
use crate::harness::story::{new_tenant, upload_bytes};
use crate::harness::{Client, Server, artefacts};

const REGION: &str = "eu-central-1";
const SENDER: &str = "orders@example.com";

/// What may be asked before signatures are checked: a user, a key and a policy are made, an identity is verified.
const FREE_REQUESTS: &str = "4";

/// The peer with a user who may send, and his key.
struct Post {
    peer: Peer,
    key: (String, String),
}

impl Post {
    async fn open() -> Option<Self> {
        let arguments = |port: u16| ["-H", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned).to_vec();
        let peer =
            Peer::start_with("moto_server", arguments, &[("INITIAL_NO_AUTH_ACTION_COUNT", FREE_REQUESTS)]).await?;
        let mut post = Self { peer, key: (String::new(), String::new()) };
        post.ask_iam(&[("Action", "CreateUser"), ("UserName", "mail")]).await;
        let made = post.ask_iam(&[("Action", "CreateAccessKey"), ("UserName", "mail")]).await;
        post.key = (within(&made, "AccessKeyId"), within(&made, "SecretAccessKey"));
        let may = json!({ "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*" }] });
        let policy = [("Action", "PutUserPolicy"), ("UserName", "mail"), ("PolicyName", "send")];
        post.ask_iam(&[&policy[..], &[("PolicyDocument", &may.to_string())]].concat()).await;
        let identity = json!({ "EmailIdentity": SENDER }).to_string();
        post.ask("ses", "/v2/email/identities", "application/json", identity).await;
        Some(post)
    }

    async fn ask_iam(&self, form: &[(&str, &str)]) -> String {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        let body = pairs.append_pair("Version", "2010-05-08").extend_pairs(form).finish();
        self.ask("iam", "/", "application/x-www-form-urlencoded", body).await
    }

    /// The peer finds its service by the scope of a signature, which it does not check yet.
    async fn ask(&self, service: &str, path: &str, content_type: &str, body: String) -> String {
        let scope = format!("AWS4-HMAC-SHA256 Credential=none/20260101/{REGION}/{service}/aws4_request");
        let request = crate::harness::client::http().post(format!("{}{path}", self.peer.origin));
        let request = request.header("authorization", scope + ", SignedHeaders=host, Signature=0");
        let response = request.header("content-type", content_type).body(body).send().await.unwrap();
        assert!(response.status().is_success(), "{service} {path}: {}", response.status());
        response.text().await.unwrap()
    }

    /// What the peer has sent.
    async fn sent(&self) -> Vec<Value> {
        let data = crate::harness::client::http().get(format!("{}/moto-api/data.json", self.peer.origin));
        let data = data.send().await.unwrap().bytes().await.unwrap();
        let data: Value = serde_json::from_slice(&data).unwrap();
        let messages = data["ses"].as_object().and_then(|kinds| kinds.get("RawMessage"));
        messages.and_then(Value::as_array).cloned().unwrap_or_default()
    }
}

/// The text of the first element of that name.
fn within(xml: &str, name: &str) -> String {
    let (_, rest) = xml.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {xml}"));
    rest.split('<').next().unwrap().to_owned()
}

async fn connect(tenant: &Client, name: &str, origin: &str, key: &str, secret: &str) -> String {
    let new = json!({ "provider": "aws-ses", "name": name,
        "credentials": { "access_key_id": key, "secret_access_key": secret },
        "settings": { "base_url": origin, "region": REGION, "sender": SENDER } });
    tenant.post("/integrations", new).await.expect(201)["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_signed_so_that_the_provider_takes_it() {
    let Some(post) = Post::open().await else { return };
    let server = Server::start(std::slice::from_ref(&post.peer.origin));
    let tenant = new_tenant(&server, "Acme").await;
    upload_bytes(&server, std::fs::read(artefacts::plugin("aws-ses")).unwrap()).await;
    let sheet = tenant.get("/plugins/aws-ses/permissions").await.expect(200);
    assert!(sheet.to_string().contains("signature of each request to the service ses in {region}"), "{sheet:#}");
    let toggle = json!({ "enabled": true, "consent": sheet["digest"] });
    tenant.post("/plugins/tenant/aws-ses/toggle", toggle).await.expect(200);

    let (id, secret) = &post.key;
    let execute = async |integration: &str, capability: &str, parameters: Value| {
        let ask = json!({ "capability": capability, "parameters": parameters });
        tenant.post(&format!("/integrations/{integration}/execute"), ask).await
    };
    let mail = |sender: Value| {
        json!({ "to": [{ "email": "ada@example.com", "name": "Ada Łukasz" }], "bcc": [{ "email": "audit@example.com" }],
            "sender": sender, "subject": "Ihre Bestellung № 7", "text": "Sie ist unterwegs. 🎉",
            "attachments": [{ "name": "a.csv", "content_type": "text/csv", "content": "YSxiCg==" }] })
    };
    let good = connect(&tenant, "Good", &post.peer.origin, id, secret).await;
    let sent = execute(&good, "SEND_EMAIL", mail(Value::Null)).await.expect(200);
    assert!(!sent["result"]["id"].as_str().unwrap().is_empty(), "{sent:#}");

    let refused = execute(&good, "SEND_EMAIL", mail(json!({ "email": "eve@example.com" }))).await;
    let refused = refused.expect_problem(402, "authority");
    assert_eq!(refused["error"]["kind"], "declined", "{refused:#}");

    let mut other: Vec<char> = secret.chars().collect();
    other[0] = if other[0] == 'a' { 'b' } else { 'a' };
    let other: String = other.into_iter().collect();
    for (name, key, secret) in
        [("Other secret", id.as_str(), other.as_str()), ("No such key", "AKIAIOSFODNN7EXAMPLE", secret)]
    {
        let bad = connect(&tenant, name, &post.peer.origin, key, secret).await;
        let refused = execute(&bad, "SEND_EMAIL", mail(Value::Null)).await.expect_problem(424, "failed");
        // The peer says why in XML; the provider says it in JSON.
        assert_eq!(refused["error"]["http_status"], 403, "{name}: {refused:#}");
    }
    // What the policy does not allow.
    let forbidden = execute(&good, "ADD_SUPPRESSION", json!({ "email": "ada@example.com" })).await;
    assert_ne!(forbidden.status, 200, "{:#}", forbidden.body);
    assert_eq!(post.sent().await.len(), 1, "{:#?}", post.sent().await);
    for text in [server.output(), tenant.get("/executions?limit=100").await.body.to_string()] {
        assert!(!text.contains(secret.as_str()) && !text.contains("Signature="), "{text}");
    }
}
