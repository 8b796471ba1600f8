//! What is stored: each kind's id, and the records that only the store needs.
//! The domain's own types are made records here; their fields are not repeated.

pub mod answer;
pub mod audit;
pub mod backfill;
pub mod batch;
pub mod canary;
pub mod cassette;
pub mod deployment;
pub mod encoding;
pub mod event;
pub mod execution;
pub mod farewell;
pub mod integration;
pub mod job;
pub mod link;
pub mod mapping;
pub mod market;
pub mod oauth;
pub mod plugin;
pub mod provider;
pub mod publisher;
pub mod resilience;
pub mod rotation;
pub mod routing;
pub mod subscription;
pub mod sync;
pub mod tenancy;
pub mod upkeep;
mod webhook;

pub use answer::IdempotentAnswer;
pub use audit::{AuditMark, ChainEnd, ChainName};
pub use backfill::{EndpointBackfill, Listing, OutOfReach};
pub use batch::QueuedCall;
pub use cassette::CassetteTape;
pub use deployment::{Deployment, OwnKeys};
pub use event::{EventByIntegration, EventFeed};
pub use execution::{ExecutionByIntegration, IdempotentRequest, Intent, UnknownExecution};
pub use farewell::{EndpointFarewell, FarewellId};
pub use integration::{EndpointSecrets, IntegrationByProvider, PreviousCredential, SealedCredential};
pub use job::{DeadJob, GroupKey, JobGroup, JobLease, JobUnique, NodeEpoch, Place, ReadyJob};
pub use link::{LinkByIntegration, LinkId, LinkPlace};
pub use mapping::MappingVersion;
pub use market::{OwnReview, ReviewKey, reviews_of};
pub use oauth::{
    OAuthApp, OAuthFlow, OAuthRevocation, OAuthStart, OAuthTokens, PreviousSecret, RefreshLease, RevocationId,
    SealedToken, SealedVerifier,
};
pub use plugin::plugin_prefix;
pub use provider::{OverrideId, overrides_of};
pub use resilience::RateBudget;
pub use rotation::{ClosedKey, Rotation, RotationOf};
pub use routing::{RouteMinute, RouteWindow};
pub use subscription::{
    DeadDelivery, DueDelivery, DueId, PreviousSigning, SealedSigning, SubscriptionPlace, SubscriptionSecret,
    SubscriptionState,
};
pub use sync::{ChangeKey, SyncSeen, added_at, entity_prefix, feed_position};
pub use tenancy::{KeyDigest, TenantKey};
pub use upkeep::EndpointUpkeep;
pub use webhook::{
    DeliveryBody, DeliveryByIntegration, DeliveryProof, PendingDelivery, QuarantinedDelivery, SeenDelivery,
};
