//! The layers, one above the other, and the words in which a wrong value is refused.

use std::fs;

use clap::Parser;
use gatehouse_domain::{ErrorKind, Result};

use super::*;

/// The flags as a command line has them.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    config: ConfigArgs,
}

fn load_with(file: &str, variables: &[(&str, &str)], flags: &[&str]) -> Result<Config> {
    let folder = tempfile::tempdir().unwrap();
    if !file.is_empty() {
        fs::write(folder.path().join("gatehouse.toml"), file).unwrap();
    }
    let mut all = vec![("HOME".to_owned(), "/home/ada".to_owned())];
    all.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let surroundings = Surroundings { variables: all, working_dir: folder.path().to_owned() };
    let line = Line::parse_from(std::iter::once(&"gatehouse").chain(flags));
    load(&line.config, &surroundings).map(|loaded| loaded.config)
}

#[test]
fn defaults_are_enough() {
    let config = load_with("", &[], &[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data_dir, Path::new("/home/ada/.local/share/gatehouse"));
    assert_eq!(config.root_key_file, Path::new("/home/ada/.config/gatehouse/root.key"));
    assert_eq!(config.limits, Limits::default());
    assert_eq!((config.plugins.policy, config.plugins.review), (Policy::Dev, Review::Off));
}

#[test]
fn the_default_folders_follow_the_xdg_specification() {
    let check = |variables: &[(&str, &str)], data: &str, key: &str| {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let config = Config::defaults(&Surroundings { variables: owned, working_dir: PathBuf::new() });
        assert_eq!((config.data_dir.as_path(), config.root_key_file.as_path()), (Path::new(data), Path::new(key)));
    };
    let home = ("HOME", "/h");
    check(&[home], "/h/.local/share/gatehouse", "/h/.config/gatehouse/root.key");
    check(&[home, ("XDG_DATA_HOME", "/d")], "/d/gatehouse", "/h/.config/gatehouse/root.key");
    check(&[home, ("XDG_CONFIG_HOME", "/c")], "/h/.local/share/gatehouse", "/c/gatehouse/root.key");
    check(&[home, ("XDG_DATA_HOME", "relative")], "/h/.local/share/gatehouse", "/h/.config/gatehouse/root.key");
    check(&[], "gatehouse-data", "gatehouse-root.key");
}

#[test]
fn each_layer_overrides_the_one_below() {
    let file = "listen = '127.0.0.1:1'\n[limits]\ncpu_ms = 1\nrequests = 1\n[log]\nlevel = 'off'\n[retention]\nevents_days = 7";
    let variables = [("GATEHOUSE_LISTEN", "127.0.0.1:2"), ("GATEHOUSE_LIMITS__CPU_MS", "2"), ("OTHER", "x")];
    let config = load_with(file, &variables, &["--listen", "[::1]:3"]).unwrap();
    assert_eq!(config.listen.to_string(), "[::1]:3");
    assert_eq!((config.limits.cpu_ms, config.limits.requests, config.limits.wall_ms), (2, 1, 30_000));
    assert_eq!((config.log.level.as_str(), config.retention.events_days), ("off", 7));
    let config = load_with(file, &variables, &["--set", "limits.cpu_ms=3", "--set", "log.level=debug"]).unwrap();
    assert_eq!((config.limits.cpu_ms, config.log.level.as_str()), (3, "debug"));
}

#[test]
fn text_from_the_environment_becomes_what_the_key_holds() {
    let config = load_with(
        "",
        &[
            ("GATEHOUSE_EGRESS__ALLOW", "http://127.0.0.1:8420, https://sandbox.example.com"),
            ("GATEHOUSE_DATA_DIR", "123"),
            ("GATEHOUSE_PLUGINS_DIR", "true"),
            ("GATEHOUSE_POOL__ZERO_STACKS", "false"),
            ("GATEHOUSE_LOG__LEVEL", "off"),
            ("GATEHOUSE_LOG__FORMAT", "json"),
            ("GATEHOUSE_PUBLIC_URL", ""),
            ("GATEHOUSE_PEERS", "/peers"),
        ],
        &[],
    )
    .unwrap();
    let allow: Vec<String> = config.egress.allow.iter().map(ToString::to_string).collect();
    assert_eq!(allow, ["http://127.0.0.1:8420", "https://sandbox.example.com"]);
    assert_eq!(config.data_dir, Path::new("123"));
    assert_eq!(config.plugins_dir.as_deref(), Some(Path::new("true")));
    assert!(!config.pool.zero_stacks && config.public_url.is_none());
    assert_eq!((config.log.level.as_str(), config.log.format), ("off", LogFormat::Json));
}

#[test]
fn lists_and_paths_have_one_form() {
    let file = "public_url = 'https://Gate.example.com/base/'\n[egress]\nallow = ['HTTPS://A.example.com:443/']";
    let config = load_with(file, &[], &[]).unwrap();
    assert_eq!(config.public_url.as_deref(), Some("https://gate.example.com/base"));
    assert_eq!(config.egress.allow[0].to_string(), "https://a.example.com");
    let flags = ["--allow-origin", "http://[::1]:1", "--allow-origin", "http://localhost:2"];
    assert_eq!(load_with("", &[], &flags).unwrap().egress.allow.len(), 2);
    let list = [("GATEHOUSE_EGRESS__ALLOW", "[\"https://a.example.com\"]")];
    assert_eq!(load_with("", &list, &[]).unwrap().egress.allow.len(), 1);
}

/// Every text of `expect` must be in the refusal.
fn refuses(file: &str, variables: &[(&str, &str)], flags: &[&str], expect: &[&str]) {
    let error = load_with(file, variables, flags).expect_err(&format!("{file}{variables:?}{flags:?}"));
    assert_eq!(error.kind, ErrorKind::Invalid);
    let text = error.to_string();
    for part in expect {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn unknown_keys_name_the_nearest_one_and_their_source() {
    refuses("liten = 'x'", &[], &[], &["liten", "did you mean `listen`?", "from the file ", "gatehouse.toml"]);
    refuses("[limit]\ncpu_ms = 1", &[], &[], &["limit.cpu_ms", "`limits.cpu_ms`"]);
    refuses("cache_bytes = 1", &[], &[], &["`store.cache_bytes`"]);
    refuses("[store]\ncache-bytes = 1", &[], &[], &["store.cache-bytes", "`store.cache_bytes`"]);
    refuses("", &[("GATEHOUSE_DATADIR", "x")], &[], &["`data_dir`", "from the variable GATEHOUSE_DATADIR"]);
    refuses("", &[("GATEHOUSE_LOG_LEVEL", "x")], &[], &["log_level", "`log.level`"]);
    refuses("", &[], &["--set", "egress.alow=x"], &["`egress.allow`", "from the flag --set egress.alow"]);
    refuses("[limits]\ncpu = 1", &[], &[], &["`limits.cpu_ms`"]);
    refuses("zzzzzz = 1", &[], &[], &["the keys are ", "retention.audit_days"]);
    refuses("liten = 1\n[limit]\nx = 2", &[], &[], &["liten", "limit.x"]);
}

#[test]
fn wrong_values_name_the_key_the_source_and_the_fix() {
    refuses("listen = 'nowhere'", &[], &[], &["listen: `nowhere`", "such as 127.0.0.1:8080", "from the file"]);
    refuses("[limits]\ncpu_ms = 'fast'", &[], &[], &["limits.cpu_ms: `fast`", "whole milliseconds"]);
    refuses("", &[("GATEHOUSE_LIMITS__CPU_MS", "-1")], &[], &["limits.cpu_ms: `-1`", "GATEHOUSE_LIMITS__CPU_MS"]);
    refuses("[plugins]\npolicy = 'open'", &[], &[], &["plugins.policy: `open` is not one of dev, signed"]);
    refuses("[plugins]\nreview = 'on'", &[], &[], &["plugins.review: `on` is not one of off, required"]);
    refuses("", &[], &["--log-format", "xml"], &["log.format", "text, json", "from the flag --log-format"]);
    refuses("egress = 'x'", &[], &[], &["egress"]);
    refuses(
        "",
        &[("GATEHOUSE_EGRESS__ALLOW", "http://10.0.0.1")],
        &[],
        &["egress.allow", "unencrypted", "GATEHOUSE_EGRESS__ALLOW"],
    );
    refuses("", &[], &["--allow-origin", "example.com"], &["egress.allow", "not an origin", "--allow-origin"]);
    refuses("listen =", &[], &[], &["gatehouse.toml"]);
    refuses("", &[], &["--set", "limits"], &["--set limits=VALUE"]);
    refuses("", &[], &["--set", "limits.=1"], &["limits."]);
}

#[test]
fn rules_between_values_are_kept() {
    let allowed = "[plugins]\npublishers = ['acme']";
    refuses(allowed, &[], &[], &["plugins.publishers", "set the policy to `signed`"]);
    let named = "[plugins]\npolicy = 'signed'\npublishers = ['Acme']";
    refuses(named, &[], &[], &["plugins.publishers: `Acme` is not a publisher's id"]);
    refuses("[plugins]\nmax_component_bytes = 33554433", &[], &[], &["plugins.max_component_bytes", "33554432"]);
    refuses("[plugins]\ncompile_seconds = 0", &[], &[], &["plugins.compile_seconds", "between 1 and 600"]);
    let signed = [("GATEHOUSE_PLUGINS__POLICY", "signed"), ("GATEHOUSE_PLUGINS__PUBLISHERS", "acme, other")];
    assert_eq!(load_with("", &signed, &[]).unwrap().plugins.publishers, ["acme", "other"]);
    refuses("[limits]\nrequests = 0", &[], &[], &["limits.requests", "write 1 or more"]);
    refuses("[upkeep]\nevery_seconds = 0", &[], &[], &["upkeep.every_seconds", "86400"]);
    refuses("[ledger]\nfirst_retry_ms = 0", &[], &[], &["ledger.first_retry_ms"]);
    refuses("[ledger]\nmax_retry_ms = 9", &[], &[], &["ledger.max_retry_ms", "first_retry_ms = 10000"]);
    refuses("[ledger]\ngive_up_hours = 9999", &[], &[], &["ledger.give_up_hours", "8760"]);
    refuses("[limits]\negress_ms = 60000", &[], &[], &["limits.egress_ms", "limits.wall_ms = 30000"]);
    refuses("[limits]\nmemory_bytes = 999999999", &[], &[], &["limits.memory_bytes", "268435456"]);
    refuses("[retention]\nevents_days = 0", &[], &[], &["retention.events_days", "between 1 and 36500"]);
    refuses("[retention]\ndead_jobs_days = 29", &[], &[], &["retention.dead_jobs_days", "between 30 and 36500"]);
    refuses("[jobs]\nconcurrency = 0", &[], &[], &["jobs.concurrency", "between 1 and 1000"]);
    refuses("[pool]\ninstances = 0", &[], &[], &["pool.instances"]);
    refuses("[store]\nfree_hard_bytes = 9999999999", &[], &[], &["store.free_hard_bytes", "swap them"]);
    refuses("[store]\ncache_bytes = 1", &[], &[], &["store.cache_bytes", "1 MiB"]);
    refuses("[log]\nlevel = 'loud'", &[], &[], &["log.level", "`loud` is not a level"]);
    refuses("public_url = 'gate.example.com'", &[], &[], &["public_url", "https://gate.example.com"]);
    refuses("", &[], &["--data-dir", "~/data"], &["data_dir", "only a shell expands"]);
    refuses(
        "",
        &[],
        &["--data-dir", "/d", "--root-key-file", "/d/k/root.key"],
        &["root_key_file", "inside the data folder"],
    );
    refuses(
        "[audit]\nanchor_file = '/d/anchor'",
        &[],
        &["--data-dir", "/d", "--root-key-file", "/k/root.key"],
        &["audit.anchor_file", "inside the data folder", "from the file"],
    );
}

#[test]
fn a_named_file_must_be_there() {
    refuses("", &[], &["--config", "/no/such/file.toml"], &["/no/such/file.toml", "--config"]);
    refuses("", &[("GATEHOUSE_CONFIG", "/no/such/file.toml")], &[], &["GATEHOUSE_CONFIG"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.toml");
    fs::write(&path, "listen = '127.0.0.1:9'").unwrap();
    let config = load_with("listen = '127.0.0.1:1'", &[], &["--config", path.to_str().unwrap()]).unwrap();
    assert_eq!(config.listen.port(), 9);
}
