//! The one error of the product: callers branch on `kind`, people read `message`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shorthand for results of this crate and every crate above it.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a caller may branch on. The API maps each kind to one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The input can not be right; `problems` says where.
    Invalid,
    /// There is no key, or not a good one.
    Unauthenticated,
    /// The key is good but lacks a permission.
    Forbidden,
    /// No such record, or not one of this tenant.
    NotFound,
    /// The record is in a state that does not allow this.
    Conflict,
    /// The record is not the version that the caller said it changes (RFC 9110 §13.1.1).
    Stale,
    /// The provider said no to what was asked of it on the way; nothing was changed.
    Provider,
    /// The input is larger than the limit that the message names.
    TooLarge,
    /// Too many at once; later it will do.
    RateLimited,
    /// A part that is needed can not serve now.
    Unavailable,
    /// The provider fails so often that it is left alone for a while; nothing was sent.
    CircuitOpen,
    /// As many calls run as may, and the time to wait for a place is over; nothing was sent.
    Overloaded,
    /// The disk is full: nothing new is taken, nothing is lost.
    StorageFull,
    /// Stored data is damaged: nothing is guessed, an operator has to look.
    Corrupt,
    /// A fault of ours.
    Internal,
}

/// One thing that is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ProblemPlace")]
pub struct Problem {
    /// Where, as a JSON path: `$.amount.currency`.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Problem {
    /// A problem at `path`.
    pub fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// A failure with what is needed to act on it.
#[derive(Debug)]
pub struct Error {
    /// What a caller branches on.
    pub kind: ErrorKind,
    /// A sentence in lower case that names the value and the fix. Never a secret.
    pub message: String,
    /// Where the input is wrong, for [`ErrorKind::Invalid`].
    pub problems: Vec<Problem>,
    /// Names and values for the log.
    pub context: Vec<(&'static str, String)>,
    /// How long to wait before it may work, in milliseconds.
    pub retry_after_ms: Option<u64>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of the given kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            problems: Vec::new(),
            context: Vec::new(),
            retry_after_ms: None,
            source: None,
        }
    }

    /// The input is wrong as a whole.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// The input is wrong in the places that `problems` names.
    pub fn problems(message: impl Into<String>, problems: Vec<Problem>) -> Self {
        Self { problems, ..Self::invalid(message) }
    }

    /// There is no such record, or the caller may not know of it.
    pub fn not_found(what: &str, name: impl fmt::Display) -> Self {
        Self::new(ErrorKind::NotFound, format!("there is no {what} `{name}`"))
    }

    /// The record's state does not allow this.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// The permission `permission` is missing.
    pub fn forbidden(permission: &str) -> Self {
        Self::new(ErrorKind::Forbidden, format!("this key lacks the permission `{permission}`"))
    }

    /// A part that is needed can not serve now.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// A fault of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Says where the input is wrong.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>, message: impl Into<String>) -> Self {
        self.problems.push(Problem::at(path, message));
        self
    }

    /// Says how long to wait before it may work, in milliseconds.
    #[must_use]
    pub fn retry_after(mut self, millis: u64) -> Self {
        self.retry_after_ms = Some(millis);
        self
    }

    /// Adds a name and value for the log.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.context.push((name, value.to_string()));
        self
    }

    /// Keeps what caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for problem in &self.problems {
            write!(f, "; {}: {}", problem.path, problem.message)?;
        }
        for (name, value) in &self.context {
            write!(f, " {name}={value}")?;
        }
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
