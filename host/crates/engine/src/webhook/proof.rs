//! What a quarantined delivery came with, sealed: its headers may hold a secret that was only
//! typed wrongly here.

use gatehouse_domain::id::DeliveryId;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::DeliveryProof;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::Incoming;
use crate::Engine;

/// A request without its body, and the address it came to.
#[derive(Serialize, Deserialize)]
pub(super) struct Proof {
    pub(super) url: String,
    pub(super) request: Incoming,
}

impl Engine {
    pub(super) fn seal_proof(&self, delivery: DeliveryId, proof: &Proof) -> Result<DeliveryProof> {
        let json =
            serde_json::to_vec(proof).map_err(|error| Error::internal("a request is no JSON").caused_by(error))?;
        Ok(DeliveryProof { delivery, sealed: self.0.vault.seal_answer(&place(delivery), &json)? })
    }

    pub(super) fn open_proof(&self, sealed: &DeliveryProof) -> Result<Proof> {
        let json = self.0.vault.open_answer(&place(sealed.delivery), &sealed.sealed)?;
        serde_json::from_slice(&json).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "a quarantined delivery's proof can not be read").caused_by(error)
        })
    }
}

/// What it is bound to, so that no other delivery's opens in its place.
fn place(delivery: DeliveryId) -> [u8; 32] {
    let mut place = [0; 32];
    place.copy_from_slice(digest(&SHA256, &[&b"delivery-proof\n"[..], &delivery.to_bytes()].concat()).as_ref());
    place
}
