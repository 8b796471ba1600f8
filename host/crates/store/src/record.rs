//! What makes a type a record: its kind, its id, its schema version, its bytes.

use std::ops::Deref;

use gatehouse_domain::id::{Id, Subject};
use gatehouse_domain::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::storage::Seq;

/// The kinds of records. The numbers are part of the file format: never change or reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "each is the record of the same name")]
pub enum Kind {
    Deployment = 1,
    Tenant = 2,
    ApiKey = 3,
    KeyDigest = 4,
    PluginVersion = 5,
    Endpoint = 6,
    /// Kept from being used again: deliveries that were queued before each integration had its queue.
    FormerPendingDelivery = 7,
    Intent = 8,
    Provider = 9,
    CapabilityOverride = 10,
    Publisher = 11,
    Job = 12,
    ReadyJob = 13,
    JobLease = 14,
    JobUnique = 15,
    DeadJob = 16,
    Schedule = 17,
    Rotation = 18,
    NodeEpoch = 19,
    JobGroup = 20,
    AuditCheckpoint = 21,
    ClosedKey = 22,
    OAuthStart = 23,
    OAuthFlow = 24,
    SubscriptionPlace = 25,
    Listing = 26,
    AuditMark = 27,
    VersionQuarantine = 28,
    PendingDelivery = 29,
    TenantKey = 32,
    Install = 33,
    Integration = 34,
    SealedCredential = 35,
    Execution = 36,
    ExecutionByIntegration = 37,
    IdempotentRequest = 38,
    Delivery = 39,
    DeliveryByIntegration = 40,
    DeliveryBody = 41,
    SeenDelivery = 42,
    Event = 43,
    IntegrationByProvider = 44,
    Link = 45,
    LinkByIntegration = 46,
    RoutingPolicy = 47,
    AuditEntry = 48,
    ChainEnd = 49,
    EventFeed = 50,
    IdempotentAnswer = 51,
    RateBudget = 54,
    Role = 52,
    Batch = 53,
    RouteWindow = 55,
    EventByIntegration = 57,
    UnknownExecution = 56,
    OAuthApp = 60,
    OAuthTokens = 61,
    OAuthRevocation = 62,
    EndpointBackfill = 63,
    SyncSettings = 64,
    SyncState = 65,
    SyncRun = 66,
    SyncedRecord = 67,
    SyncFeed = 68,
    SyncLog = 69,
    SyncSeen = 70,
    SyncChange = 71,
    Upgrade = 78,
    OwnReview = 79,
    Review = 80,
    RatingTotal = 81,
    BatchItem = 58,
    QueuedCall = 59,
    Subscription = 72,
    SubscriptionState = 73,
    SubscriptionSecret = 74,
    SubscriptionDelivery = 75,
    DueDelivery = 76,
    DeadDelivery = 77,
    Cassette = 82,
    CassetteTape = 83,
    Mapping = 84,
    MappingVersion = 85,
    EntityShape = 86,
    DeliveryProof = 87,
    QuarantinedDelivery = 88,
    Canary = 89,
    EndpointUpkeep = 91,
    EndpointFarewell = 92,
}

/// A record: something with an identity that is stored as one value.
pub trait Record: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its kind, which no other record has.
    const KIND: Kind;
    /// The version of its shape. Raise it with every change that old JSON does not fit, and
    /// teach [`Record::migrate`] the step.
    const SCHEMA: u8;
    /// What identifies it within its tenant, or within the deployment.
    type Id: RecordId;

    /// Its id.
    fn id(&self) -> Self::Id;

    /// Its bytes: JSON, unless the record says otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] for a value that JSON can not hold.
    fn encode(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self)
            .map_err(|error| Error::internal(format!("a {:?} can not be written as JSON", Self::KIND)).caused_by(error))
    }

    /// The record from its id's bytes and its own.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for bytes that are no such record.
    fn decode(_id: &[u8], bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|error| unreadable(Self::KIND, error))
    }

    /// The JSON of the present shape from that of an older one.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for a version that never was.
    fn migrate(from: u8, _old: Value) -> Result<Value> {
        let message = format!(
            "a {:?} has schema version {from}, which never was; restore the data directory from a backup",
            Self::KIND
        );
        Err(Error::new(ErrorKind::Corrupt, message))
    }
}

/// A record that belongs to one tenant.
pub trait TenantRecord: Record {}

/// A record of the whole deployment.
pub trait GlobalRecord: Record {}

/// What identifies a record, as bytes whose order is the order of lists.
pub trait RecordId {
    /// The bytes. Two ids never have the same.
    fn key_bytes(&self) -> Vec<u8>;
}

/// A record as it was read, with the commit that wrote it.
#[derive(Debug, Clone)]
pub struct Stored<R> {
    /// The record.
    pub record: R,
    /// The commit that wrote it: what a later replacement is checked against.
    pub seq: Seq,
    /// In how many parts it is stored beside its main value.
    pub(crate) chunks: u16,
}

/// A record as its bytes, for who has to know that they are the very ones that were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// The bytes of the id that it is stored under.
    pub id: Vec<u8>,
    /// The version of its shape; absent where its value begins as none of ours or lacks parts.
    pub schema: Option<u8>,
    /// Its own bytes, parts joined.
    pub bytes: Vec<u8>,
}

impl<R> Deref for Stored<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.record
    }
}

/// The error for bytes that are no record.
pub(crate) fn unreadable(kind: Kind, error: serde_json::Error) -> Error {
    let message = format!("a {kind:?} can not be read; restore the data directory from a backup");
    Error::new(ErrorKind::Corrupt, message).caused_by(error)
}

impl<S: Subject> RecordId for Id<S> {
    fn key_bytes(&self) -> Vec<u8> {
        self.to_bytes().to_vec()
    }
}

impl<A: Subject, B: Subject> RecordId for (Id<A>, Id<B>) {
    fn key_bytes(&self) -> Vec<u8> {
        [self.0.to_bytes(), self.1.to_bytes()].concat()
    }
}

impl<A: Subject> RecordId for (Id<A>, [u8; 32]) {
    fn key_bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.to_bytes().to_vec();
        bytes.extend_from_slice(&self.1);
        bytes
    }
}

impl RecordId for [u8; 32] {
    fn key_bytes(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl RecordId for String {
    fn key_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}

impl RecordId for u32 {
    fn key_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }
}

impl RecordId for u64 {
    fn key_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }
}

/// For a record of which there is one.
impl RecordId for () {
    fn key_bytes(&self) -> Vec<u8> {
        Vec::new()
    }
}
