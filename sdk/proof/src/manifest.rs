//! The manifest tells the truth: it allows every request and nothing more, has rules for every capability and for no
//! other, and lists the events and records that there are.

use std::collections::BTreeSet;

use gatehouse_domain::capability::{Effect, code_of};
use gatehouse_domain::manifest::egress::{Rule, path_matches};
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_sdk::harness::fixture::Expect;
use serde_json::Value;

use crate::evidence::{CONTRACT, Evidence, name_of, path_of};

/// Holds the manifest against the fixtures and the exports.
pub(crate) fn check(evidence: &mut Evidence) {
    let mut problems = egress(evidence);
    problems.extend(capabilities(evidence));
    problems.extend(events(evidence));
    problems.extend(records(evidence));
    evidence.problems.extend(problems);
}

/// Holds that each write either changes nothing when it is repeated, which the provider sees by its body, or can be
/// looked up, and that no read says either. Providers that know keys have other rules.
///
/// # Panics
/// Where one does not, or the text is no manifest; this is how a test fails.
#[track_caller]
#[allow(clippy::panic, reason = "a test assertion")]
pub fn each_write_is_safe(manifest: &str) {
    let manifest = Manifest::from_toml(manifest).unwrap_or_else(|error| panic!("{error}"));
    for (code, rules) in &manifest.capabilities {
        let same = rules.idempotency == Idempotency::Body && rules.window_hours.is_some();
        let looked_up = rules.absent_after_seconds.is_some();
        assert_eq!(same || looked_up, rules.effect == Effect::Write, "{code}");
        assert!(!(same && looked_up), "{code}");
    }
}

/// Each request is allowed, each path is used, each host is used or can do what the others can.
fn egress(evidence: &Evidence) -> Vec<String> {
    let egress = &evidence.manifest.egress;
    let (mut problems, mut used) = (Vec::new(), BTreeSet::new());
    for (case, request) in
        evidence.cases.iter().flat_map(|case| case.exchange.iter().map(move |sent| (case, &sent.request)))
    {
        let host = host_of(&request.path).unwrap_or_else(|| host_of(&egress.base_url).unwrap_or_default());
        let rules =
            egress.allow.iter().filter(|rule| host_fits(&rule.host, host) && rule.methods.contains(&request.method));
        let globs = rules.flat_map(|rule| &rule.paths).filter(|glob| path_matches(glob, path_of(&request.path)));
        // Where several fit, the most exact one is the one that is used.
        match globs.min_by_key(|glob| glob.matches('*').count()) {
            Some(glob) => drop(used.insert((request.method.clone(), glob.clone()))),
            None => problems.push(format!("{}: {} {} is not allowed", name_of(case), request.method, request.path)),
        }
    }
    for host in egress.allow.iter().map(|rule| &rule.host).collect::<BTreeSet<_>>() {
        let allowed = egress.allow.iter().filter(|rule| rule.host == *host).flat_map(pairs);
        let unused = allowed.filter(|pair| !used.contains(pair));
        problems.extend(unused.map(|(method, path)| format!("{method} {path} of {host} is allowed and never used")));
    }
    problems
}

fn pairs(rule: &Rule) -> impl Iterator<Item = (String, String)> + '_ {
    rule.methods.iter().flat_map(|method| rule.paths.iter().map(|path| (method.clone(), path.clone())))
}

fn host_of(address: &str) -> Option<&str> {
    address.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or(rest))
}

/// Label by label; a label with a placeholder is any one.
fn host_fits(rule: &str, host: &str) -> bool {
    let (rule, host): (Vec<_>, Vec<_>) = (rule.split('.').collect(), host.split('.').collect());
    rule.len() == host.len() && rule.iter().zip(&host).all(|(wanted, given)| wanted == given || wanted.contains('{'))
}

fn capabilities(evidence: &Evidence) -> Vec<String> {
    let functions = evidence.functions.iter().filter(|function| !CONTRACT.contains(&function.as_str()));
    let exported: BTreeSet<String> = functions.map(|function| code_of(function)).collect();
    let ruled: BTreeSet<String> = evidence.manifest.capabilities.keys().cloned().collect();
    let missing = exported.difference(&ruled).map(|code| format!("plugin.toml has no [capabilities.{code}]"));
    let beyond =
        ruled.difference(&exported).map(|code| format!("plugin.toml has [capabilities.{code}], which is not exported"));
    missing.chain(beyond).collect()
}

/// The events that are told apart in fixtures are those that the manifest lists.
fn events(evidence: &mut Evidence) -> Vec<String> {
    let (missing, beyond) = unlike(evidence);
    let missing = missing.into_iter().filter(|kind| evidence.exception(&format!("parse/{kind}")).is_none());
    let missing: Vec<_> = missing.map(|kind| format!("plugin.toml does not list the event `{kind}`")).collect();
    let beyond = beyond.into_iter().map(|kind| format!("no fixture of `parse` shows the event `{kind}`"));
    missing.into_iter().chain(beyond).collect()
}

/// The events that fixtures show and the manifest does not list, and those that it lists and they do not show.
fn unlike(evidence: &Evidence) -> (Vec<String>, Vec<String>) {
    let Some(webhook) = &evidence.manifest.webhook else { return (Vec::new(), Vec::new()) };
    let outputs = evidence.of("parse").filter_map(|case| match &case.expect {
        Some(Expect::Output(Value::Array(events))) => Some(events),
        _ => None,
    });
    let known = outputs.flatten().filter(|event| event.get("kind").and_then(Value::as_str) != Some("provider.event"));
    let seen: BTreeSet<&str> = known.filter_map(|event| event.get("provider_kind")?.as_str()).collect();
    let listed: BTreeSet<&str> = webhook.events.iter().map(String::as_str).collect();
    let only = |one: &BTreeSet<&str>, other| one.difference(other).map(|kind| (*kind).to_owned()).collect();
    (only(&seen, &listed), only(&listed, &seen))
}

/// Each kind of record that is listed is pulled in a fixture, where records are pulled at all.
fn records(evidence: &Evidence) -> Vec<String> {
    let entity = |case: &gatehouse_sdk::harness::fixture::Case| case.input.get("entity")?.as_str().map(str::to_owned);
    let moved: BTreeSet<String> = evidence.of("pull").chain(evidence.of("push")).filter_map(entity).collect();
    let listed = evidence.manifest.sync.keys();
    listed
        .filter(|entity| !moved.contains(*entity))
        .map(|entity| format!("no fixture moves a record of `{entity}`"))
        .collect()
}
