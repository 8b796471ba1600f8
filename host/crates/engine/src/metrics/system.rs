//! Gauges that are read as a scrape comes: the store, the runtime, what waits, the process.

use std::sync::{Mutex, PoisonError};

use gatehouse_domain::time::Timestamp;
use gatehouse_store::Health;

use super::declared::Declared;
use super::process::Process;
use super::registry::Registry;
use super::series::{Gauges, Value};
use crate::webhook::Backlog;

const BUILD: Declared = Declared::gauge("gatehouse_build_info", "Always 1; the label says what runs.", &["version"]);
const WRITABLE: Declared = Declared::gauge("gatehouse_store_writable", "1 where the store takes writes, else 0.", &[]);
const QUEUE: Declared = Declared::gauge("gatehouse_store_queue_length", "Commits that wait to be written.", &[]);
const DISK: Declared = Declared::gauge("gatehouse_store_disk_bytes", "What the database uses on its disk.", &[]);
const FREE: Declared = Declared::gauge("gatehouse_store_free_bytes", "What is free on the database's disk.", &[]);
const INSTANCES: Declared =
    Declared::gauge("gatehouse_runtime_instances", "Places for running plugins, by whether one is taken.", &["state"]);
const IN_MEMORY: Declared = Declared::gauge(
    "gatehouse_plugin_versions_in_memory",
    "Plugin versions whose compiled code is in memory: those in use, and those that a call still runs on.",
    &[],
);
const PENDING: Declared = Declared::gauge(
    "gatehouse_webhook_pending_deliveries",
    "Deliveries that are to be parsed; counted up to 10000.",
    &[],
);
const DUE: Declared = Declared::gauge(
    "gatehouse_webhook_oldest_due_seconds",
    "For how long the delivery that is due longest has been waiting to be parsed.",
    &[],
);

pub(super) const DECLARED: &[&Declared] =
    &[&BUILD, &WRITABLE, &QUEUE, &DISK, &FREE, &INSTANCES, &IN_MEMORY, &PENDING, &DUE];

/// What is read as a scrape comes.
pub(crate) struct System {
    writable: Gauges,
    queue: Gauges,
    disk: Gauges,
    free: Gauges,
    instances: Gauges,
    in_memory: Gauges,
    pending: Gauges,
    due: Gauges,
    /// One scrape looks at a time, so that a counter that is brought up to date is so once.
    process: Mutex<Process>,
}

/// What was read.
pub(crate) struct Readings {
    pub(crate) store: Health,
    /// Instances that are free, and all of them.
    pub(crate) instances: (usize, usize),
    /// Plugin versions whose code is in memory.
    pub(crate) in_memory: usize,
    pub(crate) backlog: Option<Backlog>,
    pub(crate) now: Timestamp,
}

impl System {
    pub(super) fn new(registry: &Registry, started: Timestamp) -> Self {
        registry.gauges(&BUILD).set(&[Value::Word(env!("CARGO_PKG_VERSION"))], 1.0);
        Self {
            writable: registry.gauges(&WRITABLE),
            queue: registry.gauges(&QUEUE),
            disk: registry.gauges(&DISK),
            free: registry.gauges(&FREE),
            instances: registry.gauges(&INSTANCES),
            in_memory: registry.gauges(&IN_MEMORY),
            pending: registry.gauges(&PENDING),
            due: registry.gauges(&DUE),
            process: Mutex::new(Process::new(registry, started)),
        }
    }

    /// Writes down what was read.
    #[allow(clippy::cast_precision_loss, reason = "a rounded number of bytes is as good on a chart")]
    pub(crate) fn note(&self, readings: &Readings) {
        let Readings { store, instances: (free, all), in_memory, backlog, now } = readings;
        self.writable.set(&[], if store.is_writable() { 1.0 } else { 0.0 });
        self.queue.set(&[], store.queue as f64);
        self.disk.set(&[], store.disk_bytes as f64);
        self.free.set(&[], store.free_bytes as f64);
        self.in_memory.set(&[], *in_memory as f64);
        self.instances.set(&[Value::Word("free")], *free as f64);
        self.instances.set(&[Value::Word("taken")], all.saturating_sub(*free) as f64);
        if let Some(backlog) = backlog {
            self.pending.set(&[], backlog.pending as f64);
            self.due.set(&[], backlog.waiting(*now).as_secs_f64());
        }
        self.process.lock().unwrap_or_else(PoisonError::into_inner).look();
    }
}
