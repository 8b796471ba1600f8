//! Webhooks in: endpoints, deliveries with their raw bytes, and the queue of those to parse.

use gatehouse_domain::id::{DeliveryId, EndpointId, IntegrationId, TenantId};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::webhook::{Delivery, Endpoint};
use gatehouse_domain::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::encoding::{base64, hex};
use crate::record::{GlobalRecord, Kind, Record, TenantRecord};

/// A delivery that the gateway has yet to parse. The list of an integration's is its durable queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingDelivery {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its integration.
    pub integration: IntegrationId,
    /// The delivery.
    pub delivery: DeliveryId,
    /// When it may be tried next.
    pub not_before: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether it was listed: then it waits for the end of its listing, so that what is found newest
    /// first is told oldest first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listed: bool,
}

/// Lists an integration's deliveries in the order of their time. Written with the delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryByIntegration {
    /// The integration.
    pub integration: IntegrationId,
    /// Its delivery.
    pub delivery: DeliveryId,
}

/// A delivery's raw bytes, at most 1 MiB. They are stored as they are, not as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryBody {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The bytes; in base64 where this is written as JSON.
    #[serde(with = "base64")]
    pub body: Vec<u8>,
}

/// A delivery that was accepted, so that the same one is not accepted twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenDelivery {
    /// The integration.
    pub integration: IntegrationId,
    /// A digest of what tells deliveries apart, in hexadecimal in JSON.
    #[serde(with = "hex")]
    pub key: [u8; 32],
    /// The first one.
    pub delivery: DeliveryId,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

/// What a quarantined delivery came with, sealed, as it may hold a secret: method, address and headers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryProof {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The sealed JSON, in base64.
    pub sealed: String,
}

/// Lists an integration's quarantined deliveries, oldest first, with their sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedDelivery {
    /// The integration.
    pub integration: IntegrationId,
    /// The delivery.
    pub delivery: DeliveryId,
    /// The body's size in bytes.
    pub size: u64,
}

impl Record for DeliveryProof {
    const KIND: Kind = Kind::DeliveryProof;
    const SCHEMA: u8 = 1;
    type Id = DeliveryId;
    fn id(&self) -> DeliveryId {
        self.delivery
    }
}
impl TenantRecord for DeliveryProof {}

impl Record for QuarantinedDelivery {
    const KIND: Kind = Kind::QuarantinedDelivery;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, DeliveryId);
    fn id(&self) -> Self::Id {
        (self.integration, self.delivery)
    }
}
impl TenantRecord for QuarantinedDelivery {}

impl Record for Endpoint {
    const KIND: Kind = Kind::Endpoint;
    const SCHEMA: u8 = 1;
    type Id = EndpointId;
    fn id(&self) -> EndpointId {
        self.id
    }
}
impl GlobalRecord for Endpoint {}

impl Record for PendingDelivery {
    const KIND: Kind = Kind::PendingDelivery;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, DeliveryId);
    fn id(&self) -> Self::Id {
        (self.integration, self.delivery)
    }
}
impl GlobalRecord for PendingDelivery {}

impl Record for Delivery {
    const KIND: Kind = Kind::Delivery;
    const SCHEMA: u8 = 1;
    type Id = DeliveryId;
    fn id(&self) -> DeliveryId {
        self.id
    }
}
impl TenantRecord for Delivery {}

impl Record for DeliveryByIntegration {
    const KIND: Kind = Kind::DeliveryByIntegration;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, DeliveryId);
    fn id(&self) -> Self::Id {
        (self.integration, self.delivery)
    }
}
impl TenantRecord for DeliveryByIntegration {}

impl Record for DeliveryBody {
    const KIND: Kind = Kind::DeliveryBody;
    const SCHEMA: u8 = 1;
    type Id = DeliveryId;
    fn id(&self) -> DeliveryId {
        self.delivery
    }
    fn encode(&self) -> Result<Vec<u8>> {
        Ok(self.body.clone())
    }
    fn decode(id: &[u8], bytes: &[u8]) -> Result<Self> {
        let id = id.try_into().map_err(|_| Error::new(ErrorKind::Corrupt, "the key of a delivery's body is no id"))?;
        Ok(Self { delivery: DeliveryId::from_bytes(id), body: bytes.to_vec() })
    }
}
impl TenantRecord for DeliveryBody {}

impl Record for SeenDelivery {
    const KIND: Kind = Kind::SeenDelivery;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, [u8; 32]);
    fn id(&self) -> Self::Id {
        (self.integration, self.key)
    }
}
impl TenantRecord for SeenDelivery {}
