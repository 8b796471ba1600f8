//! The defaults, and what of the process they depend on. Nothing below this file reads the
//! process' environment, so that a test can bring its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gatehouse_domain::grant::Limits;
use gatehouse_engine::resilience::Settings as Resilience;
use gatehouse_engine::subscriptions::Sending;
use gatehouse_runtime::CompileLimits;

use crate::config::{
    Audit, Config, Deliveries, Egress, Health, Jobs, Ledger, Log, LogFormat, Metrics, OAuth, Plugins, Policy, Pool,
    Retention, Review, Sandbox, Store, Telemetry, Upkeep,
};

/// What of the process the configuration depends on.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The environment variables.
    pub variables: Vec<(String, String)>,
    /// The folder in which `gatehouse.toml` is looked for.
    pub working_dir: PathBuf,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        let variables = std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
        Self { variables, working_dir: PathBuf::from(".") }
    }

    /// A variable that is set to something.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let value = self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// A folder of the XDG Base Directory Specification: the variable where it is absolute,
    /// as the specification asks, then the fallback below the home folder.
    fn xdg(&self, variable: &str, fallback: &str) -> Option<PathBuf> {
        let named = self.variable(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        named.or_else(|| self.variable("HOME").map(|home| Path::new(home).join(fallback)))
    }
}

/// What a component may take to compile where nothing is set: an interpreter has some 18 MB and 13,000 functions, and
/// takes 16 s of one processor, on a busy machine much longer by the clock.
pub(crate) fn compile_limits() -> CompileLimits {
    CompileLimits {
        component_bytes: 24 << 20,
        functions: 20_000,
        time: Duration::from_secs(120),
        ..CompileLimits::default()
    }
}

impl Config {
    /// What holds where nothing is set.
    pub fn defaults(surroundings: &Surroundings) -> Self {
        let data = surroundings.xdg("XDG_DATA_HOME", ".local/share");
        let settings = surroundings.xdg("XDG_CONFIG_HOME", ".config");
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: None,
            trusted_proxies: Vec::new(),
            data_dir: data.map_or_else(|| PathBuf::from("gatehouse-data"), |folder| folder.join("gatehouse")),
            root_key_file: settings
                .map_or_else(|| PathBuf::from("gatehouse-root.key"), |folder| folder.join("gatehouse/root.key")),
            previous_root_key_files: Vec::new(),
            plugins_dir: None,
            plugins: plugins(),
            egress: Egress { allow: Vec::new() },
            sandbox: Sandbox { listen: None },
            oauth: OAuth { return_origins: Vec::new() },
            limits: Limits::default(),
            resilience: Resilience::default(),
            ledger: Ledger { first_retry_ms: 10_000, max_retry_ms: 3_600_000, give_up_hours: 168 },
            upkeep: Upkeep { every_seconds: 300 },
            deliveries: sending(),
            retention: Retention {
                executions_days: 90,
                events_days: 30,
                deliveries_days: 30,
                sync_logs_days: 30,
                audit_days: 400,
                dead_jobs_days: 30,
            },
            audit: Audit { anchor_file: None },
            jobs: Jobs { concurrency: 16, tenant_percent: 75, stop_seconds: 10 },
            pool: Pool { instances: 1000, zero_stacks: true },
            store: Store { cache_bytes: 16 << 20, free_soft_bytes: 2 << 30, free_hard_bytes: 512 << 20 },
            log: Log { format: LogFormat::Text, level: "info".to_owned() },
            metrics: Metrics { public: false },
            telemetry: Telemetry { otlp_endpoint: None, sample_ratio: 1.0 },
            health: Health { backlog: 5_000, backlog_seconds: 300 },
        }
    }
}

/// As the runtime's own defaults are.
fn plugins() -> Plugins {
    let compile = compile_limits();
    Plugins {
        policy: Policy::Dev,
        publishers: Vec::new(),
        review: Review::Off,
        max_component_bytes: compile.component_bytes as u64,
        max_functions: u32::try_from(compile.functions).unwrap_or(u32::MAX),
        compile_memory_bytes: compile.memory_bytes,
        compile_seconds: u32::try_from(compile.time.as_secs()).unwrap_or(u32::MAX),
    }
}

/// As the engine's own defaults are.
fn sending() -> Deliveries {
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let sending = Sending::default();
    Deliveries {
        timeout_ms: millis(sending.timeout),
        pauses_ms: sending.pauses.iter().copied().map(millis).collect(),
        disable_after_seconds: sending.disable_after.as_secs(),
        concurrency: u32::try_from(sending.in_flight).unwrap_or(u32::MAX),
    }
}
