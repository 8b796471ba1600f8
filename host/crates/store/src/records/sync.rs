//! Syncs: what a tenant decided, where each entity stands, its runs, its records with their feed,
//! the log, and the changes that are to be pushed.

use gatehouse_domain::id::{ChangeId, IntegrationId, RunId};
use gatehouse_domain::sync::{EntitySettings, SyncChange, SyncFeed, SyncLog, SyncRun, SyncState, SyncedRecord};
use gatehouse_domain::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::entry::{Entry, Position, TenantEntry};
use crate::record::{Kind, Record, RecordId, Stored, TenantRecord};
use crate::storage::Seq;

/// The bytes of an id's digest.
const DIGEST: usize = 8;

/// The ids that one page of a complete enumeration held, as digests, so that at its end it is
/// known which records were missing. They go with the end of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncSeen {
    /// The integration.
    pub integration: IntegrationId,
    /// The entity.
    pub entity: String,
    /// The run.
    pub run: RunId,
    /// Which page.
    pub page: u64,
    /// The digests, in any order.
    pub ids: Vec<[u8; DIGEST]>,
}

/// Where a change is found: those that are not over come first, and both sorts by age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeKey {
    /// The integration.
    pub integration: IntegrationId,
    /// The entity.
    pub entity: String,
    /// Whether nothing more becomes of it.
    pub over: bool,
    /// The change.
    pub change: ChangeId,
}

/// What the ids of an entity's records begin with. No entity's name holds a zero byte.
pub fn entity_prefix(integration: IntegrationId, entity: &str) -> Vec<u8> {
    [integration.to_bytes().as_slice(), entity.as_bytes(), &[0]].concat()
}

impl ChangeKey {
    /// What the ids of an entity's changes of one sort begin with.
    pub fn prefix_of(integration: IntegrationId, entity: &str, over: bool) -> Vec<u8> {
        let mut prefix = entity_prefix(integration, entity);
        prefix.push(u8::from(over));
        prefix
    }
}

impl SyncSeen {
    /// What the ids of the pages of a run begin with.
    pub fn prefix_of(integration: IntegrationId, entity: &str, run: RunId) -> Vec<u8> {
        [entity_prefix(integration, entity).as_slice(), &run.to_bytes()].concat()
    }
}

/// Where the entry of a record's last change is in the feed of its entity.
pub fn feed_position(record: &Stored<SyncedRecord>) -> Position {
    match record.placed {
        Some((seq, index)) => Position { seq: Seq(seq), index },
        None => Position { seq: record.seq, index: record.index },
    }
}

/// Where the entry was by which a record was added. A reader who is not past it has not seen
/// the record.
pub fn added_at(record: &Stored<SyncedRecord>) -> Position {
    record.added_at.map_or_else(|| feed_position(record), |(seq, index)| Position { seq: Seq(seq), index })
}

/// A record of an entity, by the provider's id.
impl RecordId for (IntegrationId, String, String) {
    fn key_bytes(&self) -> Vec<u8> {
        [entity_prefix(self.0, &self.1).as_slice(), self.2.as_bytes()].concat()
    }
}

impl RecordId for (IntegrationId, String, RunId, u64) {
    fn key_bytes(&self) -> Vec<u8> {
        [SyncSeen::prefix_of(self.0, &self.1, self.2).as_slice(), &self.3.to_be_bytes()].concat()
    }
}

impl RecordId for ChangeKey {
    fn key_bytes(&self) -> Vec<u8> {
        [Self::prefix_of(self.integration, &self.entity, self.over).as_slice(), &self.change.to_bytes()].concat()
    }
}

impl Record for EntitySettings {
    const KIND: Kind = Kind::SyncSettings;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, String);
    fn id(&self) -> Self::Id {
        (self.integration, self.entity.clone())
    }
}
impl TenantRecord for EntitySettings {}

impl Record for SyncState {
    const KIND: Kind = Kind::SyncState;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, String);
    fn id(&self) -> Self::Id {
        (self.integration, self.entity.clone())
    }
}
impl TenantRecord for SyncState {}

impl Record for SyncRun {
    const KIND: Kind = Kind::SyncRun;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, RunId);
    fn id(&self) -> Self::Id {
        (self.integration, self.id)
    }
}
impl TenantRecord for SyncRun {}

impl Record for SyncedRecord {
    const KIND: Kind = Kind::SyncedRecord;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, String, String);
    fn id(&self) -> Self::Id {
        (self.integration, self.entity.clone(), self.id.clone())
    }
}
impl TenantRecord for SyncedRecord {}

impl Entry for SyncFeed {
    const KIND: Kind = Kind::SyncFeed;
    const SCHEMA: u8 = 1;
}
impl TenantEntry for SyncFeed {}

impl Entry for SyncLog {
    const KIND: Kind = Kind::SyncLog;
    const SCHEMA: u8 = 1;
}
impl TenantEntry for SyncLog {}

/// The digests are stored as they are, one after the other.
impl Record for SyncSeen {
    const KIND: Kind = Kind::SyncSeen;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, String, RunId, u64);
    fn id(&self) -> Self::Id {
        (self.integration, self.entity.clone(), self.run, self.page)
    }
    fn encode(&self) -> Result<Vec<u8>> {
        Ok(self.ids.concat())
    }
    fn decode(id: &[u8], bytes: &[u8]) -> Result<Self> {
        let corrupt = || Error::new(ErrorKind::Corrupt, "a list of seen records can not be read; restore a backup");
        let (integration, rest) = id.split_first_chunk::<16>().ok_or_else(corrupt)?;
        let (rest, page) = rest.split_last_chunk::<8>().ok_or_else(corrupt)?;
        let (entity, run) = rest.split_last_chunk::<16>().ok_or_else(corrupt)?;
        let (ids, rest) = bytes.as_chunks::<DIGEST>();
        let entity = entity.split_last().and_then(|(_, name)| std::str::from_utf8(name).ok());
        Ok(Self {
            integration: IntegrationId::from_bytes(*integration),
            entity: entity.filter(|_| rest.is_empty()).ok_or_else(corrupt)?.to_owned(),
            run: RunId::from_bytes(*run),
            page: u64::from_be_bytes(*page),
            ids: ids.to_vec(),
        })
    }
}
impl TenantRecord for SyncSeen {}

impl Record for SyncChange {
    const KIND: Kind = Kind::SyncChange;
    const SCHEMA: u8 = 1;
    type Id = ChangeKey;
    fn id(&self) -> ChangeKey {
        ChangeKey {
            integration: self.integration,
            entity: self.entity.clone(),
            over: self.state.is_over(),
            change: self.id,
        }
    }
}
impl TenantRecord for SyncChange {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seen_records_survive_their_bytes() {
        let seen = SyncSeen {
            integration: IntegrationId::new(1, [2; 10]),
            entity: "contacts".to_owned(),
            run: RunId::new(3, [0; 10]),
            page: 258,
            ids: vec![[1; 8], [2; 8]],
        };
        let bytes = seen.encode().unwrap();
        assert_eq!(bytes.len(), 16);
        assert_eq!(SyncSeen::decode(&seen.id().key_bytes(), &bytes).unwrap(), seen);
        assert!(SyncSeen::decode(&seen.id().key_bytes(), &bytes[1..]).is_err());
        assert!(SyncSeen::decode(b"short", &bytes).is_err());
    }

    #[test]
    fn no_entitys_records_are_found_among_anothers() {
        let integration = IntegrationId::new(1, [2; 10]);
        let record = (integration, "contacts".to_owned(), "7".to_owned()).key_bytes();
        assert!(record.starts_with(&entity_prefix(integration, "contacts")));
        assert!(!record.starts_with(&entity_prefix(integration, "contact")));
        let (open, over) =
            (ChangeKey::prefix_of(integration, "a", false), ChangeKey::prefix_of(integration, "a", true));
        assert!(open < over);
    }
}
