//! Traces: spans of requests, calls and commits, sent to a collector over OTLP (HTTP, protobuf).
//! Nothing else of the program knows OpenTelemetry.

use std::time::Duration;

use axum::http::HeaderMap;
use gatehouse_domain::trace::SPANS;
use gatehouse_domain::{Error, Result};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TraceId, TracerProvider};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::Span;
use tracing::level_filters::LevelFilter;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::{Layer, Registry};

use crate::config::Telemetry;

mod client;

/// How long spans are gathered before they are sent.
const GATHER: Duration = Duration::from_secs(1);
/// How long one sending may take, and the last one as the server stops.
const SEND: Duration = Duration::from_secs(5);

/// Where traces go. Spans are queued in memory, 2,048 at most; what a collector does not take
/// in time is dropped, and no request waits for it.
pub(crate) struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Begins to collect, where a collector is configured. It is not asked whether it is there.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Internal`] where the exporter can not be set up.
    pub(crate) fn start(config: &Telemetry, threads: &Handle) -> Result<Self> {
        let Some(endpoint) = &config.otlp_endpoint else { return Ok(Self(None)) };
        let failed = |error: &dyn std::fmt::Display| Error::internal(format!("traces can not be sent: {error}"));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(SEND)
            .with_http_client(client::Sender::new(threads.clone(), SEND)?)
            .build()
            .map_err(|error| failed(&error))?;
        let gather = BatchConfigBuilder::default().with_scheduled_delay(GATHER).build();
        let ratio = Sampler::TraceIdRatioBased(config.sample_ratio);
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(gather).build())
            .with_sampler(Sampler::ParentBased(Box::new(ratio)))
            .with_resource(resource())
            .build();
        Ok(Self(Some(provider)))
    }

    /// Whether spans are collected.
    pub(crate) fn are_on(&self) -> bool {
        self.0.is_some()
    }

    /// What listens to spans.
    pub(crate) fn layer(&self) -> Option<impl Layer<Registry> + Send + Sync + use<>> {
        let tracer = self.0.as_ref()?.tracer("gatehouse");
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        let ours = filter_fn(|about| about.is_span() && about.target() == SPANS);
        Some(layer.with_filter(ours.with_max_level_hint(LevelFilter::INFO)))
    }

    /// Sends what is left.
    pub(crate) async fn end(self) {
        let Some(provider) = self.0 else { return };
        // It waits for the exporter, which needs the threads that this runs on.
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(SEND)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("the last spans could not be sent");
        }
    }
}

/// Makes a span part of the trace that `traceparent` names, or the first of a new one; the
/// trace's id.
pub(crate) fn join(span: &Span, headers: &HeaderMap) -> Option<String> {
    let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    span.set_parent(parent).ok()?;
    let trace = span.context().span().span_context().trace_id();
    (trace != TraceId::INVALID).then(|| trace.to_string())
}

fn resource() -> Resource {
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    Resource::builder().with_service_name("gatehouse").with_attribute(version).build()
}
