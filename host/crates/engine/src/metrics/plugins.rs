//! What is counted of plugins: their runs, what those cost, and how long loading takes.

use std::time::Duration;

use gatehouse_domain::execution::Fault;
use gatehouse_runtime::plugin::Source;
use gatehouse_runtime::{Answer, Report};

use super::declared::{BYTES, Declared, FAST_SECONDS, SECONDS};
use super::registry::Registry;
use super::series::{Counters, Histograms, Value};

/// How long one tick of a call's cost is, in seconds (see `Cost::cpu_ticks`).
const TICK_SECONDS: f64 = 0.01;

const CALLS: Declared = Declared::counter(
    "gatehouse_plugin_calls_total",
    "Runs of plugins, by whether they answered, said no, trapped, hit a limit, or failed within the host.",
    &["plugin", "answer"],
);
const DURATION: Declared = Declared::histogram(
    "gatehouse_plugin_call_duration_seconds",
    "How long a run took within the component and what the host lends it.",
    SECONDS,
    &["plugin"],
);
const INSTANTIATION: Declared = Declared::histogram(
    "gatehouse_plugin_instantiation_duration_seconds",
    "How long it took to make a fresh instance for a run.",
    FAST_SECONDS,
    &["plugin"],
);
const CPU: Declared = Declared::counter(
    "gatehouse_plugin_cpu_seconds_total",
    "Processor time of plugins, in whole ticks of ten milliseconds; a run below one counts nothing.",
    &["plugin"],
);
const MEMORY: Declared =
    Declared::histogram("gatehouse_plugin_memory_bytes", "The largest linear memory of a run.", BYTES, &["plugin"]);
const HOST_CALLS: Declared =
    Declared::counter("gatehouse_plugin_host_calls_total", "Calls from plugins to the host.", &["plugin"]);
const LOAD: Declared = Declared::histogram(
    "gatehouse_plugin_load_duration_seconds",
    "How long it took until a plugin was ready, from the compile cache or compiled.",
    SECONDS,
    &["plugin", "source"],
);

pub(super) const DECLARED: &[&Declared] = &[&CALLS, &DURATION, &INSTANTIATION, &CPU, &MEMORY, &HOST_CALLS, &LOAD];

/// Runs of plugins, and loading them.
pub struct Plugins {
    calls: Counters,
    duration: Histograms,
    instantiation: Histograms,
    cpu: Counters,
    memory: Histograms,
    host_calls: Counters,
    load: Histograms,
}

impl Plugins {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            calls: registry.counters(&CALLS),
            duration: registry.histograms(&DURATION),
            instantiation: registry.histograms(&INSTANTIATION),
            cpu: registry.counters(&CPU),
            memory: registry.histograms(&MEMORY),
            host_calls: registry.counters(&HOST_CALLS),
            load: registry.histograms(&LOAD),
        }
    }

    /// A plugin ran once.
    #[allow(clippy::cast_precision_loss, reason = "limits keep all of these far below 2^52")]
    pub fn called(&self, plugin: &str, report: &Report) {
        let (plugin, cost) = (Value::Name(plugin), &report.cost);
        self.calls.one(&[plugin, Value::Word(answer(&report.outcome))]);
        self.duration.time(&[plugin], Duration::from_micros(cost.wall_us));
        if let Some(took) = report.instantiation {
            self.instantiation.time(&[plugin], took);
        }
        self.cpu.add(&[plugin], cost.cpu_ticks as f64 * TICK_SECONDS);
        self.memory.observe(&[plugin], cost.memory_bytes as f64);
        self.host_calls.add(&[plugin], cost.host_calls as f64);
    }

    /// A plugin became ready.
    pub fn loaded(&self, plugin: &str, source: Source, took: Duration) {
        let source = match source {
            Source::Cache => "cache",
            Source::Compiler => "compiler",
            Source::Played => "played",
        };
        self.load.time(&[Value::Name(plugin), Value::Word(source)], took);
    }
}

fn answer(answer: &Answer) -> &'static str {
    match answer {
        Answer::Ok(_) => "ok",
        Answer::Refused(_) => "refused",
        Answer::Fault(Fault::Trap { .. }) => "trap",
        Answer::Fault(Fault::Limit { .. }) => "limit",
        Answer::Fault(Fault::Host { .. }) => "host",
    }
}
