//! Reading deliveries.

use gatehouse_domain::Result;
use gatehouse_domain::webhook::Delivery;
use gatehouse_store::records::DeliveryByIntegration;
use gatehouse_store::{Page, Paged};

use crate::{Caller, Engine};

impl Engine {
    /// An integration's deliveries, newest first, quarantined ones among them.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn deliveries(&self, by: &Caller, target: &str, page: &Page) -> Result<Paged<Delivery>> {
        let integration = self.integration(by, target).await?.id;
        let page = Page { reverse: true, ..page.clone() };
        let scope = self.0.store.tenant(by.tenant()?);
        let index = scope.list_under::<DeliveryByIntegration>(&integration.to_bytes(), &page).await?;
        let mut items = Vec::with_capacity(index.items.len());
        for entry in &index.items {
            if let Some(delivery) = scope.get::<Delivery>(&entry.delivery).await? {
                items.push(delivery.record);
            }
        }
        Ok(Paged { items, next: index.next })
    }
}
