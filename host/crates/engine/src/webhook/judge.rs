//! What a request is judged with: each credential that may have signed it, with the endpoint's own
//! secrets before its fields.

use gatehouse_broker::{FetchFor, Handshaken, Inbound, Refusal, RefusalReason, Sealed, SealedApp, Secrets, Vault};
use gatehouse_domain::manifest::webhook::CLIENT_SECRET;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{ErrorKind, Result};

use super::door::{Incoming, Receiver, nothing_here};
use crate::Engine;
use crate::integrations::Opened;
use crate::oauth::AppSecret;

/// Everything that a request to one endpoint is judged with.
pub(super) struct Judge<'a> {
    engine: &'a Engine,
    receiver: &'a Receiver,
    credentials: Vec<Opened>,
    own: Option<Opened>,
    apps: Vec<AppSecret>,
}

impl<'a> Judge<'a> {
    /// What came before an integration was connected, or after it was disconnected, has nothing to
    /// be verified with: that is not found.
    pub(super) async fn new(engine: &'a Engine, receiver: &'a Receiver) -> Result<Self> {
        let (tenant, integration) = (receiver.endpoint.tenant, receiver.integration.id);
        let credentials = engine.signing_credentials(tenant, integration).await;
        let credentials = credentials.map_err(|error| match error.kind {
            ErrorKind::Conflict => nothing_here(),
            _ => error,
        })?;
        let own = engine.endpoint_secrets(tenant, integration).await?;
        let apps = if receiver.rules.fields().contains(&CLIENT_SECRET) {
            engine.app_secrets(tenant, &receiver.integration).await?
        } else {
            Vec::new()
        };
        Ok(Self { engine, receiver, credentials, own, apps })
    }

    /// The handshake that the request is.
    pub(super) fn handshake(&self, incoming: &Incoming) -> Result<Option<Handshaken>, Refusal> {
        if self.receiver.rules.handshakes.is_empty() {
            return Ok(None);
        }
        let sealed: Vec<_> = self.own().into_iter().chain(self.credentials.iter().map(of_credential)).collect();
        let (url, apps) = (self.url(incoming), self.apps());
        let secrets = Secrets { credentials: &sealed, apps: &apps };
        let Engine(inner) = self.engine;
        inner.broker.find_handshake(&inner.vault, secrets, &self.receiver.rules, inbound(&url, incoming))
    }

    /// Verifies a delivery under each credential that may have signed it.
    pub(super) async fn verify(&self, incoming: &Incoming) -> Result<(), Refusal> {
        self.verify_at(incoming, self.engine.now()).await
    }

    /// As [`Judge::verify`], for one that came at another time.
    pub(super) async fn verify_at(&self, incoming: &Incoming, at: Timestamp) -> Result<(), Refusal> {
        let (url, apps, Engine(inner)) = (self.url(incoming), self.apps(), self.engine);
        let mut verdict =
            Err(Refusal { reason: RefusalReason::NoSecret, text: "the integration has no credential".to_owned() });
        for credential in &self.credentials {
            let sealed: Vec<_> = self.own().into_iter().chain([of_credential(credential)]).collect();
            let request = inbound(&url, incoming);
            let secrets = Secrets { credentials: &sealed, apps: &apps };
            verdict = inner.broker.verify_webhook(&inner.vault, secrets, &self.via(), request, at).await;
            if verdict.is_ok() {
                break;
            }
        }
        verdict
    }

    /// Asks the address by which the provider has an endpoint confirmed.
    pub(super) async fn confirm(&self, url: &str) -> Result<(), Refusal> {
        self.engine.0.broker.confirm_webhook(&self.via(), url).await
    }

    fn via(&self) -> FetchFor<'_> {
        FetchFor {
            tenant: self.receiver.endpoint.tenant,
            integration: self.receiver.integration.id,
            manifest: self.receiver.plugin.manifest(),
            rules: &self.receiver.rules,
            settings: &self.receiver.settings,
        }
    }

    fn own(&self) -> Option<Sealed<'_>> {
        let own = self.own.as_ref()?;
        Some(Sealed { prefix: Vault::ENDPOINT, ..of_credential(own) })
    }

    fn apps(&self) -> Vec<SealedApp<'_>> {
        self.apps.iter().map(AppSecret::sealed).collect()
    }

    fn url(&self, incoming: &Incoming) -> String {
        let query = if incoming.query.is_empty() { String::new() } else { format!("?{}", incoming.query) };
        [self.receiver.url.as_str(), &query].concat()
    }
}

fn of_credential(credential: &Opened) -> Sealed<'_> {
    Sealed { key: &credential.key, context: &credential.context, fields: &credential.fields, prefix: "" }
}

fn inbound<'a>(url: &'a str, incoming: &'a Incoming) -> Inbound<'a> {
    Inbound { method: &incoming.method, url, headers: &incoming.headers, body: &incoming.body }
}
