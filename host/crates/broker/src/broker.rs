//! The broker: what all calls share. It opens sessions for single calls and verifies what
//! comes in by itself.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use gatehouse_domain::Result;
use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::manifest::{Manifest, WebhookRules};
use gatehouse_domain::time::Timestamp;
use serde_json::{Map, Value};

use crate::bounded::Bounded;
use crate::egress::attach::ACCESS_TOKEN;
use crate::egress::carry::Carry;
use crate::egress::client::Clients;
use crate::egress::origin::Origins;
use crate::egress::policy::{self, Base, Policy};
use crate::egress::resolve::{Resolve, System};
use crate::session::{Session, SessionSpec};
use crate::vault::Vault;
use crate::webhook::fetch::Fetched;
use crate::webhook::{self, FetchFor, Fields, Handshaken, Inbound, Refusal, RefusalReason, Secrets};

/// How many integrations' rules are kept ready.
const POLICIES: usize = 1_024;
const POLICY_AGE: Duration = Duration::from_secs(3_600);

/// How the broker is set up.
pub struct BrokerConfig {
    /// Origins beyond the manifests' own that an integration may name in `settings.base_url`,
    /// such as `http://127.0.0.1:8420` (default none). A name in one may lead to loopback; an
    /// address in one is reached as it stands.
    pub allow_origins: Vec<String>,
    /// How long resolving, connecting and the TLS handshake may take together (default 5 s).
    pub connect_timeout: Duration,
    /// The addresses at which this server listens, which no request may reach (default none).
    pub own_addresses: Vec<IpAddr>,
    /// What looks up names (default the system).
    pub resolver: Arc<dyn Resolve>,
    /// What carries requests in the place of connections over the network (default nothing does).
    pub carrier: Option<Arc<dyn Carry>>,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            allow_origins: Vec::new(),
            connect_timeout: Duration::from_secs(5),
            own_addresses: Vec::new(),
            resolver: Arc::new(System),
            carrier: None,
        }
    }
}

/// What all calls share. Cheap to clone.
#[derive(Clone)]
pub struct Broker {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) clients: Clients,
    /// Apart from the others, so that many receivers do not push gateways' connections out.
    pub(crate) receivers: Clients,
    pub(crate) origins: Origins,
    policies: Bounded<IntegrationId, Arc<Policy>>,
    fetched: Fetched,
}

impl Broker {
    /// A broker. It opens no connection and reads no certificate before the first request.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] where an allowed origin is not one, or one that
    /// nothing may reach.
    pub fn new(config: BrokerConfig) -> Result<Self> {
        let own: Vec<IpAddr> = config.own_addresses.iter().map(IpAddr::to_canonical).collect();
        let shared = Shared {
            clients: clients(&config, &own),
            receivers: clients(&config, &own),
            origins: Origins::new(&config.allow_origins)?,
            policies: Bounded::new(POLICIES, POLICY_AGE),
            fetched: Fetched::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Opens a session for one call: finds its rules and opens the credential fields that its
    /// auth schemes need.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] where the settings name no place that may be
    /// reached, [`gatehouse_domain::ErrorKind::Corrupt`] where the credential does not open.
    pub fn open(&self, vault: &Vault, mut spec: SessionSpec<'_>) -> Result<Session> {
        let policy = self.policy(&spec)?;
        let mut secrets = BTreeMap::new();
        for field in policy.fields() {
            if let Some(secret) = vault.open(spec.key, spec.context, spec.sealed, field)? {
                secrets.insert(field.to_owned(), secret);
            }
        }
        secrets.extend(spec.token.take().map(|token| (ACCESS_TOKEN.to_owned(), token)));
        Ok(Session::new(self.shared.clone(), policy, secrets, spec))
    }

    /// Checks that an integration's settings name hosts that may be reached, before they are kept.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] with the setting at fault.
    pub fn check_settings(&self, manifest: &Manifest, settings: &Map<String, Value>) -> Result<()> {
        policy::check_settings(manifest, settings, &self.shared.origins)
    }

    /// Verifies the raw bytes of a webhook. Keys and certificates that it needs for that are fetched
    /// from where the manifest says, and kept.
    ///
    /// # Errors
    /// Why it must not be believed. Every doubt refuses.
    pub async fn verify_webhook(
        &self,
        vault: &Vault,
        secrets: Secrets<'_>,
        via: &FetchFor<'_>,
        request: Inbound<'_>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let rules = via.rules();
        let Some(url) = webhook::wanted(rules, request)? else {
            return webhook::judge(rules, &Fields::open(vault, secrets, rules)?, request, None, now);
        };
        let judge = |fetched: &[u8]| {
            let fields = Fields::open(vault, secrets, rules)?;
            webhook::judge(rules, &fields, request, Some(fetched), now)
        };
        let kept = self.shared.fetched.get(self, via, &url).await?;
        match judge(&kept.bytes) {
            // The provider may have published the key since.
            Err(Refusal { reason: RefusalReason::UnknownKey, .. }) if kept.may_be_old() => {
                judge(&self.shared.fetched.anew(self, via, &url).await?.bytes)
            }
            verdict => verdict,
        }
    }

    /// The handshake that a request to an endpoint is; none where it is something else.
    ///
    /// # Errors
    /// Why a handshake must not be answered.
    pub fn find_handshake(
        &self,
        vault: &Vault,
        secrets: Secrets<'_>,
        rules: &WebhookRules,
        request: Inbound<'_>,
    ) -> Result<Option<Handshaken>, Refusal> {
        webhook::handshake::find(rules, &Fields::open(vault, secrets, rules)?, request)
    }

    /// Asks the address by which a handshake is confirmed.
    ///
    /// # Errors
    /// [`RefusalReason::Unreachable`].
    pub async fn confirm_webhook(&self, via: &FetchFor<'_>, url: &str) -> Result<(), Refusal> {
        self.shared.fetched.ask(self, via, url).await.map(|_| ())
    }

    pub(crate) fn base(&self, manifest: &Manifest, settings: &Map<String, Value>) -> Option<Base> {
        Base::of(&manifest.egress.base_url, settings, &self.shared.origins).ok()
    }

    fn policy(&self, spec: &SessionSpec<'_>) -> Result<Arc<Policy>> {
        let SessionSpec { manifest, consent, settings, environment, .. } = *spec;
        let kept = self.shared.policies.get(&spec.context.integration);
        if let Some(policy) = kept.filter(|policy| policy.fits(manifest, consent, settings, environment)) {
            return Ok(policy);
        }
        let policy = Arc::new(Policy::new(manifest, consent, settings, environment, &self.shared.origins)?);
        self.shared.policies.insert(spec.context.integration, policy.clone());
        Ok(policy)
    }
}

fn clients(config: &BrokerConfig, own: &[IpAddr]) -> Clients {
    let clients = Clients::new(config.resolver.clone(), own.to_vec(), config.connect_timeout);
    clients.carried_by(config.carrier.clone())
}
