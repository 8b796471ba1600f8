//! Times that were taken, and what is said of them. Durations are in microseconds here.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Times of one kind of call.
#[derive(Debug, Default, Clone)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    /// Adds one.
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Adds all of another.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The median.
    pub(crate) fn median(&self) -> f64 {
        self.at(0.5)
    }

    /// The 99th percentile.
    pub(crate) fn p99(&self) -> f64 {
        self.at(0.99)
    }

    /// Calls a second, if they had been made one after the other.
    pub(crate) fn rate(&self) -> f64 {
        self.0.len() as f64 / self.0.iter().sum::<Duration>().as_secs_f64()
    }

    /// The nearest-rank percentile: no value that was not measured.
    fn at(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() as f64 * share).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).map_or(f64::NAN, |time| micros(*time))
    }
}

/// A duration in microseconds.
pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The processor time that this process has used, all threads together.
pub(crate) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The one in the middle.
pub(crate) fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_values() {
        let mut samples = Samples::default();
        (1..=100).rev().for_each(|n| samples.push(Duration::from_micros(n)));
        let near = |found: f64, expect: f64| assert!((found - expect).abs() < 1e-6, "{found} is not {expect}");
        near(samples.median(), 50.0);
        near(samples.p99(), 99.0);
        near(samples.rate(), 100.0 / 5050e-6);
        near(middle(vec![3.0, 1.0, 2.0]), 2.0);
        assert!(Samples::default().median().is_nan());
    }
}
