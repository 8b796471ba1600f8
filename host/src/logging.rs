//! The log: lines on standard error, for people or for machines. It also starts what listens
//! to spans, as one subscriber serves both.

use gatehouse_domain::time::Timestamp;
use gatehouse_domain::trace::{REQUEST, SPANS};
use gatehouse_domain::{Error, Result};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Log, LogFormat};
use crate::telemetry::Traces;

mod json;

/// Starts logging, and the collection of traces where it is on, for the whole process.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] for directives that do not read.
pub(crate) fn start(log: &Log, traces: &Traces) -> Result<()> {
    let unread = |error| Error::invalid(format!("log.level `{}` does not read: {error}", log.level));
    let directives = EnvFilter::try_new(&log.level).map_err(unread)?;
    let with_traces = traces.are_on();
    // The hints matter: without them every line of every library is asked about at run time.
    let request = filter_fn(|about| about.is_span() && about.target() == REQUEST);
    let wanted = directives.or(request.with_max_level_hint(LevelFilter::ERROR));
    // The spans of traces are hidden where there are none, so that they are never made. Where
    // there are, the lines need them: they lie between a line and the request that it belongs to.
    let shown = filter_fn(move |about| with_traces || about.is_event() || about.target() != SPANS);
    let traced = filter_fn(move |about| with_traces && about.is_span() && about.target() == SPANS);
    let wanted = wanted.or(traced.with_max_level_hint(if with_traces { LevelFilter::INFO } else { LevelFilter::OFF }));
    let filter = wanted.and(shown.with_max_level_hint(LevelFilter::TRACE));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        LogFormat::Text => lines.with_ansi(false).with_filter(filter).boxed(),
        LogFormat::Json => {
            let line = json::Line { now: Timestamp::now };
            lines.fmt_fields(json::Fields).event_format(line).with_filter(filter).boxed()
        }
    };
    // A layer that is not there must not be there at all: an empty one is interested in every span.
    let mut layers = vec![lines];
    layers.extend(traces.layer().map(Layer::boxed));
    let started = Registry::default().with(layers).try_init();
    started.map_err(|error| Error::internal(format!("logging can not start: {error}")))
}
