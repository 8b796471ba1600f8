//! Events: what a provider told us, and what happened to a tenant's integrations here. Both
//! stand in one feed, in the order in which they were committed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{DeliveryId, EventId, IntegrationId};
use crate::time::Timestamp;
use crate::webhook::{Source, Trust};

/// Everything that Gatehouse itself tells, with what it means. The subscriptions of a host app
/// can name nothing else, save the events of providers.
pub const OURS: &[(&str, &str)] = &[
    ("integration.connected", "a connection test succeeded where it had not before"),
    ("integration.disconnected", "its credential was destroyed at the tenant's wish"),
    ("integration.degraded", "its provider fails so often that calls are held back"),
    ("integration.recovered", "its provider answers again"),
    ("integration.expired", "the provider no longer accepts its credential; a person has to connect it again"),
    ("integration.failed", "a test failed in a way that needs a person"),
    ("integration.disabled", "it was switched off"),
    ("integration.deleted", "it was deleted with its credential"),
    ("credential.authorized", "a person agreed at the provider, and its tokens took the place of what was there"),
    ("credential.expiring", "its tokens end soon, and only a person can renew them: connect it again before that"),
    ("credential.rotated", "a new credential took the place of the old one"),
    (
        "webhooks.failing",
        "its endpoint could not be registered with the provider: it may hear of nothing until that is mended",
    ),
    ("webhooks.repaired", "its registration with the provider was lost or off, and there is one again"),
    (
        "webhooks.left_behind",
        "it was disconnected, and its registration could not be taken away from the provider, for the reason that is told",
    ),
    (
        "webhooks.out_of_reach",
        "its events of a time before the one that its provider still lists may be lost: nothing heard of them",
    ),
    ("execution.unknown", "a write was sent and its answer never came"),
    ("execution.resolved", "it is known now what became of such a write"),
    ("execution.unresolved", "only a person can settle what became of such a write"),
    ("execution.finished", "a call that was asked for asynchronously has ended"),
    ("batch.finished", "every call of a batch has ended"),
    ("sync.finished", "a run of a sync has ended well"),
    ("sync.failed", "a run of a sync has ended without its goal, for the reason that is told"),
    ("sync.held", "a sync waits for a person: it would delete too much, or can not tell what became of a change"),
    ("plugin.upgraded", "integrations went to another version of their plugin"),
    ("plugin.rolled_back", "the last upgrade of a plugin was undone"),
    ("plugin.canary_started", "a part of the calls goes to another version of a plugin, to see how it does"),
    ("plugin.canary_promoted", "the version of a canary did well and serves every call"),
    ("plugin.canary_rolled_back", "a canary ended without its version, for the reason that is told"),
    ("plugin.approved", "another version of a plugin in use passed its review and can be chosen"),
    ("plugin.yanked", "a plugin version in use was taken back by its operator; it goes on"),
    ("plugin.deprecated", "there is something better than a plugin version in use"),
    ("plugin.withdrawn", "a plugin in use is no longer offered; what there is of it goes on"),
    ("plugin.quarantined", "a plugin version trapped too often and is held back"),
    ("subscription.delivery_dead", "a delivery to a subscription was given up after its last attempt"),
    ("subscription.disabled", "a subscription was switched off, as its receiver is gone or only fails"),
    ("subscription.test", "somebody asked for it, to see whether a subscription's receiver works"),
];

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Our identifier.
    pub id: EventId,
    /// Its name, such as `payment.succeeded` or `integration.connected`.
    pub kind: String,
    /// Which integration it is about.
    pub integration: Option<IntegrationId>,
    /// The code of the provider of that integration.
    pub provider: Option<String>,
    /// How the provider told us; absent for what happened here.
    pub told: Option<Told>,
    /// The id of the record it is about: the provider's, or ours for what happened here.
    pub subject: Option<String>,
    /// The content.
    pub data: Value,
    /// When it happened.
    #[schemars(with = "String")]
    pub occurred_at: Timestamp,
    /// When it reached us.
    #[schemars(with = "String")]
    pub received_at: Timestamp,
}

/// How a provider told us of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Told {
    /// The delivery it came in.
    pub delivery: DeliveryId,
    /// The provider's id of the event.
    pub id: String,
    /// The provider's own name for it.
    pub kind: String,
    /// How far what it says is to be believed. An untrusted one says that something happened; its
    /// data is there only where the gateway has read it from the provider.
    #[serde(default)]
    pub trust: Trust,
    /// Whether the provider sent it, or had it in its list.
    #[serde(default)]
    pub source: Source,
}
