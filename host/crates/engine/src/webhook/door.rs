//! The way in: from a request to an answer. What is answered with 2xx is on the disk.

use std::sync::Arc;
use std::time::Instant;

use gatehouse_broker::{Handshaken, Known, RefusalReason, Reply};
use gatehouse_domain::id::{EndpointId, TenantId};
use gatehouse_domain::integration::{Integration, IntegrationStatus};
use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::webhook::Endpoint;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_runtime::Plugin;
use gatehouse_store::Page;
use gatehouse_store::records::IntegrationByProvider;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Accepted;
use super::judge::Judge;
use super::secrets::Beside;
use crate::Engine;
use crate::metrics::Received;

/// Where a request was sent to.
#[derive(Debug, Clone)]
pub enum Address {
    /// An endpoint.
    Endpoint(EndpointId),
    /// The endpoint of a tenant's only integration of a provider.
    Provider {
        /// The provider's code.
        provider: String,
        /// The tenant.
        tenant: TenantId,
    },
}

/// One request to an endpoint, as it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Incoming {
    /// The method, in capital letters.
    pub method: String,
    /// The query, without its `?`; empty where there is none.
    pub query: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    #[serde(skip)]
    pub body: Vec<u8>,
}

/// What a request is answered with.
#[derive(Debug)]
pub enum Heard {
    /// It is a delivery, and it is stored.
    Delivery(Accepted),
    /// It is a test of the endpoint.
    Handshake(Reply),
}

/// Who receives a request.
pub(super) struct Receiver {
    pub(super) endpoint: Endpoint,
    pub(super) integration: Integration,
    pub(super) plugin: Arc<Plugin>,
    pub(super) rules: WebhookRules,
    /// The settings in force.
    pub(super) settings: Map<String, Value>,
    /// Our address as the provider knows it, without a query.
    pub(super) url: String,
}

impl Engine {
    /// Takes in a request. When this returns, what was accepted is on the disk.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], the same for an unknown endpoint and for a request that does not
    /// verify, so that neither can be probed; [`ErrorKind::Unauthenticated`] instead where the
    /// provider tests for that; [`ErrorKind::Unavailable`] where a key could not be fetched.
    pub async fn hear_webhook(&self, address: &Address, incoming: Incoming) -> Result<Heard> {
        let started = Instant::now();
        let receiver = self.receiver(address).await?;
        let judge = Judge::new(self, &receiver).await?;
        match judge.handshake(&incoming) {
            Ok(None) => {}
            Ok(Some(handshake)) => return self.shake_hands(&receiver, &judge, &incoming, handshake).await,
            Err(refusal) => {
                tracing::warn!(integration.id = %receiver.integration.id, reason = %refusal, "a handshake was refused");
                return Err(refused(&receiver));
            }
        }
        if incoming.method != "POST" {
            return Err(refused(&receiver));
        }
        let verdict = judge.verify(&incoming).await;
        let provider = &receiver.integration.provider;
        if let Err(refusal) = verdict {
            self.quarantine_delivery(&receiver, incoming, &refusal.text).await?;
            self.0.metrics.webhooks.received(provider, Received::Quarantined, started.elapsed());
            return Err(match refusal.reason {
                RefusalReason::Unreachable => Error::unavailable("the delivery can not be verified now; send it again"),
                _ => refused(&receiver),
            });
        }
        let accepted = self.keep_delivery(&receiver, incoming).await?;
        let received = match accepted {
            Accepted::New(_) => Received::Accepted,
            Accepted::Duplicate(_) => Received::Duplicate,
        };
        self.0.metrics.webhooks.received(provider, received, started.elapsed());
        Ok(Heard::Delivery(accepted))
    }

    async fn shake_hands(
        &self,
        receiver: &Receiver,
        judge: &Judge<'_>,
        incoming: &Incoming,
        handshake: Handshaken,
    ) -> Result<Heard> {
        let replaces = handshake.keep.as_ref().is_some_and(|keep| keep.known == Known::Other);
        if handshake.verified || replaces {
            judge.verify(incoming).await.map_err(|_| refused(receiver))?;
        }
        if let Some(url) = &handshake.confirm {
            let confirmed = judge.confirm(url).await;
            confirmed.map_err(|refusal| Error::unavailable(refusal.text))?;
        }
        if let Some(keep) = handshake.keep.filter(|keep| keep.known != Known::Same) {
            let mut work = self.own_work(Some(receiver.endpoint.tenant));
            self.add_endpoint_secrets(
                &mut work,
                receiver.endpoint.tenant,
                &receiver.integration,
                &keep.secret,
                Beside::Instead,
            )
            .await?;
            work.commit().await?;
        }
        Ok(Heard::Handshake(handshake.reply))
    }

    async fn receiver(&self, address: &Address) -> Result<Receiver> {
        let (id, url) = match address {
            Address::Endpoint(id) => (*id, self.webhook_url(*id)),
            Address::Provider { provider, tenant } => {
                let id = self.only_endpoint(provider, *tenant).await?;
                (id, self.provider_webhook_url(provider, *tenant))
            }
        };
        let endpoint = self.0.store.admin().get::<Endpoint>(&id).await?.ok_or_else(nothing_here)?.record;
        self.receiver_of(endpoint, url).await
    }

    /// What a request to an endpoint is judged with, where it may have any.
    pub(super) async fn receiver_of(&self, endpoint: Endpoint, url: String) -> Result<Receiver> {
        if endpoint.expires_at.is_some_and(|end| end <= self.now()) {
            return Err(nothing_here());
        }
        let integration = self.0.store.tenant(endpoint.tenant).get::<Integration>(&endpoint.integration).await?;
        let integration = integration.ok_or_else(nothing_here)?.record;
        self.present_tenant(endpoint.tenant).await.map_err(|_| nothing_here())?;
        if integration.status == IntegrationStatus::Disabled {
            return Err(nothing_here());
        }
        let plugin = self.plugin(&integration.plugin).await?;
        let rules = plugin.manifest().webhook.clone().ok_or_else(nothing_here)?;
        let settings = self.settings_in_force(endpoint.tenant, &integration).await?;
        Ok(Receiver { endpoint, integration, plugin, rules, settings, url })
    }

    async fn only_endpoint(&self, provider: &str, tenant: TenantId) -> Result<EndpointId> {
        let prefix = IntegrationByProvider::prefix_of(provider);
        let page = Page::first(2);
        let scope = self.0.store.tenant(tenant);
        let found = scope.list_under::<IntegrationByProvider>(&prefix, &page).await?.items;
        let [only] = found.as_slice() else { return Err(nothing_here()) };
        let integration = scope.get::<Integration>(&only.integration).await?;
        integration.and_then(|integration| integration.endpoint).ok_or_else(nothing_here)
    }
}

/// The answer to what does not verify.
fn refused(receiver: &Receiver) -> Error {
    if receiver.rules.refuse_with_401 {
        return Error::new(ErrorKind::Unauthenticated, "the signature does not fit");
    }
    nothing_here()
}

/// The answer for an address that nothing is at: without the address, so that all look the same.
pub fn nothing_here() -> Error {
    Error::new(ErrorKind::NotFound, "there is no such endpoint")
}
