//! The one place that every pulled and every pushed record passes on its way between the
//! provider's shape and the host app's.

use std::borrow::Cow;
use std::sync::Arc;

use gatehouse_domain::id::TenantId;
use gatehouse_domain::mapping::Way;
use gatehouse_domain::sync::{SyncChange, SyncRun};
use gatehouse_domain::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

use super::carry::Bout;
use crate::Engine;
use crate::mapping::Program;

impl Engine {
    /// What the records of a run pass through, with its version. It is the one of when the run was
    /// asked for, so that all its records are treated alike; where that is no longer kept, the
    /// one in use.
    pub(super) async fn mapping_of(&self, tenant: TenantId, run: &SyncRun) -> Result<Option<(u32, Arc<Program>)>> {
        let Some(version) = run.mapping else { return Ok(None) };
        match self.program(tenant, run.integration, &run.entity, version).await {
            Ok(program) => return Ok(Some((version, program))),
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let Some(stored) = self.mapping_in_use(tenant, run.integration, &run.entity).await? else { return Ok(None) };
        let program = self.program(tenant, run.integration, &run.entity, stored.version).await?;
        Ok(Some((stored.version, program)))
    }
}

impl Bout<'_> {
    /// The content of a record in the shape of the side that it goes to; none where it stays as it
    /// is. Digests are taken of content in the host app's shape: after this for what comes in,
    /// before it for what goes out.
    ///
    /// # Errors
    /// What does not fit: the record counts as failed and the run goes on.
    pub(super) fn pass_on(&self, way: Way, data: &Map<String, Value>) -> Result<Option<Map<String, Value>>> {
        let Some((version, program)) = &self.mapping else { return Ok(None) };
        if !program.goes(way) {
            let way = match way {
                Way::In => "in",
                Way::Out => "out",
            };
            let message = format!(
                "version {version} of the mapping has no rule for the way {way}; add one, or let it keep what is \
                 unmapped"
            );
            return Err(Error::invalid(message));
        }
        program.run(way, data, &self.settings).map(Some)
    }

    /// The content of a change as the provider is sent it; as it was handed in, where it is not sent
    /// as it does not fit.
    pub(super) fn outgoing<'c>(&self, change: &'c SyncChange) -> Cow<'c, Map<String, Value>> {
        match self.pass_on(Way::Out, &change.data) {
            Ok(Some(mapped)) if !change.deleted => Cow::Owned(mapped),
            _ => Cow::Borrowed(&change.data),
        }
    }
}
