//! What a person does with quarantined deliveries and with those that were given up: look, release,
//! delete, parse again.

use gatehouse_domain::id::{DeliveryId, TenantId};
use gatehouse_domain::webhook::{Delivery, DeliveryState, Endpoint, Trust};
use gatehouse_domain::{Error, Result};
use gatehouse_store::records::{
    DeliveryBody, DeliveryByIntegration, DeliveryProof, PendingDelivery, QuarantinedDelivery,
};
use gatehouse_store::{Change, Page, Paged, Stored};

use super::dedupe;
use super::judge::Judge;
use super::proof::Proof;
use crate::{Caller, Engine};

impl Engine {
    /// An integration's quarantined deliveries, newest first.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn quarantined(&self, by: &Caller, target: &str, page: &Page) -> Result<Paged<Delivery>> {
        let integration = self.integration(by, target).await?.id;
        let page = Page { reverse: true, ..page.clone() };
        let scope = self.0.store.tenant(by.tenant()?);
        let index = scope.list_under::<QuarantinedDelivery>(&integration.to_bytes(), &page).await?;
        let mut items = Vec::with_capacity(index.items.len());
        for entry in &index.items {
            items.extend(scope.get::<Delivery>(&entry.delivery).await?.map(|delivery| delivery.record));
        }
        Ok(Paged { items, next: index.next })
    }

    /// Verifies a quarantined delivery with the secrets of today, whatever its age, and has it
    /// parsed. One that does not verify is released only `as_untrusted`.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], and [`gatehouse_domain::ErrorKind::Conflict`] with
    /// the reason where it still does not verify.
    pub async fn release_delivery(
        &self,
        by: &Caller,
        target: &str,
        id: DeliveryId,
        as_untrusted: bool,
    ) -> Result<Delivery> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?;
        let delivery = self.delivery_of(tenant, &integration, id).await?;
        if !matches!(delivery.state, DeliveryState::Quarantined { .. }) {
            return Err(Error::conflict(format!("the delivery `{id}` is not quarantined")));
        }
        let scope = self.0.store.tenant(tenant);
        let (body, proof) = (scope.get::<DeliveryBody>(&id).await?, scope.get::<DeliveryProof>(&id).await?);
        let (Some(body), Some(proof)) = (body, proof) else { return Err(Error::not_found("delivery", id)) };
        let Proof { url, mut request } = self.open_proof(&proof)?;
        request.body = body.record.body;
        let endpoint = integration.endpoint.ok_or_else(|| Error::not_found("delivery", id))?;
        let endpoint = Endpoint { id: endpoint, tenant, integration: integration.id, expires_at: None, replaces: None };
        let receiver = self.receiver_of(endpoint, url).await?;
        let verdict = Judge::new(self, &receiver).await?.verify_at(&request, delivery.received_at).await;
        let trust = match verdict {
            Ok(()) => receiver.rules.trust(),
            Err(_) if as_untrusted => Trust::Untrusted,
            Err(refusal) => {
                let message = format!(
                    "the delivery still does not verify: {refusal}; set the right secret, or release it with `as_untrusted`"
                );
                return Err(Error::conflict(message));
            }
        };
        let seen = dedupe::seen(integration.id, &receiver.rules, &request, id, self.now());
        let mut work = self.work(by);
        if let Some(known) = self.note_seen(work.change(), tenant, &seen).await? {
            return Err(Error::conflict(format!("the delivery was received again and accepted, as `{known}`")));
        }
        let next = Delivery { state: DeliveryState::Pending, trust, ..delivery.record.clone() };
        work.tenant(tenant).replace(&delivery, &next)?;
        work.tenant(tenant).delete::<DeliveryProof>(&id)?;
        work.tenant(tenant).delete::<QuarantinedDelivery>(&(integration.id, id))?;
        self.queue_delivery(work.change(), tenant, integration.id, id, self.now()).await?;
        work.audit("delivery.released", id, Some(&delivery.record), Some(&next))?;
        work.commit().await?;
        Ok(next)
    }

    /// Deletes a quarantined delivery.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn delete_quarantined(&self, by: &Caller, target: &str, id: DeliveryId) -> Result<()> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?;
        let found = self.0.store.tenant(tenant).get::<QuarantinedDelivery>(&(integration.id, id)).await?;
        let found = found.ok_or_else(|| Error::not_found("delivery", id))?;
        let mut work = self.work(by);
        remove(work.change(), tenant, &found.record)?;
        work.audit("delivery.deleted", id, Some(&found.record), None)?;
        work.commit().await
    }

    /// Has a delivery parsed again: one that was given up, or one whose events are to be read anew.
    /// Events that are known stay what they are.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], and [`gatehouse_domain::ErrorKind::Conflict`] for
    /// one that is quarantined.
    pub async fn parse_delivery_again(&self, by: &Caller, target: &str, id: DeliveryId) -> Result<Delivery> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?;
        let delivery = self.delivery_of(tenant, &integration, id).await?;
        if matches!(delivery.state, DeliveryState::Quarantined { .. }) {
            return Err(Error::conflict(format!("the delivery `{id}` is quarantined; release it instead")));
        }
        let next = Delivery { state: DeliveryState::Pending, ..delivery.record.clone() };
        let mut work = self.work(by);
        work.tenant(tenant).replace(&delivery, &next)?;
        self.queue_delivery(work.change(), tenant, integration.id, id, self.now()).await?;
        work.audit("delivery.replayed", id, Some(&delivery.record), Some(&next))?;
        work.commit().await?;
        Ok(next)
    }

    async fn delivery_of(
        &self,
        tenant: TenantId,
        integration: &gatehouse_domain::integration::Integration,
        id: DeliveryId,
    ) -> Result<Stored<Delivery>> {
        let found = self.0.store.tenant(tenant).get::<Delivery>(&id).await?;
        let own = found.filter(|delivery| delivery.integration == integration.id);
        own.ok_or_else(|| Error::not_found("delivery", id))
    }
}

/// Takes a quarantined delivery away with all that belongs to it.
pub(super) fn remove(change: &mut Change, tenant: TenantId, entry: &QuarantinedDelivery) -> Result<()> {
    let id = (entry.integration, entry.delivery);
    change.admin().delete::<PendingDelivery>(&id)?;
    let mut scope = change.tenant(tenant);
    scope.delete::<QuarantinedDelivery>(&id)?;
    scope.delete::<Delivery>(&entry.delivery)?;
    scope.delete::<DeliveryByIntegration>(&id)?;
    scope.delete::<DeliveryBody>(&entry.delivery)?;
    scope.delete::<DeliveryProof>(&entry.delivery)
}
