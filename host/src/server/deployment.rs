//! The deployment's own identity: part of what every sealed secret is bound to.

use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use gatehouse_store::Store;
use gatehouse_store::records::Deployment;
use rustix::rand::{GetRandomFlags, getrandom};

/// The identity of this deployment, made at its first start.
pub(super) async fn identify(store: &Store) -> Result<String> {
    if let Some(known) = store.admin().get::<Deployment>(&()).await? {
        return Ok(hex(&known.id));
    }
    let mut id = [0; 16];
    getrandom(&mut id, GetRandomFlags::empty())
        .map_err(|error| Error::internal("the system's random source failed").caused_by(error))?;
    let mut change = store.change();
    change.admin().create(&Deployment { id, created_at: Timestamp::now() })?;
    change.commit().await?;
    Ok(hex(&id))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
