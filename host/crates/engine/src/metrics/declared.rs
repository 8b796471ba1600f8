//! What a metric is: a name that carries its unit, a help text, a kind and its labels.

/// A metric, as it is declared in the file of its layer.
#[derive(Debug)]
pub struct Declared {
    /// Its name. The end says the unit (`_seconds`, `_bytes`), or `_total` for a counter.
    pub name: &'static str,
    /// What it tells, in a sentence.
    pub help: &'static str,
    /// What kind of number it is.
    pub kind: Kind,
    /// The names of its labels, in the order in which values are given.
    pub labels: &'static [&'static str],
}

/// What kind of number a metric is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// It only grows, until the process ends.
    Counter,
    /// It is what it is now.
    Gauge,
    /// Observations, counted in buckets with these upper bounds.
    Histogram(&'static [f64]),
}

/// Buckets for what includes a provider's answer, in seconds.
pub const SECONDS: &[f64] =
    &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Buckets for what happens within this machine, in seconds.
pub const FAST_SECONDS: &[f64] =
    &[0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0];

/// Buckets for memory, in bytes: 64 KiB to 64 MiB.
pub(super) const BYTES: &[f64] = &[65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0, 67_108_864.0];

impl Declared {
    /// A counter. Its name ends in `_total`.
    pub const fn counter(name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Self {
        Self { name, help, kind: Kind::Counter, labels }
    }

    /// A gauge.
    pub const fn gauge(name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Self {
        Self { name, help, kind: Kind::Gauge, labels }
    }

    /// A histogram over `buckets`.
    pub const fn histogram(
        name: &'static str,
        help: &'static str,
        buckets: &'static [f64],
        labels: &'static [&'static str],
    ) -> Self {
        Self { name, help, kind: Kind::Histogram(buckets), labels }
    }
}
