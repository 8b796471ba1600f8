//! Which versions of the contract are served, and whether a manifest and a component say
//! the same.

use gatehouse_domain::error::{Error, Problem, Result};
use gatehouse_domain::manifest::Manifest;

use super::exports::Exports;

/// The versions of `gatehouse:plugin` that this host serves.
pub(crate) const SERVED: &[&str] = &["0.1.0"];

/// Whether a version of `gatehouse:plugin` is served.
pub(crate) fn is_served(version: &str) -> bool {
    SERVED.contains(&version)
}

/// Checks that the manifest says of the component what the component is.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] with every difference, and which side to change.
pub(crate) fn check_manifest(manifest: &Manifest, exports: &Exports) -> Result<()> {
    let mut problems = Vec::new();
    if !is_served(&manifest.contract.to_string()) {
        let message = format!("{} is not served; this host serves {}", manifest.contract, SERVED.join(", "));
        problems.push(Problem::at("$.contract", message));
    }
    check_capabilities(manifest, exports, &mut problems);
    check_interface("webhook", manifest.webhook.is_some(), exports.webhook, &mut problems);
    check_registration(manifest, exports, &mut problems);
    check_backfill(manifest, exports, &mut problems);
    check_interface("sync", !manifest.sync.is_empty(), exports.sync, &mut problems);
    check_outcomes(manifest, exports, &mut problems);
    if problems.is_empty() {
        return Ok(());
    }
    Err(Error::problems("the manifest does not fit the component", problems))
}

fn check_capabilities(manifest: &Manifest, exports: &Exports, problems: &mut Vec<Problem>) {
    for code in manifest.capabilities.keys() {
        if !exports.capabilities.iter().any(|capability| capability.code == *code) {
            let known: Vec<&str> = exports.capabilities.iter().map(|capability| capability.code.as_str()).collect();
            let message = format!("the component exports no such function; it exports {}", known.join(", "));
            problems.push(Problem::at(format!("$.capabilities.{code}"), message));
        }
    }
    for capability in &exports.capabilities {
        if !manifest.capabilities.contains_key(&capability.code) {
            let message =
                format!("is missing: the component exports `{}`; say what it may change", capability.function);
            problems.push(Problem::at(format!("$.capabilities.{}", capability.code), message));
        }
    }
}

/// How long a provider's "I do not have it" is to be doubted means nothing without a look-up.
fn check_outcomes(manifest: &Manifest, exports: &Exports, problems: &mut Vec<Problem>) {
    if exports.outcomes {
        return;
    }
    for (code, _) in manifest.capabilities.iter().filter(|(_, rules)| rules.absent_after_seconds.is_some()) {
        let message = "the component does not export gatehouse:plugin/outcomes; export it or remove this";
        problems.push(Problem::at(format!("$.capabilities.{code}.absent_after_seconds"), message));
    }
}

/// A gateway that can register endpoints may leave it to people; one that can not must not promise it.
fn check_registration(manifest: &Manifest, exports: &Exports, problems: &mut Vec<Problem>) {
    if !exports.registrations && manifest.webhook.as_ref().is_some_and(|webhook| webhook.registration.is_some()) {
        let message = "the component does not export gatehouse:plugin/registrations; export it or remove this";
        problems.push(Problem::at("$.webhook.registration", message));
    }
}

/// The same of a list of events: without the manifest's word it is not read.
fn check_backfill(manifest: &Manifest, exports: &Exports, problems: &mut Vec<Problem>) {
    if !exports.backfill && manifest.webhook.as_ref().is_some_and(|webhook| webhook.backfill.is_some()) {
        let message = "the component does not export gatehouse:plugin/backfill; export it or remove this";
        problems.push(Problem::at("$.webhook.backfill", message));
    }
}

fn check_interface(name: &str, in_manifest: bool, exported: bool, problems: &mut Vec<Problem>) {
    let message = match (in_manifest, exported) {
        (true, false) => format!("the component does not export gatehouse:plugin/{name}; export it or remove this"),
        (false, true) => format!("is missing: the component exports gatehouse:plugin/{name}"),
        _ => return,
    };
    problems.push(Problem::at(format!("$.{name}"), message));
}
