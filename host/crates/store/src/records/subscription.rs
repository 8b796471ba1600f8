//! Subscriptions with their secrets and counts, and the deliveries to them.

use gatehouse_domain::id::{SubscriptionDeliveryId, SubscriptionId, TenantId};
use gatehouse_domain::subscription::{Counts, SignatureKind, Subscription, SubscriptionDelivery};
use gatehouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::encoding::hex;
use crate::entry::Position;
use crate::record::{GlobalRecord, Kind, Record, RecordId, TenantRecord};

/// That there is a subscription, and whose: what a start goes by. Written whenever the
/// subscription is, so that a watch of these sees every change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionPlace {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Whether events are taken for it and sent.
    pub enabled: bool,
}

/// How far a subscription has got. Its place in the feed, its counts and the deliveries that
/// they tell of are always written by one commit, so no event is missed and none is taken twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionState {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The place of the last event that was looked at, as [`Position::to_bytes`] gives it.
    #[serde(with = "hex")]
    pub position: [u8; 10],
    /// How many deliveries there are of each state.
    pub counts: Counts,
    /// Since when nothing but failures came of it.
    pub failing_since: Option<Timestamp>,
    /// When a delivery succeeded last.
    pub last_delivered_at: Option<Timestamp>,
    /// When an attempt failed last.
    pub last_failed_at: Option<Timestamp>,
}

impl SubscriptionState {
    /// Of a subscription that is for what comes after a place in the feed.
    pub fn at(subscription: SubscriptionId, position: Position) -> Self {
        Self {
            subscription,
            position: position.to_bytes(),
            counts: Counts::default(),
            failing_since: None,
            last_delivered_at: None,
            last_failed_at: None,
        }
    }

    /// The place of the last event that was looked at.
    pub fn position(&self) -> Position {
        Position::from_bytes(&self.position).unwrap_or(Position::START)
    }
}

/// What a subscription's deliveries are signed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionSecret {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The one in use.
    pub current: SealedSigning,
    /// The one before it, which signs as well until its time is over.
    pub previous: Option<PreviousSigning>,
}

impl SubscriptionSecret {
    /// Everything of it that is sealed.
    pub fn parts(&mut self) -> Vec<&mut SealedSigning> {
        std::iter::once(&mut self.current).chain(self.previous.as_mut().map(|previous| &mut previous.secret)).collect()
    }

    /// The generations of the tenant's key that seal something of it.
    pub fn key_versions(&self) -> Vec<u32> {
        let previous = self.previous.as_ref().map(|previous| previous.secret.key_version);
        std::iter::once(self.current.key_version).chain(previous).collect()
    }
}

/// A signing secret under its tenant's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSigning {
    /// Its generation, from 1.
    pub version: u32,
    /// The generation of the tenant's key.
    pub key_version: u32,
    /// What it signs with.
    pub kind: SignatureKind,
    /// The sealed bytes, in base64.
    pub sealed: String,
}

/// A signing secret on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSigning {
    /// The secret.
    pub secret: SealedSigning,
    /// Until when it signs.
    pub until: Timestamp,
}

/// A delivery that is pending, in the order in which they are due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueDelivery {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// When it is due, in milliseconds since 1970.
    pub due: u64,
    /// The delivery.
    pub delivery: SubscriptionDeliveryId,
}

/// A delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadDelivery {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The delivery.
    pub delivery: SubscriptionDeliveryId,
}

impl DueDelivery {
    /// The entry of a pending delivery.
    pub fn of(delivery: &SubscriptionDelivery) -> Option<Self> {
        let at = delivery.next_attempt_at?.as_millisecond();
        let due = u64::try_from(at).unwrap_or(0);
        Some(Self { subscription: delivery.subscription, due, delivery: delivery.id })
    }

    /// Its id.
    pub fn key(&self) -> DueId {
        DueId(self.subscription, self.due, self.delivery)
    }
}

/// The id of a [`DueDelivery`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DueId(SubscriptionId, u64, SubscriptionDeliveryId);

impl RecordId for DueId {
    fn key_bytes(&self) -> Vec<u8> {
        [&self.0.to_bytes()[..], &self.1.to_be_bytes(), &self.2.to_bytes()].concat()
    }
}

impl Record for SubscriptionPlace {
    const KIND: Kind = Kind::SubscriptionPlace;
    const SCHEMA: u8 = 1;
    type Id = SubscriptionId;
    fn id(&self) -> SubscriptionId {
        self.subscription
    }
}
impl GlobalRecord for SubscriptionPlace {}

impl Record for Subscription {
    const KIND: Kind = Kind::Subscription;
    const SCHEMA: u8 = 1;
    type Id = SubscriptionId;
    fn id(&self) -> SubscriptionId {
        self.id
    }
}
impl TenantRecord for Subscription {}

impl Record for SubscriptionState {
    const KIND: Kind = Kind::SubscriptionState;
    const SCHEMA: u8 = 1;
    type Id = SubscriptionId;
    fn id(&self) -> SubscriptionId {
        self.subscription
    }
}
impl TenantRecord for SubscriptionState {}

impl Record for SubscriptionSecret {
    const KIND: Kind = Kind::SubscriptionSecret;
    const SCHEMA: u8 = 1;
    type Id = SubscriptionId;
    fn id(&self) -> SubscriptionId {
        self.subscription
    }
}
impl TenantRecord for SubscriptionSecret {}

impl Record for SubscriptionDelivery {
    const KIND: Kind = Kind::SubscriptionDelivery;
    const SCHEMA: u8 = 1;
    type Id = (SubscriptionId, SubscriptionDeliveryId);
    fn id(&self) -> Self::Id {
        (self.subscription, self.id)
    }
}
impl TenantRecord for SubscriptionDelivery {}

impl Record for DueDelivery {
    const KIND: Kind = Kind::DueDelivery;
    const SCHEMA: u8 = 1;
    type Id = DueId;
    fn id(&self) -> DueId {
        self.key()
    }
}
impl TenantRecord for DueDelivery {}

impl Record for DeadDelivery {
    const KIND: Kind = Kind::DeadDelivery;
    const SCHEMA: u8 = 1;
    type Id = (SubscriptionId, SubscriptionDeliveryId);
    fn id(&self) -> Self::Id {
        (self.subscription, self.delivery)
    }
}
impl TenantRecord for DeadDelivery {}
