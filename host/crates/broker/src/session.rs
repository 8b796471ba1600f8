//! One call's way to its provider. The gateway's requests are judged, completed with the
//! credential, sent, recorded, and their answers scrubbed.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use gatehouse_domain::capability::Effect;
use gatehouse_domain::execution::ProviderCall;
use gatehouse_domain::grant::Limits;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Environment;
use gatehouse_domain::manifest::webhook::Registration;
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_domain::sheet::PermissionSheet;
use gatehouse_domain::time::Timestamp;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::broker::Shared;
use crate::egress::attach::Secrets;
use crate::egress::policy::Policy;
use crate::message::{Request, Response, SendError};
use crate::scrub::Scrubber;
use crate::secret::Secret;
use crate::vault::{CredentialContext, TenantKeyRef};

mod exchange;
mod outgoing;
mod passing;
mod usage;

pub(crate) use exchange::head_of;
pub(crate) use outgoing::AGENT;
pub use passing::Passed;
use passing::Passing;
use usage::Usage;

/// What a session is opened for.
pub struct SessionSpec<'a> {
    /// The plugin's manifest.
    pub manifest: &'a Manifest,
    /// What the tenant consented to.
    pub consent: &'a PermissionSheet,
    /// The integration's settings.
    pub settings: &'a Map<String, Value>,
    /// Which of the provider's worlds it acts in.
    pub environment: Environment,
    /// Whether the capability can change something at the provider.
    pub effect: Effect,
    /// How the provider recognises a repeated write of this capability.
    pub idempotency: Idempotency,
    /// The key that makes the call's writes safe to repeat, the same for every attempt.
    pub idempotency_key: String,
    /// What the call may use.
    pub limits: Limits,
    /// The moment at which it is opened, for signatures that have one in them.
    pub now: Timestamp,
    /// When the call has to be over.
    pub deadline: Instant,
    /// The tenant's data key.
    pub key: &'a TenantKeyRef,
    /// What the credential is bound to.
    pub context: &'a CredentialContext,
    /// The credential's sealed fields.
    pub sealed: &'a BTreeMap<String, String>,
    /// The access token, where an auth scheme attaches one and there is one.
    pub token: Option<Secret>,
}

/// One call's way to its provider. Shared by reference; everything in it ends with the call.
pub struct Session {
    shared: Arc<Shared>,
    policy: Arc<Policy>,
    secrets: Secrets,
    tenant: TenantId,
    integration: IntegrationId,
    effect: Effect,
    idempotency: Idempotency,
    idempotency_key: String,
    limits: Limits,
    opened: (Timestamp, Instant),
    deadline: Instant,
    /// Made when the first answer comes, as many calls never need it.
    scrubber: OnceLock<Scrubber>,
    /// What is done with the secrets of registrations, in a session that registers an endpoint.
    passing: Option<Passing>,
    usage: Usage,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, policy: Arc<Policy>, secrets: Secrets, spec: SessionSpec<'_>) -> Self {
        Self {
            shared,
            policy,
            secrets,
            tenant: spec.context.tenant,
            integration: spec.context.integration,
            effect: spec.effect,
            idempotency: spec.idempotency,
            idempotency_key: spec.idempotency_key,
            limits: spec.limits,
            opened: (spec.now, Instant::now()),
            deadline: spec.deadline,
            scrubber: OnceLock::new(),
            passing: None,
            usage: Usage::default(),
        }
    }

    /// The session for the registration of an endpoint: secrets pass as the manifest's rules say,
    /// and are found where the second part is.
    #[must_use]
    pub fn registering(self, rules: &Registration) -> (Self, Arc<Passed>) {
        let passed = Arc::new(Passed::default());
        let passing = Some(Passing { rules: rules.clone(), passed: Arc::clone(&passed) });
        (Self { passing, ..self }, passed)
    }

    /// Sends one request and waits for the whole answer. Redirects are answers.
    ///
    /// # Errors
    /// Why there is no answer; [`SendError::may_have_arrived`] tells whether the provider can
    /// have seen the request.
    pub async fn send(&self, request: Request) -> Result<Response, SendError> {
        self.usage.check(&self.limits, self.deadline)?;
        let outgoing = self.prepare(request)?;
        let way = self.way()?;
        self.exchange(&way, outgoing).await
    }

    /// The text with every secret of this session taken out, in whatever form.
    pub fn scrub_text(&self, text: &str) -> String {
        let clean = self.scrubber().scrub_text(text);
        let passed = self.passing.as_ref().and_then(|passing| passing.passed.scrub(clean.as_bytes()));
        passed.map_or(clean, |passed| String::from_utf8_lossy(&passed).into_owned())
    }

    /// Takes every secret of this session out of the strings and names in `value`.
    pub fn scrub_json(&self, value: &mut Value) {
        self.scrubber().scrub_json(value);
    }

    /// The requests so far, in the order in which they were begun, without secrets. One that
    /// is still under way counts as unanswered.
    pub fn calls(&self) -> Vec<ProviderCall> {
        self.usage.calls()
    }

    /// The time by the clock of whoever opened this session.
    fn now(&self) -> Timestamp {
        let (moment, instant) = self.opened;
        moment.checked_add(instant.elapsed()).unwrap_or(moment)
    }

    fn scrubber(&self) -> &Scrubber {
        self.scrubber.get_or_init(|| {
            // The basic scheme's base64 needs no form of its own: each field is found in it.
            let secret = self.secrets.iter().filter(|(field, _)| self.policy.is_secret(field));
            Scrubber::new(secret.map(|(_, secret)| secret.expose()))
        })
    }
}
