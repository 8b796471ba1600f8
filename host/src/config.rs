//! The configuration: every key with its unit and default, read from defaults, then the
//! file, then the environment, then flags. It holds no secret: the root key is a path here.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::Serialized;
use gatehouse_domain::Result;
use gatehouse_domain::address::IpRange;
use gatehouse_domain::grant::Limits;
use gatehouse_engine::resilience::Settings as Resilience;
use serde::{Deserialize, Serialize};

mod check;
mod defaults;
mod explain;
mod flags;
mod layers;
mod origin;

pub use defaults::Surroundings;
pub(crate) use defaults::compile_limits;
pub use flags::ConfigArgs;
pub use origin::Origin;

/// Everything that an operator can set. Relative paths are relative to the working directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// The address to listen on (default `127.0.0.1:8080`). Put a proxy with TLS in front of
    /// anything wider than loopback.
    pub listen: SocketAddr,
    /// How this server is reached from outside, for webhook addresses and OAuth callbacks:
    /// `https://gate.example.com` (default: none, and `listen` is shown instead).
    pub public_url: Option<String>,
    /// The proxies in front of this server, such as `["10.0.0.0/8"]` (default: none). What one of
    /// them says in `X-Forwarded-For` counts as where a request came from, for keys that are bound
    /// to addresses; nobody else's word does.
    #[serde(deserialize_with = "origin::list")]
    pub trusted_proxies: Vec<IpRange>,
    /// The folder for all state (default `$XDG_DATA_HOME/gatehouse`, then
    /// `~/.local/share/gatehouse`; `./gatehouse-data` where there is no home). The default does
    /// not depend on the folder it is started in, so that state never seems lost.
    pub data_dir: PathBuf,
    /// The file with the root key, mode 0600 (default `$XDG_CONFIG_HOME/gatehouse/root.key`,
    /// then `~/.config/gatehouse/root.key`). It must be outside `data_dir`, or a copy of the
    /// data would bring its own key along.
    pub root_key_file: PathBuf,
    /// The files of root keys that something may still be sealed under (default: none). Like
    /// `root_key_file`, outside `data_dir`. After `gatehouse keys rotate-root` an old one can be
    /// taken out.
    #[serde(deserialize_with = "paths")]
    pub previous_root_key_files: Vec<PathBuf>,
    /// A folder whose `.wasm` files are uploaded at every start (default: none).
    pub plugins_dir: Option<PathBuf>,
    /// What is asked of a plugin before it is loaded.
    pub plugins: Plugins,
    /// Where gateways may send requests beyond their manifests.
    pub egress: Egress,
    /// The sandbox provider.
    pub sandbox: Sandbox,
    /// How people sign in with providers.
    pub oauth: OAuth,
    /// The limits of one call of a gateway.
    pub limits: Limits,
    /// What keeps one failing provider from taking the others with it; each key has its unit and
    /// default at [`gatehouse_engine::resilience::Settings`].
    pub resilience: Resilience,
    /// How the outcomes of writes whose answers were lost are asked for.
    pub ledger: Ledger,
    /// How often what nobody calls for is looked after.
    pub upkeep: Upkeep,
    /// How deliveries to subscriptions are sent.
    pub deliveries: Deliveries,
    /// How long what grows is kept.
    pub retention: Retention,
    /// Where what proves the audit trail is kept a second time.
    pub audit: Audit,
    /// The work that is done in the background.
    pub jobs: Jobs,
    /// The gateway instances that are kept ready.
    pub pool: Pool,
    /// The embedded store.
    pub store: Store,
    /// What is logged.
    pub log: Log,
    /// Who may read the metrics.
    pub metrics: Metrics,
    /// Where traces go.
    pub telemetry: Telemetry,
    /// When the server counts as ready.
    pub health: Health,
}

/// What is asked of a plugin before it is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plugins {
    /// `dev` takes any component, `signed` only one with a trusted signature (default `dev`). It
    /// holds for what was uploaded before, too.
    pub policy: Policy,
    /// The ids of the publishers whose signatures count, such as `["acme"]` (default: none, and those
    /// of every publisher that an operator entered count).
    #[serde(deserialize_with = "texts")]
    pub publishers: Vec<String>,
    /// `off` publishes what is uploaded at once; with `required` a version that comes from a key
    /// without the permission `plugins:approve` waits until one with it approves it, and no tenant
    /// sees it before (default `off`). What is put into `plugins_dir` waits for nobody.
    pub review: Review,
    /// The largest component, in bytes (default 24 MiB, and 32 MiB at most). One with an
    /// interpreter in it has some 12 to 18 MB.
    pub max_component_bytes: u64,
    /// How many functions a component may have (default 20,000).
    pub max_functions: u32,
    /// The address space of the child process that compiles, in bytes (default 1 GiB).
    pub compile_memory_bytes: u64,
    /// How long one compilation may take, in seconds (default 120).
    pub compile_seconds: u32,
}

/// Which plugins are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Any component that an operator uploads.
    Dev,
    /// Only a component with a detached signature by a trusted publisher.
    Signed,
}

/// Whether somebody has to approve uploaded versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Review {
    /// Nobody has to.
    Off,
    /// Somebody with the permission `plugins:approve`.
    Required,
}

/// Where gateways may send requests beyond their manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Egress {
    /// Origins that an integration may name in `settings.base_url`, and a subscription in its URL, such as
    /// `http://127.0.0.1:8420` (default: none). Plain `http` only on loopback.
    #[serde(deserialize_with = "origin::list")]
    pub allow: Vec<Origin>,
}

/// The sandbox provider, which plays every plugin from its fixtures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sandbox {
    /// The address on loopback that it listens on (default: none, and there is no sandbox). An
    /// integration of the environment `sandbox` that is made without credentials then acts there.
    /// Keep it the same: integrations have it in their settings.
    pub listen: Option<SocketAddr>,
}

/// How people sign in with providers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuth {
    /// Origins to which a browser may be sent after a person agreed at a provider, such as
    /// `https://app.example.com` (default: none, and a page of ours is shown instead).
    #[serde(deserialize_with = "origin::list")]
    pub return_origins: Vec<Origin>,
}

/// How the outcomes of writes whose answers were lost are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// How long to wait before a provider is asked for the first time, in milliseconds (default
    /// 10,000). Each further wait is twice as long.
    pub first_retry_ms: u64,
    /// The longest wait between two times, in milliseconds (default 3,600,000).
    pub max_retry_ms: u64,
    /// How long to go on before it is left to a person, in hours (default 168).
    pub give_up_hours: u32,
}

/// How often what nobody calls for is looked after: tokens that would run out unused, webhooks' subscriptions at
/// providers that end or were lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upkeep {
    /// The pause between two looks, in seconds (default 300, at most 86,400).
    pub every_seconds: u32,
}

/// How deliveries to subscriptions are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliveries {
    /// How long one attempt may take, in milliseconds (default 15,000).
    pub timeout_ms: u64,
    /// The pauses between the attempts of one delivery, in milliseconds, each ± 20 % (default
    /// 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h). After the attempt that follows the
    /// last of them a delivery is given up.
    pub pauses_ms: Vec<u64>,
    /// For how long a subscription may do nothing but fail before it is switched off, in seconds
    /// (default 432,000, which is 5 days).
    pub disable_after_seconds: u64,
    /// Requests that are under way at the same time (default 512). One tenant may have half of them;
    /// receivers that do not answer have half as many again, of their own.
    pub concurrency: u32,
}

/// How long what grows is kept; older records are removed in the background.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Executions, in days (default 90).
    pub executions_days: u32,
    /// Events from providers, in days (default 30).
    pub events_days: u32,
    /// Deliveries to subscriptions, in days (default 30).
    pub deliveries_days: u32,
    /// Sync logs, in days (default 30).
    pub sync_logs_days: u32,
    /// The audit trail, in days (default 400). An entry goes only once a checkpoint covers it.
    pub audit_days: u32,
    /// Jobs that were given up, in days (default 30, and no less).
    pub dead_jobs_days: u32,
}

/// Where what proves the audit trail is kept a second time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// A file outside `data_dir`, best on another machine's disk or one that can only be added to,
    /// to which the signed checkpoints are written, a line each (default: none). With it `gatehouse
    /// audit verify --anchor` sees that nothing was cut off or written anew, by whomever.
    pub anchor_file: Option<PathBuf>,
}

/// The work that is done in the background.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jobs {
    /// Jobs that run at the same time (default 16).
    pub concurrency: u32,
    /// How many of them one tenant may have, in percent (default 75).
    pub tenant_percent: u32,
    /// How long running jobs get to end when the server stops, in seconds (default 10).
    pub stop_seconds: u32,
}

/// The gateway instances that are kept ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Calls that can run at once; more wait their turn (default 1000).
    pub instances: u32,
    /// Whether the stacks of a finished call are wiped before the next (default true). Without
    /// it a call is some 4 µs faster, and only plugins that trust each other should run.
    pub zero_stacks: bool,
}

/// The embedded store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    /// The page cache, in bytes (default 16 MiB).
    pub cache_bytes: u64,
    /// Free disk space below which no new background work is taken, in bytes (default 2 GiB).
    pub free_soft_bytes: u64,
    /// Free disk space below which nothing is written any more, in bytes (default 512 MiB).
    pub free_hard_bytes: u64,
}

/// What is logged, to standard error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// `text` for people, `json` for machines (default `text`).
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace` or `off`, or directives by part such as
    /// `info,gatehouse_engine=debug` (default `info`).
    pub level: String,
}

/// Who may read the metrics, at `/api/v1/metrics` and `/metrics`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    /// Whether they are read without a key (default false: a key with `admin:system:read`). They
    /// name providers, capabilities and plugins, and no tenant.
    pub public: bool,
}

/// Where traces go: spans of requests, calls, requests to providers and commits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Telemetry {
    /// The collector's OTLP address over HTTP, such as `http://127.0.0.1:4318`; spans go to
    /// `/v1/traces` below it (default none: no traces are collected).
    pub otlp_endpoint: Option<String>,
    /// Which share of the traces that begin here is collected, 0 to 1 (default 1). One that a
    /// caller began is collected where the caller does.
    pub sample_ratio: f64,
}

/// When `/api/v1/health/ready` says that the server is not ready, beyond what is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Webhook deliveries that wait to be parsed; at most 10000, as no more are counted
    /// (default 5000).
    pub backlog: u32,
    /// For how long a delivery that is due may wait to be parsed, in seconds (default 300).
    pub backlog_seconds: u32,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// A readable sentence with fields behind it.
    Text,
    /// One JSON object a line.
    Json,
}

/// A configuration and where it came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
}

/// Reads the configuration: defaults, then the file (`--config`, `GATEHOUSE_CONFIG` or
/// `gatehouse.toml` in the working directory), then `GATEHOUSE_*` variables with `__` between
/// the parts of a key, then flags.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`], with one problem for each key that is unknown or
/// can not be right, which says where the value came from and what would be right.
pub fn load(args: &ConfigArgs, surroundings: &Surroundings) -> Result<Loaded> {
    let file = layers::file_of(args, surroundings)?;
    let defaults = Config::defaults(surroundings);
    let known = layers::known_keys(&defaults)?;
    let mut figment = Figment::from(Serialized::defaults(&defaults));
    if let Some(file) = &file {
        figment = figment.merge(layers::file(file));
    }
    let figment = figment
        .merge(layers::Pairs::environment(surroundings, &known))
        .merge(layers::Pairs::flags(args.pairs()?, &known));
    explain::refuse_unknown_keys(&figment, &known)?;
    let mut config: Config = figment.extract().map_err(|error| explain::refused(&figment, error))?;
    explain::refuse_problems(&figment, check::settle(&mut config))?;
    Ok(Loaded { config, file })
}

/// Reads a list of paths, or one text with commas between as a variable has it.
fn paths<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<PathBuf>, D::Error> {
    let texts: Vec<origin::Text> = origin::list(deserializer)?;
    Ok(texts.into_iter().map(|text| PathBuf::from(text.0)).collect())
}

/// Reads a list of texts, or one text with commas between as a variable has it.
fn texts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<String>, D::Error> {
    let texts: Vec<origin::Text> = origin::list(deserializer)?;
    Ok(texts.into_iter().map(|text| text.0).collect())
}

/// Whether `path` is `folder` or below it, as far as the names tell.
pub fn is_within(path: &Path, folder: &Path) -> bool {
    let absolute = |path: &Path| {
        let real = path.canonicalize().or_else(|_| std::path::absolute(path));
        real.unwrap_or_else(|_| path.to_owned())
    };
    absolute(path).starts_with(absolute(folder))
}

#[cfg(test)]
mod tests;
