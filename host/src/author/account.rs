//! A call from the author's machine to a provider: the very broker of a server, with its allow-list, and a credential
//! that is sealed, attached and scrubbed as a tenant's is. It keeps nothing.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use gatehouse_broker::{
    Broker, BrokerConfig, CredentialContext, Credentials, RootKey, Secret, Session, SessionSpec, TenantKeyRef, Vault,
};
use gatehouse_domain::capability::Effect;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Environment;
use gatehouse_domain::manifest::{CapabilityRules, Manifest};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Inspection;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::stage::{code, limits};

/// The name under which a secrets file has a token of OAuth, which no credential has a field for.
const TOKEN: &str = "access_token";

/// Who calls, and as whom.
pub(crate) struct Account {
    credentials: Credentials,
    token: Option<String>,
    /// What the gateway is told of it.
    pub(crate) settings: Map<String, Value>,
    environment: Environment,
    /// Origins beyond the manifest's that the settings may name.
    allow: Vec<String>,
}

impl Account {
    /// A real account, with its secrets from a file that only its owner can read.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] naming the file and the field, never a value.
    pub(crate) fn of_file(file: &Path, manifest: &Manifest, settings: Map<String, Value>) -> Result<Self> {
        let mut fields = secrets(file)?;
        let known: Vec<&str> = manifest.credential_fields().collect();
        let token = if known.contains(&TOKEN) { None } else { fields.remove(TOKEN) };
        let credentials = Credentials::from_pairs(fields);
        credentials.check(&manifest.credentials).map_err(|mut error| {
            error.message = format!("{}: {}; it wants {}", file.display(), error.message, known.join(", "));
            error
        })?;
        Ok(Self { credentials, token, settings, environment: Environment::Live, allow: Vec::new() })
    }

    /// The sandbox provider at an address, with the examples of the manifest as credential.
    pub(crate) fn of_sandbox(manifest: &Manifest, base_url: String, mut settings: Map<String, Value>) -> Self {
        settings.insert("base_url".to_owned(), Value::String(base_url.clone()));
        let credentials = Credentials::from_pairs(manifest.credential_examples());
        let token = Some("token_exampleOfAnAccessToken".to_owned());
        Self { credentials, token, settings, environment: Environment::Live, allow: vec![base_url] }
    }

    /// Acts in the provider's own sandbox.
    pub(crate) fn in_providers_sandbox(mut self) -> Self {
        self.environment = Environment::Sandbox;
        self
    }

    /// Lets the settings name these origins as well, such as a stand-in on loopback.
    pub(crate) fn allowing(mut self, origins: &[String]) -> Self {
        self.allow.extend_from_slice(origins);
        self
    }

    /// Opens the way for one call of a function.
    ///
    /// # Errors
    /// Where the settings name no place that may be reached.
    pub(crate) fn open(&self, inspection: &Inspection, function: &str, key: &str) -> Result<Session> {
        let manifest = &inspection.manifest;
        let rules = rules(manifest, function);
        let vault = Vault::new(RootKey::from_bytes(random()?), "author".to_owned());
        let (tenant, integration) = (TenantId::new(0, random()?), IntegrationId::new(0, random()?));
        let wrapped = vault.new_tenant_key(tenant, 1)?;
        let tenant_key = TenantKeyRef { tenant, version: 1, wrapped };
        let context = CredentialContext { tenant, integration, version: 1 };
        let sealed = vault.seal(&tenant_key, &context, &self.credentials)?;
        let broker = Broker::new(BrokerConfig { allow_origins: self.allow.clone(), ..BrokerConfig::default() })?;
        let limits = limits();
        broker.open(
            &vault,
            SessionSpec {
                manifest,
                consent: &inspection.sheet,
                settings: &self.settings,
                environment: self.environment,
                effect: rules.effect,
                idempotency: rules.idempotency,
                idempotency_key: key.to_owned(),
                now: Timestamp::now(),
                deadline: tokio::time::Instant::now() + Duration::from_millis(limits.wall_ms),
                limits,
                key: &tenant_key,
                context: &context,
                sealed: &sealed,
                token: self.token.clone().map(Secret::from),
            },
        )
    }
}

/// A new key for a call's writes.
pub(crate) fn new_key() -> Result<String> {
    let bytes: [u8; 12] = random()?;
    Ok(bytes.iter().fold("author-".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}

fn rules(manifest: &Manifest, function: &str) -> CapabilityRules {
    match code(function) {
        Some(code) => manifest.rules_of(&code),
        None if function == "push" => CapabilityRules { effect: Effect::Write, ..CapabilityRules::default() },
        None => CapabilityRules { effect: Effect::Read, ..CapabilityRules::default() },
    }
}

/// Names and values, as TOML or as a JSON object.
fn secrets(file: &Path) -> Result<BTreeMap<String, String>> {
    let shown = file.display();
    let unreadable = |error| Error::invalid(format!("the secrets file {shown} can not be read")).caused_by(error);
    let mode = std::fs::metadata(file).map_err(unreadable)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::invalid(format!("others can read the secrets file {shown}; run `chmod 600 {shown}`")));
    }
    let text = Zeroizing::new(std::fs::read_to_string(file).map_err(unreadable)?);
    let parsed =
        if text.trim_start().starts_with('{') { serde_json::from_str(&text).ok() } else { toml::from_str(&text).ok() };
    // A parser's own words could hold a value.
    parsed.ok_or_else(|| {
        Error::invalid(format!("{shown} has to hold lines such as `api_key = \"…\"`, or a JSON object of texts"))
    })
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::internal("the system's random source failed"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secrets_file_is_its_owners_alone_and_is_never_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets.toml");
        let check = |text: &str, mode: u32, expect: Result<usize, &str>| {
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            match (secrets(&file), expect) {
                (Ok(found), Ok(count)) => assert_eq!(found.len(), count),
                (Err(error), Err(part)) => {
                    assert!(error.to_string().contains(part) && !error.to_string().contains("hush"), "{error}");
                }
                (found, _) => panic!("{text}: {:?}", found.err()),
            }
        };
        check("api_key = \"hush\"", 0o600, Ok(1));
        check("{\"api_key\": \"hush\", \"id\": \"a\"}", 0o400, Ok(2));
        check("api_key = \"hush\"", 0o644, Err("chmod 600"));
        check("api_key = hush", 0o600, Err("has to hold lines"));
        check("{\"api_key\": 7, \"b\": \"hush\"}", 0o600, Err("has to hold lines"));
    }
}
