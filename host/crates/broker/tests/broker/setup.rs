//! A plugin, a tenant and an integration to open sessions for.

use std::collections::BTreeMap;
use std::time::Duration;

use gatehouse_broker::{
    Broker, BrokerConfig, CredentialContext, Credentials, Method, Request, RootKey, Session, SessionSpec, TenantKeyRef,
    Vault,
};
use gatehouse_domain::capability::Effect;
use gatehouse_domain::grant::Limits;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Environment;
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_domain::sheet::PermissionSheet;
use gatehouse_domain::time::Timestamp;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

/// What must never be seen where it does not belong.
pub(crate) const CANARY: &str = "sk_canary/4242+secret=value";

const MANIFEST: &str = r#"
    id = "acme"
    version = "1.0.0"
    provider = "acme"
    name = "Acme"
    description = "Sells everything."
    publisher = "acme"
    license = "MIT"
    category = "payments"
    contract = "0.1.0"
    [egress]
    base_url = "https://api.acme.example"
    allow = [{ host = "api.acme.example", methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], paths = ["/v1/**"] }]
    [[auth]]
    name = "bearer"
    type = "bearer"
    secret = "token"
    [[auth]]
    name = "basic"
    type = "basic"
    username = "account"
    password = "token"
    [[auth]]
    name = "basic_alone"
    type = "basic"
    username = "token"
    [[auth]]
    name = "header"
    type = "header"
    header = "X-Api-Key"
    secret = "token"
    prefix = "Key "
    [[auth]]
    name = "query"
    type = "query"
    parameter = "api_key"
    secret = "token"
    [[auth]]
    name = "other"
    type = "bearer"
    secret = "other"
    [[auth]]
    name = "signed"
    type = "sigv4"
    access_key_id = "account"
    secret_access_key = "token"
    session_token = "other"
    service = "mail"
    region = "{region}"
    [[auth]]
    name = "none"
    type = "none"
    [settings]
    type = "object"
    [settings.properties.region]
    type = "string"
    [credentials]
    type = "object"
    [credentials.properties.token]
    type = "string"
    writeOnly = true
    [credentials.properties.account]
    type = "string"
    writeOnly = false
    [credentials.properties.other]
    type = "string"
"#;

/// Everything a session is opened from; tests change what they are about.
pub(crate) struct Setup {
    pub(crate) broker: Broker,
    pub(crate) vault: Vault,
    pub(crate) manifest: Manifest,
    pub(crate) consent: PermissionSheet,
    pub(crate) settings: Map<String, Value>,
    pub(crate) environment: Environment,
    pub(crate) effect: Effect,
    pub(crate) idempotency: Idempotency,
    pub(crate) limits: Limits,
    pub(crate) now: Timestamp,
    pub(crate) deadline: Duration,
    pub(crate) key: TenantKeyRef,
    pub(crate) context: CredentialContext,
    pub(crate) sealed: BTreeMap<String, String>,
}

impl Setup {
    /// A setup whose integration names `origin` as its base.
    pub(crate) fn at(origin: &str) -> Self {
        let config = BrokerConfig { allow_origins: vec![origin.to_owned()], ..BrokerConfig::default() };
        let mut setup = Self::with(config);
        setup.settings.insert("base_url".to_owned(), json!(origin));
        setup
    }

    /// A setup whose integration talks to the provider's own host.
    pub(crate) fn with(config: BrokerConfig) -> Self {
        let vault = Vault::new(RootKey::from_bytes([1; 32]), "test".to_owned());
        let manifest = Manifest::from_toml(MANIFEST).unwrap();
        let mut setup = Self {
            broker: Broker::new(config).unwrap(),
            consent: PermissionSheet::of(&manifest, &[], &[]),
            manifest,
            settings: Map::new(),
            environment: Environment::Live,
            effect: Effect::Write,
            idempotency: Idempotency::None,
            limits: Limits::default(),
            now: "2015-08-30T12:36:00Z".parse().unwrap(),
            deadline: Duration::from_secs(20),
            key: TenantKeyRef { tenant: TenantId::from_bytes([0; 16]), version: 1, wrapped: String::new() },
            context: CredentialContext {
                tenant: TenantId::from_bytes([0; 16]),
                integration: IntegrationId::from_bytes([0; 16]),
                version: 1,
            },
            sealed: BTreeMap::new(),
            vault,
        };
        setup.become_tenant(1);
        setup
    }

    /// Seals the credential for another tenant.
    pub(crate) fn become_tenant(&mut self, number: u8) {
        let tenant = TenantId::from_bytes([number; 16]);
        self.key = TenantKeyRef { tenant, version: 1, wrapped: self.vault.new_tenant_key(tenant, 1).unwrap() };
        self.context = CredentialContext { tenant, integration: IntegrationId::from_bytes([number; 16]), version: 1 };
        let fields = Credentials::from_pairs([("token", CANARY), ("account", "acct_123456")]);
        self.sealed = self.vault.seal(&self.key, &self.context, &fields).unwrap();
    }

    pub(crate) fn spec(&self) -> SessionSpec<'_> {
        SessionSpec {
            manifest: &self.manifest,
            consent: &self.consent,
            settings: &self.settings,
            environment: self.environment,
            effect: self.effect,
            idempotency: self.idempotency.clone(),
            idempotency_key: "call-key".to_owned(),
            limits: self.limits.clone(),
            now: self.now,
            deadline: Instant::now() + self.deadline,
            key: &self.key,
            context: &self.context,
            sealed: &self.sealed,
            token: None,
        }
    }

    pub(crate) fn open(&self) -> Session {
        self.broker.open(&self.vault, self.spec()).unwrap()
    }
}

pub(crate) fn get(url: &str) -> Request {
    Request::new(Method::Get, url)
}

pub(crate) fn post(url: &str, body: &str) -> Request {
    Request { body: gatehouse_broker::Body::Json(body.to_owned()), ..Request::new(Method::Post, url) }
}

pub(crate) fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
