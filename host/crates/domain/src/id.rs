//! Typed identifiers: `int_` and 32 hexadecimal digits, ordered by the time they were made.
//! The caller brings the clock and the randomness.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// What an identifier points at; its prefix tells them apart in logs and in JSON.
pub trait Subject: 'static {
    /// The letters before the underscore.
    const PREFIX: &'static str;
}

/// An identifier of one kind of record.
pub struct Id<S: Subject>(u128, PhantomData<fn() -> S>);

impl<S: Subject> Id<S> {
    /// An identifier that sorts by `millis` since 1970 and is otherwise random.
    pub fn new(millis: i64, random: [u8; 10]) -> Self {
        let time = u128::from(millis.max(0).unsigned_abs() & 0xffff_ffff_ffff) << 80;
        let mut low = [0; 16];
        low[6..].copy_from_slice(&random);
        Self(time | u128::from_be_bytes(low), PhantomData)
    }

    /// An identifier that can not be guessed: all 128 bits are the caller's.
    pub fn unguessable(random: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(random), PhantomData)
    }

    /// The sixteen bytes, which sort as the identifiers do.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// An identifier from what [`Id::to_bytes`] gave.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::unguessable(bytes)
    }
}

impl<S: Subject> fmt::Display for Id<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{:032x}", S::PREFIX, self.0)
    }
}

impl<S: Subject> FromStr for Id<S> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.strip_prefix(S::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .filter(|hex| hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
            .and_then(|hex| u128::from_str_radix(hex, 16).ok())
            .map(|value| Self(value, PhantomData))
            .ok_or_else(|| {
                Error::invalid(format!(
                    "`{text}` is not an id; it looks like `{}_` and 32 hexadecimal digits",
                    S::PREFIX
                ))
            })
    }
}

impl<S: Subject> TryFrom<String> for Id<S> {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl<S: Subject> From<Id<S>> for String {
    fn from(id: Id<S>) -> String {
        id.to_string()
    }
}

// Derives would ask the same of `S`, which is only a name.
impl<S: Subject> Clone for Id<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: Subject> Copy for Id<S> {}
impl<S: Subject> PartialEq for Id<S> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<S: Subject> Eq for Id<S> {}
impl<S: Subject> PartialOrd for Id<S> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<S: Subject> Ord for Id<S> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<S: Subject> std::hash::Hash for Id<S> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<S: Subject> fmt::Debug for Id<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<S: Subject> Serialize for Id<S> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, S: Subject> Deserialize<'de> for Id<S> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|error: Error| serde::de::Error::custom(error.message))
    }
}
impl<S: Subject> JsonSchema for Id<S> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("{}_id", S::PREFIX).into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": format!("^{}_[0-9a-f]{{32}}$", S::PREFIX),
        })
    }
}

/// The kinds of records that have identifiers.
pub mod subject {
    use super::Subject;

    /// A tenant.
    pub enum Tenant {}
    /// An API key.
    pub enum Key {}
    /// An integration.
    pub enum Integration {}
    /// An execution.
    pub enum Execution {}
    /// An inbound webhook endpoint.
    pub enum Endpoint {}
    /// One accepted webhook request.
    pub enum Delivery {}
    /// An event.
    pub enum Event {}
    /// An HTTP request to our API.
    pub enum Request {}
    /// A job.
    pub enum Job {}
    /// A routing policy.
    pub enum Policy {}
    /// A run of a sync.
    pub enum SyncRun {}
    /// A change of a record that is to be pushed.
    pub enum SyncChange {}
    /// A batch of calls.
    pub enum Batch {}
    /// A subscription of the host app to events.
    pub enum Subscription {}
    /// An event on its way to a subscription.
    pub enum SubscriptionDelivery {}
    /// A tenant's review of a plugin.
    pub enum Review {}
    /// A recorded call.
    pub enum Cassette {}

    impl Subject for Tenant {
        const PREFIX: &'static str = "ten";
    }
    impl Subject for Key {
        const PREFIX: &'static str = "key";
    }
    impl Subject for Integration {
        const PREFIX: &'static str = "int";
    }
    impl Subject for Execution {
        const PREFIX: &'static str = "exe";
    }
    impl Subject for Endpoint {
        const PREFIX: &'static str = "end";
    }
    impl Subject for Delivery {
        const PREFIX: &'static str = "del";
    }
    impl Subject for Event {
        const PREFIX: &'static str = "evt";
    }
    impl Subject for Request {
        const PREFIX: &'static str = "req";
    }
    impl Subject for Job {
        const PREFIX: &'static str = "job";
    }
    impl Subject for Policy {
        const PREFIX: &'static str = "pol";
    }
    impl Subject for SyncRun {
        const PREFIX: &'static str = "run";
    }
    impl Subject for SyncChange {
        const PREFIX: &'static str = "chg";
    }
    impl Subject for Batch {
        const PREFIX: &'static str = "bat";
    }
    impl Subject for Subscription {
        const PREFIX: &'static str = "sub";
    }
    impl Subject for SubscriptionDelivery {
        const PREFIX: &'static str = "sdl";
    }
    impl Subject for Review {
        const PREFIX: &'static str = "rev";
    }
    impl Subject for Cassette {
        const PREFIX: &'static str = "cas";
    }
}

/// Identifies a tenant.
pub type TenantId = Id<subject::Tenant>;
/// Identifies an API key.
pub type KeyId = Id<subject::Key>;
/// Identifies an integration.
pub type IntegrationId = Id<subject::Integration>;
/// Identifies an execution.
pub type ExecutionId = Id<subject::Execution>;
/// Identifies an inbound webhook endpoint; it can not be guessed.
pub type EndpointId = Id<subject::Endpoint>;
/// Identifies one accepted webhook request.
pub type DeliveryId = Id<subject::Delivery>;
/// Identifies an event.
pub type EventId = Id<subject::Event>;
/// Identifies a request to our API, in answers and in logs.
pub type RequestId = Id<subject::Request>;
/// Identifies a job.
pub type JobId = Id<subject::Job>;
/// Identifies a routing policy.
pub type PolicyId = Id<subject::Policy>;
/// Identifies a run of a sync.
pub type RunId = Id<subject::SyncRun>;
/// Identifies a change of a record that is to be pushed; it is the reference that the provider sees.
pub type ChangeId = Id<subject::SyncChange>;
/// Identifies a batch of calls.
pub type BatchId = Id<subject::Batch>;
/// Identifies a subscription of the host app to events.
pub type SubscriptionId = Id<subject::Subscription>;
/// Identifies an event on its way to a subscription.
pub type SubscriptionDeliveryId = Id<subject::SubscriptionDelivery>;
/// Identifies a tenant's review of a plugin.
pub type ReviewId = Id<subject::Review>;
/// Identifies a recorded call.
pub type CassetteId = Id<subject::Cassette>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let id = IntegrationId::new(1_700_000_000_000, [7; 10]);
        assert_eq!(id.to_string().parse::<IntegrationId>().unwrap(), id);
        assert_eq!(IntegrationId::from_bytes(id.to_bytes()), id);
    }

    #[test]
    fn ids_sort_by_time_in_text_and_in_bytes() {
        let early = ExecutionId::new(1, [255; 10]);
        let late = ExecutionId::new(2, [0; 10]);
        assert!(early < late && early.to_string() < late.to_string());
        assert!(early.to_bytes() < late.to_bytes());
    }

    #[test]
    fn a_foreign_prefix_is_refused_with_the_right_one() {
        let tenant = TenantId::new(1, [0; 10]).to_string();
        let error = tenant.parse::<IntegrationId>().unwrap_err();
        assert!(error.message.contains("int_"), "{}", error.message);
    }
}
