//! One attempt at a call: what led to it, what came of it, and whether anything can have left
//! where nothing came of it.

use gatehouse_domain::Error;
use gatehouse_domain::execution::Execution;
use gatehouse_domain::id::ExecutionId;
use gatehouse_domain::routing::Decision;

/// What led to a call whose integration was chosen and not named.
#[derive(Debug, Clone)]
pub struct Intended {
    /// The choice.
    pub decision: Decision,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// The attempt before, which had done nothing.
    pub failover_of: Option<ExecutionId>,
    /// Whether there is somebody else to try.
    pub more: bool,
    /// A digest of the whole request, by which a repeated one is known.
    pub request_hash: String,
}

/// What came of an attempt.
pub(crate) enum Attempted {
    /// It was made.
    Ran(Execution),
    /// The same request had been made before, or is being made by somebody else: this is theirs.
    Known(Execution),
}

/// Why nothing came of an attempt.
pub(crate) enum Stopped {
    /// It was refused before anything left.
    Before(Error),
    /// Something may have left.
    After(Error),
}

impl Attempted {
    /// The record, as it is.
    pub(super) fn record(&self) -> &Execution {
        match self {
            Self::Ran(execution) | Self::Known(execution) => execution,
        }
    }

    /// The record, whoever made it.
    pub(crate) fn execution(self) -> Execution {
        match self {
            Self::Ran(execution) | Self::Known(execution) => execution,
        }
    }
}

/// What fails before the call is carried out has sent nothing.
impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Before(error)
    }
}

impl From<Stopped> for Error {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Before(error) | Stopped::After(error) => error,
        }
    }
}
