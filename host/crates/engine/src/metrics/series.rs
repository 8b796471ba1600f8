//! The series of one metric: one for each combination of label values, and never more than
//! [`MOST_SERIES`], whoever chooses the values.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus::core::Metric;
use prometheus::proto::{MetricFamily, MetricType};
use prometheus::{Counter, Gauge, Histogram, HistogramOpts, Opts};

use super::declared::{Declared, Kind};

/// How many values of the catalogue one label takes; more are told as [`OTHER`].
pub const MOST_VALUES: usize = 500;
/// How many series one metric has; beyond them, values of the catalogue are told as [`OTHER`].
pub const MOST_SERIES: usize = 2_000;
/// The longest label value, in bytes; a longer one is told as [`OTHER`].
const LONGEST: usize = 128;
/// What stands for all values beyond the bounds.
const OTHER: &str = "other";
/// Stands between two values of a key, and in none of them.
const SEPARATOR: char = '\u{1f}';

/// A label's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// One of the program's own words. There are as many as the source has.
    Word(&'static str),
    /// A name from the catalogue: a provider, a capability, a plugin, a route. Those beyond the
    /// bounds are told as one.
    Name(&'a str),
}

impl<'a> Value<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::Word(text) => text,
            Self::Name(text) if text.len() > LONGEST || text.contains(SEPARATOR) => OTHER,
            Self::Name(text) => text,
        }
    }

    fn folded(self) -> Self {
        match self {
            Self::Word(_) => self,
            Self::Name(_) => Self::Word(OTHER),
        }
    }
}

/// A kind of number that a series can be.
pub(super) trait Instrument: Metric + 'static {
    const TYPE: MetricType;
    fn make(declared: &Declared, labels: HashMap<String, String>) -> prometheus::Result<Self>;
}

/// The series of one metric.
pub(super) struct Series<M> {
    declared: &'static Declared,
    kept: RwLock<Kept<M>>,
}

struct Kept<M> {
    by_values: HashMap<String, M>,
    /// The names of the catalogue that each label has taken so far.
    names: Vec<HashSet<String>>,
}

/// What a scrape collects.
pub(super) trait Collect: Send + Sync {
    fn collect(&self) -> MetricFamily;
}

impl<M: Instrument> Series<M> {
    pub(super) fn new(declared: &'static Declared) -> Arc<Self> {
        let names = declared.labels.iter().map(|_| HashSet::new()).collect();
        let series = Arc::new(Self { declared, kept: RwLock::new(Kept { by_values: HashMap::new(), names }) });
        if declared.labels.is_empty() {
            // What has no labels is there from the start, at zero.
            series.of(&[]);
        }
        series
    }

    /// The series of these values, made where it is new; worth keeping where it is counted often.
    /// `None` only where a metric is used with other labels than it declares, which a test rules out.
    pub(super) fn of(&self, values: &[Value<'_>]) -> Option<M> {
        let key = key_of(values);
        if let Some(found) = self.kept.read().unwrap_or_else(PoisonError::into_inner).by_values.get(&key) {
            return Some(found.clone());
        }
        self.admit(values)
    }

    fn admit(&self, values: &[Value<'_>]) -> Option<M> {
        if values.len() != self.declared.labels.len() {
            return None;
        }
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let mut admitted: Vec<Value<'_>> =
            kept.names.iter().zip(values).map(|(names, value)| bounded(names, *value)).collect();
        if kept.by_values.len() >= MOST_SERIES && !kept.by_values.contains_key(&key_of(&admitted)) {
            admitted = admitted.into_iter().map(Value::folded).collect();
        }
        let key = key_of(&admitted);
        if let Some(found) = kept.by_values.get(&key) {
            return Some(found.clone());
        }
        let labels = self.declared.labels.iter().zip(&admitted);
        let labels = labels.map(|(name, value)| ((*name).to_owned(), value.text().to_owned())).collect();
        let made = M::make(self.declared, labels).ok()?;
        for (names, value) in kept.names.iter_mut().zip(&admitted) {
            if let Value::Name(name) = value {
                names.insert((*name).to_owned());
            }
        }
        kept.by_values.insert(key, made.clone());
        Some(made)
    }
}

/// The value, if its label has taken it before or has room for it.
fn bounded<'a>(names: &HashSet<String>, value: Value<'a>) -> Value<'a> {
    match value {
        Value::Name(name) if !names.contains(name) && names.len() >= MOST_VALUES => value.folded(),
        _ => value,
    }
}

fn key_of(values: &[Value<'_>]) -> String {
    let mut key = String::with_capacity(64);
    for value in values {
        key.push_str(value.text());
        key.push(SEPARATOR);
    }
    key
}

impl<M: Instrument> Collect for Series<M> {
    fn collect(&self) -> MetricFamily {
        let mut family = MetricFamily::default();
        family.set_name(self.declared.name.to_owned());
        family.set_help(self.declared.help.to_owned());
        family.set_field_type(M::TYPE);
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        family.set_metric(kept.by_values.values().map(Metric::metric).collect());
        family
    }
}

impl Instrument for Counter {
    const TYPE: MetricType = MetricType::COUNTER;
    fn make(declared: &Declared, labels: HashMap<String, String>) -> prometheus::Result<Self> {
        Self::with_opts(Opts::new(declared.name, declared.help).const_labels(labels))
    }
}

impl Instrument for Gauge {
    const TYPE: MetricType = MetricType::GAUGE;
    fn make(declared: &Declared, labels: HashMap<String, String>) -> prometheus::Result<Self> {
        Self::with_opts(Opts::new(declared.name, declared.help).const_labels(labels))
    }
}

impl Instrument for Histogram {
    const TYPE: MetricType = MetricType::HISTOGRAM;
    fn make(declared: &Declared, labels: HashMap<String, String>) -> prometheus::Result<Self> {
        let buckets = match declared.kind {
            Kind::Histogram(buckets) => buckets.to_vec(),
            Kind::Counter | Kind::Gauge => Vec::new(),
        };
        Self::with_opts(HistogramOpts::new(declared.name, declared.help).const_labels(labels).buckets(buckets))
    }
}

/// A counter and its series.
#[derive(Clone)]
pub struct Counters(pub(super) Arc<Series<Counter>>);

impl Counters {
    /// Counts one.
    pub fn one(&self, values: &[Value<'_>]) {
        self.add(values, 1.0);
    }

    /// Counts more. What is no number, or below zero, is not counted.
    pub fn add(&self, values: &[Value<'_>], amount: f64) {
        if let Some(counter) = self.0.of(values).filter(|_| amount >= 0.0) {
            counter.inc_by(amount);
        }
    }

    /// Brings the counter up to what something else has counted.
    pub(super) fn raise_to(&self, values: &[Value<'_>], total: f64) {
        if let Some(counter) = self.0.of(values).filter(|counter| total > counter.get()) {
            counter.inc_by(total - counter.get());
        }
    }
}

/// A gauge and its series.
#[derive(Clone)]
pub struct Gauges(pub(super) Arc<Series<Gauge>>);

impl Gauges {
    /// Sets what it is now.
    pub fn set(&self, values: &[Value<'_>], value: f64) {
        if let Some(gauge) = self.0.of(values) {
            gauge.set(value);
        }
    }

    /// Moves it up, or down.
    pub fn add(&self, values: &[Value<'_>], amount: f64) {
        if let Some(gauge) = self.0.of(values) {
            gauge.add(amount);
        }
    }
}

/// A histogram and its series.
#[derive(Clone)]
pub struct Histograms(pub(super) Arc<Series<Histogram>>);

impl Histograms {
    /// Notes one observation, in the unit of the metric.
    pub fn observe(&self, values: &[Value<'_>], value: f64) {
        if let Some(histogram) = self.0.of(values) {
            histogram.observe(value);
        }
    }

    /// Notes how long something took.
    pub fn time(&self, values: &[Value<'_>], took: Duration) {
        self.observe(values, took.as_secs_f64());
    }
}
