//! What a call has used, and the limits that end it. Every limit is counted here, under
//! the name it has in the grant.

use std::fmt;
use std::time::{Duration, Instant};

use gatehouse_domain::grant::Limits;
use wasmtime::ResourceLimiter;

use crate::engine::{MAX_CORE_INSTANCES, MAX_MEMORIES, MAX_TABLE_ELEMENTS, MAX_TABLES, TICK};

/// A limit that ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LimitHit {
    pub(crate) limit: &'static str,
    pub(crate) max: u64,
}

impl fmt::Display for LimitHit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the limit `{}` of {} was hit", self.limit, self.max)
    }
}

impl std::error::Error for LimitHit {}

/// The call was ended from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call was cancelled")
    }
}

impl std::error::Error for Cancelled {}

/// The counters of one call.
pub(crate) struct Meter {
    limits: Limits,
    begun: Instant,
    host_calls: u32,
    ticks: u64,
    memory_now: usize,
    memory_peak: usize,
    requests: u32,
    egress: Duration,
    instantiation: Option<Duration>,
    /// Limits that the gateway was already told of, and runs into all the same.
    told: Vec<&'static str>,
}

impl Meter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            begun: Instant::now(),
            host_calls: 0,
            ticks: 0,
            memory_now: 0,
            memory_peak: 0,
            requests: 0,
            egress: Duration::ZERO,
            instantiation: None,
            told: Vec::new(),
        }
    }

    /// Counts one call from the component to the host.
    pub(crate) fn host_call(&mut self) -> Result<(), LimitHit> {
        self.host_calls = self.host_calls.saturating_add(1);
        self.check_host_calls()
    }

    /// Counts a call where it can not be refused; the next epoch, or the next call that
    /// can be, ends it.
    pub(crate) fn host_call_unrefused(&mut self) {
        self.host_calls = self.host_calls.saturating_add(1);
    }

    /// Counts one epoch in which the guest ran.
    pub(crate) fn tick(&mut self) -> Result<(), LimitHit> {
        self.ticks = self.ticks.saturating_add(1);
        if self.ticks > self.limits.cpu_ms.div_ceil(TICK.as_millis() as u64) {
            return Err(LimitHit { limit: "cpu_ms", max: self.limits.cpu_ms });
        }
        self.check_host_calls()?;
        self.check_wall()
    }

    pub(crate) fn check_wall(&self) -> Result<(), LimitHit> {
        if self.remaining().is_zero() { Err(self.wall_hit()) } else { Ok(()) }
    }

    pub(crate) fn wall_hit(&self) -> LimitHit {
        LimitHit { limit: "wall_ms", max: self.limits.wall_ms }
    }

    /// How long the call may still take.
    pub(crate) fn remaining(&self) -> Duration {
        Duration::from_millis(self.limits.wall_ms).saturating_sub(self.begun.elapsed())
    }

    /// How long it may still wait for the provider.
    pub(crate) fn remaining_egress(&self) -> Duration {
        Duration::from_millis(self.limits.egress_ms).saturating_sub(self.egress)
    }

    /// Admits one request to the provider. The first refusal under a limit is an answer
    /// to the gateway, which may still finish well; the second ends the call.
    pub(crate) fn request(&mut self, body_bytes: usize) -> Result<Result<(), LimitHit>, LimitHit> {
        let limits = &self.limits;
        let hit = if self.requests >= limits.requests {
            LimitHit { limit: "requests", max: limits.requests.into() }
        } else if body_bytes > limits.request_bytes {
            LimitHit { limit: "request_bytes", max: limits.request_bytes as u64 }
        } else if self.remaining_egress().is_zero() {
            LimitHit { limit: "egress_ms", max: limits.egress_ms }
        } else {
            self.requests += 1;
            return Ok(Ok(()));
        };
        self.tell(hit).map(Err)
    }

    /// Admits the body of an answer.
    pub(crate) fn response(&self, body_bytes: usize) -> Result<(), LimitHit> {
        let max = self.limits.response_bytes;
        if body_bytes > max { Err(LimitHit { limit: "response_bytes", max: max as u64 }) } else { Ok(()) }
    }

    /// Counts time spent waiting for the provider.
    pub(crate) fn waited(&mut self, time: Duration) {
        self.egress = self.egress.saturating_add(time);
    }

    pub(crate) fn request_bytes_hit(&self) -> LimitHit {
        LimitHit { limit: "request_bytes", max: self.limits.request_bytes as u64 }
    }

    pub(crate) fn output_hit(&self) -> LimitHit {
        LimitHit { limit: "output_bytes", max: self.limits.output_bytes as u64 }
    }

    pub(crate) fn output_bytes(&self) -> usize {
        self.limits.output_bytes
    }

    pub(crate) fn ticks(&self) -> u64 {
        self.ticks
    }

    pub(crate) fn memory_peak(&self) -> usize {
        self.memory_peak
    }

    pub(crate) fn host_calls(&self) -> u32 {
        self.host_calls
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Notes that the instance is there, whose making began `begun` into the call.
    pub(crate) fn instantiated(&mut self, begun: Duration) {
        self.instantiation = Some(self.elapsed().saturating_sub(begun));
    }

    pub(crate) fn instantiation(&self) -> Option<Duration> {
        self.instantiation
    }

    fn tell(&mut self, hit: LimitHit) -> Result<LimitHit, LimitHit> {
        if self.told.contains(&hit.limit) {
            return Err(hit);
        }
        self.told.push(hit.limit);
        Ok(hit)
    }

    fn check_host_calls(&self) -> Result<(), LimitHit> {
        let max = self.limits.host_calls;
        if self.host_calls > max { Err(LimitHit { limit: "host_calls", max: max.into() }) } else { Ok(()) }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory_now.saturating_sub(current).saturating_add(desired);
        if total > self.limits.memory_bytes {
            let max = self.limits.memory_bytes as u64;
            return Err(LimitHit { limit: "memory_bytes", max }.into());
        }
        self.memory_now = total;
        self.memory_peak = self.memory_peak.max(total);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > MAX_TABLE_ELEMENTS {
            return Err(LimitHit { limit: "table_elements", max: MAX_TABLE_ELEMENTS as u64 }.into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        MAX_CORE_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        MAX_TABLES as usize
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES as usize
    }
}
