//! What the cache keeps of a plugin: the inspection, the signatures and the native code,
//! so that a plugin loads again without its component being read.

use gatehouse_domain::error::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::inspect::{Inspected, Inspection};
use crate::shape::Signature;

/// Everything but the code.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    inspection: Inspection,
    signatures: Vec<Signature>,
}

impl Stored {
    /// The length of the JSON, the JSON, the code.
    pub(super) fn to_bytes(&self, code: &[u8]) -> Result<Vec<u8>> {
        let json = serde_json::to_vec(self)
            .map_err(|error| Error::internal("the inspection can not be written").caused_by(error))?;
        let mut bytes = Vec::with_capacity(8 + json.len() + code.len());
        bytes.extend_from_slice(&(json.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&json);
        bytes.extend_from_slice(code);
        Ok(bytes)
    }

    /// Parses what [`Stored::to_bytes`] made.
    pub(super) fn parse(bytes: &[u8]) -> Result<(Self, &[u8])> {
        let broken = || Error::internal("the cached inspection does not parse");
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(broken)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| broken())?;
        let (json, code) = rest.split_at_checked(length).ok_or_else(broken)?;
        Ok((serde_json::from_slice(json).map_err(|error| broken().caused_by(error))?, code))
    }
}

impl From<Inspected> for Stored {
    fn from(inspected: Inspected) -> Self {
        Self { inspection: inspected.inspection, signatures: inspected.signatures }
    }
}

impl From<Stored> for Inspected {
    fn from(stored: Stored) -> Self {
        Self { inspection: stored.inspection, signatures: stored.signatures }
    }
}
