//! Retention of recorded calls: each goes with its content, as old as executions may get.

use gatehouse_domain::Result;
use gatehouse_domain::cassette::Label;
use gatehouse_domain::time::Timestamp;

use super::Sweep;
use crate::change::Change;
use crate::record::{Record, Stored};
use crate::records::CassetteTape;

impl Sweep<'_> {
    /// Deletes the cassettes that were recorded before `before`.
    pub(super) async fn cassettes(&self, before: Timestamp) -> Result<u64> {
        let remove = |found: &Stored<Label>, change: &mut Change| {
            if found.recorded_at >= before {
                return Ok(false);
            }
            let mut change = change.tenant(self.tenant);
            change.remove(found)?;
            change.delete::<CassetteTape>(&Record::id(&found.record))?;
            Ok(true)
        };
        self.go_through(&[], None, remove).await
    }
}
