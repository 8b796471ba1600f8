//! What must hold of a configuration beyond its types; also brings values into one form.

use std::path::Path;

use gatehouse_domain::Problem;
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::config::{Config, Policy, is_within};

/// The largest memory of one instance that the pool reserves room for.
const LARGEST_MEMORY: usize = 256 << 20;

/// The key that names the anchor file.
const ANCHOR: &str = "audit.anchor_file";

/// The key that lists older root keys.
const PREVIOUS: &str = "previous_root_key_files";

/// Checks every rule, and writes `public_url` without a slash at its end.
pub(super) fn settle(config: &mut Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    settle_public_url(config, &mut problems);
    check_paths(config, &mut problems);
    check_plugins(config, &mut problems);
    check_limits(config, &mut problems);
    problems.extend(config.resilience.problems());
    check_ledger(config, &mut problems);
    check_upkeep(config, &mut problems);
    check_deliveries(config, &mut problems);
    check_retention(config, &mut problems);
    check_jobs(config, &mut problems);
    check_resources(config, &mut problems);
    check_level(&config.log.level, &mut problems);
    settle_telemetry(config, &mut problems);
    check_health(config, &mut problems);
    check_sandbox(config, &mut problems);
    problems
}

fn settle_public_url(config: &mut Config, problems: &mut Vec<Problem>) {
    let Some(text) = &config.public_url else { return };
    let good = Url::parse(text).ok().filter(|url| {
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        matches!(url.scheme(), "http" | "https") && url.host().is_some() && plain
    });
    match good {
        Some(url) => config.public_url = Some(url.as_str().trim_end_matches('/').to_owned()),
        None => {
            let message = format!("`{text}` is not a public URL; write one such as https://gate.example.com");
            problems.push(Problem::at("public_url", message));
        }
    }
}

fn settle_telemetry(config: &mut Config, problems: &mut Vec<Problem>) {
    let ratio = config.telemetry.sample_ratio;
    if !(0.0..=1.0).contains(&ratio) {
        problems.push(Problem::at("telemetry.sample_ratio", format!("{ratio} is not a share between 0 and 1")));
    }
    let Some(text) = &config.telemetry.otlp_endpoint else { return };
    let good = Url::parse(text).ok().filter(|url| {
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        matches!(url.scheme(), "http" | "https") && url.has_host() && plain && !url.path().ends_with("/v1/traces")
    });
    match good {
        Some(url) => config.telemetry.otlp_endpoint = Some(url.as_str().trim_end_matches('/').to_owned()),
        None => {
            let message = format!(
                "`{text}` is not a collector's address; write one such as http://127.0.0.1:4318, without /v1/traces"
            );
            problems.push(Problem::at("telemetry.otlp_endpoint", message));
        }
    }
}

/// It gives a token for the asking, and takes whatever it is sent.
fn check_sandbox(config: &Config, problems: &mut Vec<Problem>) {
    let Some(address) = config.sandbox.listen.filter(|address| !address.ip().is_loopback() || address.port() == 0)
    else {
        return;
    };
    let message = format!("`{address}` is not a port of this machine alone; write one such as 127.0.0.1:8421");
    problems.push(Problem::at("sandbox.listen", message));
}

fn check_health(config: &Config, problems: &mut Vec<Problem>) {
    let health = &config.health;
    if !(1..=10_000).contains(&health.backlog) {
        let message = format!("{} is not between 1 and 10000 deliveries", health.backlog);
        problems.push(Problem::at("health.backlog", message));
    }
    if health.backlog_seconds == 0 {
        problems.push(Problem::at("health.backlog_seconds", "is 0, so nothing might wait; write 1 or more"));
    }
}

fn check_paths(config: &Config, problems: &mut Vec<Problem>) {
    let anchor = config.audit.anchor_file.as_ref();
    let named = [("data_dir", Some(&config.data_dir)), ("root_key_file", Some(&config.root_key_file))];
    let named = named.into_iter().chain([("plugins_dir", config.plugins_dir.as_ref()), (ANCHOR, anchor)]);
    let previous = config.previous_root_key_files.iter().map(|path| (PREVIOUS, path));
    for (key, path) in named.filter_map(|(key, path)| Some((key, path?))).chain(previous) {
        if path.as_os_str().is_empty() {
            problems.push(Problem::at(key, "is empty; write a path"));
        } else if path.starts_with("~") {
            let message =
                format!("`{}` begins with ~, which only a shell expands; write the whole path", path.display());
            problems.push(Problem::at(key, message));
        }
    }
    check_anchor_is_apart(config, problems);
    check_key_is_apart("root_key_file", &config.root_key_file, &config.data_dir, problems);
    for path in &config.previous_root_key_files {
        check_key_is_apart(PREVIOUS, path, &config.data_dir, problems);
    }
}

/// Who can take back the data could take back the file as well.
fn check_anchor_is_apart(config: &Config, problems: &mut Vec<Problem>) {
    let Some(anchor) = config.audit.anchor_file.as_ref().filter(|path| is_within(path, &config.data_dir)) else {
        return;
    };
    let message = format!(
        "`{}` is inside the data folder `{}`, so it would be rolled back along with the data; move it elsewhere",
        anchor.display(),
        config.data_dir.display()
    );
    problems.push(Problem::at(ANCHOR, message));
}

fn check_key_is_apart(name: &str, key: &Path, data: &Path, problems: &mut Vec<Problem>) {
    if is_within(key, data) {
        let message = format!(
            "`{}` is inside the data folder `{}`, so a copy of the data would bring its key along; move it elsewhere",
            key.display(),
            data.display()
        );
        problems.push(Problem::at(name, message));
    }
}

fn check_limits(config: &Config, problems: &mut Vec<Problem>) {
    let limits = &config.limits;
    let all = [
        ("limits.cpu_ms", limits.cpu_ms),
        ("limits.wall_ms", limits.wall_ms),
        ("limits.memory_bytes", limits.memory_bytes as u64),
        ("limits.host_calls", u64::from(limits.host_calls)),
        ("limits.requests", u64::from(limits.requests)),
        ("limits.request_bytes", limits.request_bytes as u64),
        ("limits.response_bytes", limits.response_bytes as u64),
        ("limits.egress_ms", limits.egress_ms),
        ("limits.log_bytes", limits.log_bytes as u64),
        ("limits.output_bytes", limits.output_bytes as u64),
    ];
    for (key, _) in all.into_iter().filter(|(_, value)| *value == 0) {
        problems.push(Problem::at(key, "is 0, so nothing could run; write 1 or more"));
    }
    for (key, value) in [("limits.cpu_ms", limits.cpu_ms), ("limits.egress_ms", limits.egress_ms)] {
        if value > limits.wall_ms {
            let message = format!("{value} is more than the whole call may take (limits.wall_ms = {})", limits.wall_ms);
            problems.push(Problem::at(key, message));
        }
    }
    if limits.memory_bytes > LARGEST_MEMORY {
        let message = format!("{} is more than the pool reserves; write {LARGEST_MEMORY} or less", limits.memory_bytes);
        problems.push(Problem::at("limits.memory_bytes", message));
    }
}

fn check_upkeep(config: &Config, problems: &mut Vec<Problem>) {
    let seconds = config.upkeep.every_seconds;
    if !(1..=86_400).contains(&seconds) {
        problems.push(Problem::at("upkeep.every_seconds", format!("{seconds} is not between 1 and 86400")));
    }
}

fn check_ledger(config: &Config, problems: &mut Vec<Problem>) {
    let pace = &config.ledger;
    if pace.first_retry_ms == 0 {
        problems.push(Problem::at(
            "ledger.first_retry_ms",
            "is 0, so a provider in trouble would be pressed; write 1 or more",
        ));
    }
    if pace.max_retry_ms < pace.first_retry_ms {
        let message = format!(
            "{} is less than the first wait (ledger.first_retry_ms = {})",
            pace.max_retry_ms, pace.first_retry_ms
        );
        problems.push(Problem::at("ledger.max_retry_ms", message));
    }
    if !(1..=8_760).contains(&pace.give_up_hours) {
        let message = format!("{} is not between 1 and 8760 hours", pace.give_up_hours);
        problems.push(Problem::at("ledger.give_up_hours", message));
    }
}

fn check_deliveries(config: &Config, problems: &mut Vec<Problem>) {
    let sending = &config.deliveries;
    for (key, value, range) in [
        ("deliveries.timeout_ms", sending.timeout_ms, 100..=60_000),
        ("deliveries.disable_after_seconds", sending.disable_after_seconds, 1..=31_536_000),
        ("deliveries.concurrency", sending.concurrency.into(), 4..=10_000),
    ] {
        if !range.contains(&value) {
            let message = format!("{value} is not between {} and {}", range.start(), range.end());
            problems.push(Problem::at(key, message));
        }
    }
    let wrong = sending.pauses_ms.iter().find(|pause| !(1..=604_800_000).contains(*pause));
    if let Some(pause) = wrong {
        let message = format!("{pause} is not between 1 and 604800000 milliseconds, which are 7 days");
        problems.push(Problem::at("deliveries.pauses_ms", message));
    }
    if sending.pauses_ms.len() > 100 {
        problems.push(Problem::at("deliveries.pauses_ms", "has more than 100 pauses"));
    }
}

fn check_plugins(config: &Config, problems: &mut Vec<Problem>) {
    let plugins = &config.plugins;
    if plugins.policy == Policy::Dev && !plugins.publishers.is_empty() {
        let message = "says whose signatures count, and `plugins.policy = \"dev\"` takes plugins without any; set the \
                       policy to `signed`, or leave the list out";
        problems.push(Problem::at("plugins.publishers", message));
    }
    for (key, value, range) in [
        ("plugins.max_component_bytes", plugins.max_component_bytes, 1 << 10..=32 << 20),
        ("plugins.max_functions", plugins.max_functions.into(), 1..=1_000_000),
        ("plugins.compile_memory_bytes", plugins.compile_memory_bytes, 64 << 20..=64 << 30),
        ("plugins.compile_seconds", plugins.compile_seconds.into(), 1..=600),
    ] {
        if !range.contains(&value) {
            let message = format!("{value} is not between {} and {}", range.start(), range.end());
            problems.push(Problem::at(key, message));
        }
    }
    for id in &plugins.publishers {
        if gatehouse_domain::trust::check_id(id).is_err() {
            let message = format!("`{id}` is not a publisher's id; write lower-case letters, digits and dashes");
            problems.push(Problem::at("plugins.publishers", message));
        }
    }
}

fn check_retention(config: &Config, problems: &mut Vec<Problem>) {
    let kept = &config.retention;
    for (key, days) in [
        ("retention.executions_days", kept.executions_days),
        ("retention.events_days", kept.events_days),
        ("retention.deliveries_days", kept.deliveries_days),
        ("retention.sync_logs_days", kept.sync_logs_days),
        ("retention.audit_days", kept.audit_days),
    ] {
        if !(1..=36_500).contains(&days) {
            problems.push(Problem::at(key, format!("{days} is not between 1 and 36500 days")));
        }
    }
    if !(30..=36_500).contains(&kept.dead_jobs_days) {
        let message = format!("{} is not between 30 and 36500 days", kept.dead_jobs_days);
        problems.push(Problem::at("retention.dead_jobs_days", message));
    }
}

fn check_jobs(config: &Config, problems: &mut Vec<Problem>) {
    for (key, value, range) in [
        ("jobs.concurrency", config.jobs.concurrency, 1..=1000),
        ("jobs.tenant_percent", config.jobs.tenant_percent, 1..=100),
        ("jobs.stop_seconds", config.jobs.stop_seconds, 0..=600),
    ] {
        if !range.contains(&value) {
            let message = format!("{value} is not between {} and {}", range.start(), range.end());
            problems.push(Problem::at(key, message));
        }
    }
}

fn check_resources(config: &Config, problems: &mut Vec<Problem>) {
    if !(1..=100_000).contains(&config.pool.instances) {
        let message = format!("{} is not between 1 and 100000", config.pool.instances);
        problems.push(Problem::at("pool.instances", message));
    }
    if config.store.cache_bytes < 1 << 20 {
        let message = format!("{} is too small to work with; write 1048576 (1 MiB) or more", config.store.cache_bytes);
        problems.push(Problem::at("store.cache_bytes", message));
    }
    if config.store.free_hard_bytes > config.store.free_soft_bytes {
        let message = format!(
            "{} is more than store.free_soft_bytes ({}), so writing would stop before new work does; swap them",
            config.store.free_hard_bytes, config.store.free_soft_bytes
        );
        problems.push(Problem::at("store.free_hard_bytes", message));
    }
}

/// A word alone would be taken as the name of a part of the program and log nothing.
fn check_level(level: &str, problems: &mut Vec<Problem>) {
    const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace", "off"];
    let names_level = |part: &str| LEVELS.contains(&part.trim().to_ascii_lowercase().as_str()) || part.contains('=');
    if !level.split(',').all(names_level) || EnvFilter::try_new(level).is_err() {
        let message = format!("`{level}` is not a level; write one of {}, or part=level pairs", LEVELS.join(", "));
        problems.push(Problem::at("log.level", message));
    }
}
