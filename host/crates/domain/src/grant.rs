//! A grant: what one call may do. The engine makes it, the broker and the runtime keep to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The limits of one call. Each has a hostile guest that hits it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Processor time of the component, in milliseconds (default 200).
    pub cpu_ms: u64,
    /// Wall time of the whole call, in milliseconds (default 30,000).
    pub wall_ms: u64,
    /// Linear memory, in bytes (default 64 MiB).
    pub memory_bytes: usize,
    /// Calls from the component to the host (default 10,000).
    pub host_calls: u32,
    /// Requests to the provider (default 64).
    pub requests: u32,
    /// One request's body, in bytes (default 4 MiB).
    pub request_bytes: usize,
    /// One response's body after decompression, in bytes (default 8 MiB).
    pub response_bytes: usize,
    /// Time spent waiting for the provider, in milliseconds (default 25,000).
    pub egress_ms: u64,
    /// Log text, in bytes (default 256 KiB).
    pub log_bytes: usize,
    /// The result as JSON, in bytes (default 4 MiB).
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu_ms: 200,
            wall_ms: 30_000,
            memory_bytes: 64 << 20,
            host_calls: 10_000,
            requests: 64,
            request_bytes: 4 << 20,
            response_bytes: 8 << 20,
            egress_ms: 25_000,
            log_bytes: 256 << 10,
            output_bytes: 4 << 20,
        }
    }
}
