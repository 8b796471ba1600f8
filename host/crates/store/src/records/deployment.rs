//! The deployment itself: one record, written when the data directory is first used.

use gatehouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::encoding::hex;
use crate::record::{GlobalRecord, Kind, Record};

/// This deployment. Data that is bound to it can not be moved to another unnoticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// 16 random bytes, in hexadecimal in JSON.
    #[serde(with = "hex")]
    pub id: [u8; 16],
    /// When the data directory was first used.
    pub created_at: Timestamp,
}

impl Record for Deployment {
    const KIND: Kind = Kind::Deployment;
    const SCHEMA: u8 = 1;
    type Id = ();
    fn id(&self) -> Self::Id {}
}
impl GlobalRecord for Deployment {}
