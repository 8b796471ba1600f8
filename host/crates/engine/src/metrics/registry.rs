//! The registry: every metric in the order in which it was added, and the scraped text.

use std::sync::{Arc, Mutex, PoisonError};

use gatehouse_domain::{Error, Result};
use prometheus::TextEncoder;

use super::declared::Declared;
use super::series::{Collect, Counters, Gauges, Histograms, Series};

/// What a scrape shows. The lock is held to add a metric and to list them, never while one counts.
#[derive(Default)]
pub struct Registry(Mutex<Vec<Arc<dyn Collect>>>);

impl Registry {
    /// Adds a counter.
    pub fn counters(&self, declared: &'static Declared) -> Counters {
        let series = Series::new(declared);
        self.add(series.clone());
        Counters(series)
    }

    /// Adds a gauge.
    pub fn gauges(&self, declared: &'static Declared) -> Gauges {
        let series = Series::new(declared);
        self.add(series.clone());
        Gauges(series)
    }

    /// Adds a histogram.
    pub fn histograms(&self, declared: &'static Declared) -> Histograms {
        let series = Series::new(declared);
        self.add(series.clone());
        Histograms(series)
    }

    /// The Prometheus text format, version 0.0.4. A metric without a series yet is left out.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Internal`] where the text can not be written.
    pub fn render(&self) -> Result<String> {
        let metrics = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let families = metrics.iter().map(|metric| metric.collect());
        let families: Vec<_> = families.filter(|family| !family.get_metric().is_empty()).collect();
        let text = TextEncoder::new().encode_to_string(&families);
        text.map_err(|error| Error::internal(format!("the metrics can not be written: {error}")))
    }

    fn add(&self, metric: Arc<dyn Collect>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(metric);
    }
}
