//! Calls that are accepted first and made later: checked as any call, answered at once, and made
//! by a job. What was accepted is made once or taken back, never both, whenever the server stops.
//!
//! accept (`accept`) → kept sealed (`call`) → a job takes it (`make`) → begun, only where nobody
//! took it back (`record`) → ended. Beside that: `cancel`, and `wait` for whoever asks meanwhile.

use gatehouse_domain::execution::Deferred;
use gatehouse_domain::id::ExecutionId;
use gatehouse_domain::time::SignedDuration;

mod accept;
mod call;
mod cancel;
mod make;
mod record;
mod running;
mod wait;

pub(crate) use call::Wish;
pub(crate) use make::{Made, Make};
pub(crate) use running::Running;
pub use wait::LONGEST_WAIT;

/// How long a call may wait until its provider can be asked, before it is given up.
pub(crate) const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// The record that a call was accepted under.
#[derive(Debug, Clone)]
pub struct Deferral {
    /// The execution.
    pub id: ExecutionId,
    /// What is known of the acceptance.
    pub about: Deferred,
}
