//! How far an exchange of keys has come, and which of a tenant's keys seals nothing any more.

use gatehouse_domain::id::TenantId;
use gatehouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::page::Cursor;
use crate::record::{GlobalRecord, Kind, Record, RecordId};

/// Whose key is exchanged. One exchange of each can be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotationOf {
    /// The root key: every tenant's key is sealed again.
    Root,
    /// A tenant's key: every credential of it is sealed again.
    Tenant(TenantId),
}

/// An exchange of keys. It is written with each of its steps, so that it goes on where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Whose key it is.
    pub of: RotationOf,
    /// The key that takes the place of all others: a root key's id, or a tenant key's generation.
    pub to: String,
    /// How many records there are to go through; absent until they are counted.
    pub total: Option<u64>,
    /// How many of them are done.
    pub done: u64,
    /// Where to go on, as a cursor.
    pub after: Option<String>,
    /// What could not be sealed again, the newest of it. Never a secret.
    pub problem: Option<String>,
    /// When it was asked for.
    pub started_at: Timestamp,
    /// When it came this far.
    pub updated_at: Timestamp,
    /// When a scan found nothing left under another key.
    pub finished_at: Option<Timestamp>,
}

impl Rotation {
    /// One that has done nothing yet.
    pub fn new(of: RotationOf, to: String, now: Timestamp) -> Self {
        Self {
            of,
            to,
            total: None,
            done: 0,
            after: None,
            problem: None,
            started_at: now,
            updated_at: now,
            finished_at: None,
        }
    }

    /// Where to go on. A place that does not read is taken as the beginning, which does no harm.
    pub fn place(&self) -> Option<Cursor> {
        self.after.as_deref().and_then(|after| after.parse().ok())
    }
}

/// A generation of a tenant's key that no record may be sealed with any more: it exists from
/// before the last scan until the key is destroyed. Whoever stores a sealed record requires that
/// there is none of its generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedKey {
    /// Whose key.
    pub tenant: TenantId,
    /// Its generation.
    pub version: u32,
}

impl RecordId for RotationOf {
    fn key_bytes(&self) -> Vec<u8> {
        match self {
            Self::Root => vec![0],
            Self::Tenant(tenant) => [&[1], tenant.to_bytes().as_slice()].concat(),
        }
    }
}

impl RecordId for (TenantId, u32) {
    fn key_bytes(&self) -> Vec<u8> {
        [self.0.to_bytes().as_slice(), &self.1.to_be_bytes()].concat()
    }
}

impl Record for Rotation {
    const KIND: Kind = Kind::Rotation;
    const SCHEMA: u8 = 1;
    type Id = RotationOf;
    fn id(&self) -> RotationOf {
        self.of
    }
}
impl GlobalRecord for Rotation {}

impl Record for ClosedKey {
    const KIND: Kind = Kind::ClosedKey;
    const SCHEMA: u8 = 1;
    type Id = (TenantId, u32);
    fn id(&self) -> Self::Id {
        (self.tenant, self.version)
    }
}
impl GlobalRecord for ClosedKey {}
