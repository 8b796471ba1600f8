//! The way in: from a request to durable bytes.

use std::sync::Arc;
use std::time::Instant;

use gatehouse_broker::{FetchFor, Inbound, Refusal, Sealed};
use gatehouse_domain::id::{DeliveryId, EndpointId};
use gatehouse_domain::integration::{Integration, IntegrationStatus};
use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::webhook::{Delivery, DeliveryState, Endpoint};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_runtime::Plugin;
use gatehouse_store::records::{DeliveryBody, DeliveryByIntegration, PendingDelivery};

use super::dedupe;
use crate::Engine;
use crate::integrations::Opened;
use crate::metrics::Received;

/// One request to an endpoint, as it came.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
}

/// What became of a request that verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is stored and will be parsed.
    New(DeliveryId),
    /// It was stored before.
    Duplicate(DeliveryId),
}

impl Engine {
    /// Takes in a delivery. When this returns, the bytes are on the disk.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], the same for an unknown endpoint and for a delivery that does
    /// not verify, so that neither can be probed.
    pub async fn accept_delivery(&self, endpoint: EndpointId, incoming: Incoming) -> Result<Accepted> {
        let started = Instant::now();
        let (endpoint, integration, plugin, rules) = self.receiver(endpoint).await?;
        // What came before an integration was disconnected, or after, has nothing to be verified with.
        let credentials = self.signing_credentials(endpoint.tenant, integration.id).await;
        let credentials = credentials.map_err(|error| match error.kind {
            ErrorKind::Conflict => nothing_here(endpoint.id),
            _ => error,
        })?;
        let mut verdict = Ok(());
        for credential in &credentials {
            let verified = self.verify(credential, &plugin, &rules, &integration, &endpoint, &incoming).await;
            verdict = verified.map_err(|refusal| refusal.to_string());
            if verdict.is_ok() {
                break;
            }
        }
        if let Err(refusal) = verdict {
            self.quarantine_delivery(&endpoint, incoming, &refusal).await?;
            self.0.metrics.webhooks.received(&integration.provider, Received::Quarantined, started.elapsed());
            return Err(nothing_here(endpoint.id));
        }
        let accepted = self.keep_delivery(&endpoint, &rules, incoming).await?;
        let received = match accepted {
            Accepted::New(_) => Received::Accepted,
            Accepted::Duplicate(_) => Received::Duplicate,
        };
        self.0.metrics.webhooks.received(&integration.provider, received, started.elapsed());
        Ok(accepted)
    }

    async fn verify(
        &self,
        credential: &Opened,
        plugin: &Plugin,
        rules: &WebhookRules,
        integration: &Integration,
        endpoint: &Endpoint,
        incoming: &Incoming,
    ) -> Result<(), Refusal> {
        let sealed =
            Sealed { key: &credential.key, context: &credential.context, fields: &credential.fields, prefix: "" };
        let via = FetchFor {
            tenant: endpoint.tenant,
            integration: integration.id,
            manifest: plugin.manifest(),
            rules,
            settings: &integration.settings,
        };
        let url = self.webhook_url(endpoint.id);
        let request = Inbound { method: "POST", url: &url, headers: &incoming.headers, body: &incoming.body };
        self.0.broker.verify_webhook(&self.0.vault, &[sealed], &via, request, self.now()).await
    }

    async fn receiver(&self, id: EndpointId) -> Result<(Endpoint, Integration, Arc<Plugin>, WebhookRules)> {
        let stored = self.0.store.admin().get::<Endpoint>(&id).await?;
        let endpoint = stored.ok_or_else(|| nothing_here(id))?.record;
        let integration = self.0.store.tenant(endpoint.tenant).get::<Integration>(&endpoint.integration).await?;
        let integration = integration.ok_or_else(|| nothing_here(id))?.record;
        self.present_tenant(endpoint.tenant).await.map_err(|_| nothing_here(id))?;
        if integration.status == IntegrationStatus::Disabled {
            return Err(nothing_here(id));
        }
        let plugin = self.plugin(&integration.plugin).await?;
        let rules = plugin.manifest().webhook.clone().ok_or_else(|| nothing_here(id))?;
        Ok((endpoint, integration, plugin, rules))
    }

    async fn keep_delivery(&self, endpoint: &Endpoint, rules: &WebhookRules, incoming: Incoming) -> Result<Accepted> {
        let seen = dedupe::seen(endpoint, rules, &incoming, self.new_id()?, self.now());
        let scope = self.0.store.tenant(endpoint.tenant);
        let seen_id = (seen.integration, seen.key);
        let mut change = self.0.store.change();
        match scope.get(&seen_id).await? {
            Some(known) if !dedupe::is_over(&known, self.now()) => return Ok(Accepted::Duplicate(known.delivery)),
            Some(known) => change.tenant(endpoint.tenant).replace(&known, &seen)?,
            None => change.tenant(endpoint.tenant).create(&seen)?,
        };
        let delivery = self.describe_delivery(endpoint, seen.delivery, &incoming, DeliveryState::Pending);
        change.tenant(endpoint.tenant).create(&delivery)?;
        change.tenant(endpoint.tenant).create(&DeliveryBody { delivery: delivery.id, body: incoming.body })?;
        change.tenant(endpoint.tenant).create(&index_of(&delivery))?;
        change.admin().create(&PendingDelivery {
            tenant: endpoint.tenant,
            delivery: delivery.id,
            not_before: delivery.received_at,
            attempts: 0,
        })?;
        match change.commit().await {
            Ok(_) => Ok(Accepted::New(delivery.id)),
            // Another copy of the same delivery was a moment quicker.
            Err(Error { kind: ErrorKind::Conflict, .. }) => Ok(Accepted::Duplicate(delivery.id)),
            Err(error) => Err(error),
        }
    }

    pub(super) fn describe_delivery(
        &self,
        endpoint: &Endpoint,
        id: DeliveryId,
        incoming: &Incoming,
        state: DeliveryState,
    ) -> Delivery {
        Delivery {
            id,
            integration: endpoint.integration,
            headers: incoming.headers.clone(),
            size: incoming.body.len() as u64,
            state,
            attempts: 0,
            received_at: self.now(),
        }
    }
}

pub(super) fn index_of(delivery: &Delivery) -> DeliveryByIntegration {
    DeliveryByIntegration { integration: delivery.integration, delivery: delivery.id }
}

fn nothing_here(id: EndpointId) -> Error {
    Error::not_found("endpoint", id)
}
