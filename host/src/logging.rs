//! The log: lines on standard error, for people or for machines.

use gatehouse_domain::{Error, Result};
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts logging for the whole process.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] for directives that do not read.
pub(crate) fn start(log: &Log) -> Result<()> {
    let unread = |error| Error::invalid(format!("log.level `{}` does not read: {error}", log.level));
    let filter = EnvFilter::try_new(&log.level).map_err(unread)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| Error::internal(format!("logging can not start: {error}")))
}
