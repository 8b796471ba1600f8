//! The one place that every pulled and every pushed record passes on its way between the
//! provider's shape and the host app's. Today both have the same shape.

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;
use serde_json::{Map, Value};

use crate::Engine;

/// Which way a record goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the provider to the host app.
    In,
    /// From the host app to the provider.
    Out,
}

/// A record as it is passed on: what its mapping is found by.
#[allow(dead_code, reason = "where both sides have the same shape, nothing is looked up")]
pub(crate) struct Passing<'a> {
    /// Whose it is.
    pub(crate) tenant: TenantId,
    /// The integration that it comes from or goes to.
    pub(crate) integration: &'a Integration,
    /// Its entity.
    pub(crate) entity: &'a str,
    /// Which way it goes.
    pub(crate) way: Way,
}

impl Engine {
    /// The content of a record in the shape of the side that it goes to. Digests are taken of
    /// content in the host app's shape: after this for what comes in, before it for what goes out.
    ///
    /// # Errors
    /// What does not fit: the record counts as failed and the run goes on.
    // It looks up what is to be done with the record, so it will have something to wait for.
    #[allow(clippy::unused_async, reason = "a mapping is read from the store")]
    pub(crate) async fn pass_on(&self, _passing: &Passing<'_>, data: Map<String, Value>) -> Result<Map<String, Value>> {
        Ok(data)
    }
}
