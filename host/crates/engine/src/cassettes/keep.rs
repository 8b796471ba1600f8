//! Keeping a recorded call: scrubbed once more, sealed under the tenant's key, and in the place of
//! the oldest where there are too many. It is written behind the call, which waits for nothing.

use std::sync::Arc;

use gatehouse_broker::Session;
use gatehouse_domain::cassette::{Cassette, Label};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::record::Record;
use gatehouse_store::records::CassetteTape;

use super::{KEPT, KEPT_BYTES, LARGEST};
use crate::Engine;
use crate::rotation::guard_key;
use crate::work::Work;

impl Engine {
    /// Keeps a recorded call in the background, unless too many are being kept at this moment.
    pub(crate) fn keep_cassette(&self, tenant: TenantId, cassette: Cassette, session: Arc<Session>) {
        let Ok(slot) = Arc::clone(&self.0.recordings.writing).try_acquire_owned() else {
            tracing::debug!(integration.id = %cassette.integration, "too many calls are being recorded; one is left out");
            return;
        };
        let engine = self.clone();
        tokio::spawn(async move {
            let integration = cassette.integration;
            if let Err(error) = engine.write_cassette(tenant, cassette, &session).await
                && !matches!(error.kind, ErrorKind::Conflict | ErrorKind::NotFound)
            {
                tracing::warn!(%error, tenant.id = %tenant, integration.id = %integration, "a recorded call could not be kept");
            }
            drop(slot);
        });
    }

    async fn write_cassette(&self, tenant: TenantId, cassette: Cassette, session: &Session) -> Result<()> {
        let (label, plain) = described(&cassette, session)?;
        if plain.len() > LARGEST {
            tracing::debug!(integration.id = %label.integration, bytes = label.bytes, "a call is too large to be recorded");
            return Ok(());
        }
        let key = self.newest_key(tenant).await?;
        let sealed = self.0.vault.seal_kept(&key, super::seal::KIND, &super::seal::bound_to(label.id()), &plain)?;
        let tape =
            CassetteTape { integration: label.integration, cassette: label.id, key_version: key.version, sealed };
        let crowded = crowded_out(&self.labels(tenant, label.integration).await?, &label);
        let mut change = self.0.store.change();
        guard_key(&mut change, tenant, key.version)?;
        let mut scope = change.tenant(tenant);
        // One that was deleted meanwhile leaves nothing behind.
        scope.require::<Integration>(&label.integration)?;
        scope.put(&label)?;
        scope.put(&tape)?;
        for old in crowded {
            scope.delete::<Label>(&old)?;
            scope.delete::<CassetteTape>(&old)?;
        }
        change.commit().await.map(|_| ())
    }

    /// Deletes the recorded calls of an integration with it.
    pub(crate) async fn forget_cassettes(
        &self,
        work: &mut Work,
        tenant: TenantId,
        integration: IntegrationId,
    ) -> Result<()> {
        for label in self.labels(tenant, integration).await? {
            work.tenant(tenant).delete::<Label>(&label.id())?;
            work.tenant(tenant).delete::<CassetteTape>(&label.id())?;
        }
        Ok(())
    }
}

fn described(cassette: &Cassette, session: &Session) -> Result<(Label, Vec<u8>)> {
    let unfit = |error| Error::internal("a cassette can not be written as JSON").caused_by(error);
    let mut json = serde_json::to_value(cassette).map_err(unfit)?;
    session.scrub_json(&mut json);
    let plain = serde_json::to_vec(&json).map_err(unfit)?;
    Ok((cassette.label(plain.len() as u64), plain))
}

/// The oldest, as many as have to go for the new one. `known` are in the order of their age.
fn crowded_out(known: &[Label], new: &Label) -> Vec<<Label as Record>::Id> {
    let (mut count, mut bytes, mut gone) = (1, new.bytes, Vec::new());
    for label in known.iter().rev().filter(|label| label.id != new.id) {
        count += 1;
        bytes += label.bytes;
        if count > KEPT || bytes > KEPT_BYTES {
            gone.push(Record::id(label));
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::Id;
    use gatehouse_domain::plugin::PluginRef;
    use gatehouse_domain::time::EPOCH;

    use super::*;

    fn label(number: u64, bytes: u64) -> Label {
        let plugin = PluginRef { id: "acme".to_owned(), version: semver::Version::new(1, 0, 0), digest: String::new() };
        Label {
            id: Id::new(i64::try_from(number).unwrap(), [0; 10]),
            integration: Id::new(1, [1; 10]),
            plugin,
            function: "PAY".to_owned(),
            capability: None,
            bytes,
            recorded_at: EPOCH,
        }
    }

    #[test]
    fn the_newest_stay_as_far_as_there_is_room() {
        let check = |known: &[u64], new: u64, expect: &[u64]| {
            let known: Vec<Label> = known.iter().enumerate().map(|(at, bytes)| label(at as u64, *bytes)).collect();
            let gone = crowded_out(&known, &label(1_000, new));
            let mut gone: Vec<u64> =
                gone.iter().map(|(_, id)| known.iter().position(|one| one.id == *id).unwrap() as u64).collect();
            gone.sort_unstable();
            assert_eq!(gone, expect);
        };
        check(&[], 10, &[]);
        check(&[1; 49], 1, &[]);
        check(&[1; 50], 1, &[0]);
        check(&[1; 52], 1, &[0, 1, 2]);
        check(&[KEPT_BYTES / 2, KEPT_BYTES / 2, 1], KEPT_BYTES / 2, &[0, 1]);
        check(&[1, KEPT_BYTES, 1], 1, &[0, 1]);
        let same = [label(1_000, KEPT_BYTES)];
        assert!(crowded_out(&same, &label(1_000, 1)).is_empty(), "the same call again takes its own place");
    }
}
