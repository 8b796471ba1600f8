//! What the proofs are made from: the manifest, the exported functions and the fixtures, read once, and the list of
//! what is wrong.

use std::collections::BTreeSet;
use std::path::Path;

use gatehouse_domain::capability::{Effect, code_of};
use gatehouse_domain::manifest::egress::path_matches;
use gatehouse_domain::manifest::{Manifest, ReadBy};
use gatehouse_sdk::harness::Gateway;
use gatehouse_sdk::harness::fixture::{self, Case, ExpectedRequest};
use serde_json::Value;

use crate::Claims;

/// The functions of the contract itself; all others are capabilities.
pub(crate) const CONTRACT: [&str; 10] = [
    "test",
    "parse",
    "look-up",
    "pull",
    "push",
    "list-registrations",
    "register",
    "renew-registration",
    "unregister",
    "list-events",
];
/// Those of them that change something at the provider.
const WRITES: [&str; 4] = ["push", "register", "renew-registration", "unregister"];

/// A gateway's files and what was found to be wrong with them.
#[derive(Debug)]
pub struct Evidence {
    /// The manifest.
    pub manifest: Manifest,
    /// The names of the exported functions, in order.
    pub functions: Vec<String>,
    /// The fixtures.
    pub cases: Vec<Case>,
    /// What is wrong, a line each.
    pub problems: Vec<String>,
    exceptions: Vec<(String, String)>,
    used: BTreeSet<String>,
}

impl Evidence {
    /// Reads the fixtures of a folder.
    ///
    /// # Errors
    /// A text about a manifest that can not be read; fixtures that can not be are problems.
    pub fn gather<G: Gateway>(folder: &Path, claims: &Claims<'_>) -> Result<Self, String> {
        let manifest = Manifest::from_toml(claims.manifest).map_err(|error| format!("plugin.toml: {error}"))?;
        let mut problems = Vec::new();
        let cases = fixture::load(folder, &mut problems);
        let functions = G::functions().into_iter().map(str::to_owned).collect();
        let mut evidence = Self::about(manifest, functions, cases);
        evidence.problems = problems;
        evidence.exceptions =
            claims.exceptions.iter().map(|(place, why)| ((*place).to_owned(), (*why).to_owned())).collect();
        Ok(evidence)
    }

    /// What is known of a gateway whose functions were read from its component.
    pub fn about(manifest: Manifest, mut functions: Vec<String>, cases: Vec<Case>) -> Self {
        functions.sort_unstable();
        Self { manifest, functions, cases, problems: Vec::new(), exceptions: Vec::new(), used: BTreeSet::new() }
    }

    /// The cases of a function.
    /// The cases of a function.
    pub fn of(&self, function: &str) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(move |case| case.function == function)
    }

    /// Whether a function can change something at the provider.
    pub fn effect(&self, function: &str) -> Effect {
        let declared = self.manifest.capabilities.get(&code_of(function)).map(|rules| rules.effect);
        declared.unwrap_or(if WRITES.contains(&function) { Effect::Write } else { Effect::Read })
    }

    /// Whether a request of a function can change something: a `GET` can not, nor can what the manifest says only
    /// reads.
    pub fn writes(&self, function: &str, request: &ExpectedRequest) -> bool {
        let safe = ["GET", "HEAD"].contains(&request.method.as_str());
        let path = path_of(&request.path);
        let mut reads = self.manifest.egress.allow.iter().filter(|rule| match rule.reads {
            Some(ReadBy::Path) => true,
            Some(ReadBy::Graphql) => is_query(request),
            None => false,
        });
        !safe
            && self.effect(function) == Effect::Write
            && !reads.any(|rule| rule.paths.iter().any(|glob| path_matches(glob, path)))
    }

    /// Why something does not hold at this provider: the reason of an exception for this place.
    pub fn exception(&mut self, place: &str) -> Option<String> {
        let fits = |listed: &str| {
            listed == place || listed.strip_prefix("*/").is_some_and(|rest| place.ends_with(&format!("/{rest}")))
        };
        let (listed, why) = self.exceptions.iter().find(|(listed, _)| fits(listed))?;
        self.used.insert(listed.clone());
        Some(why.clone())
    }

    /// Complains that no fixture of a function shows something, but for what exceptions take out.
    pub(crate) fn missing(&mut self, function: &str, mut what: Vec<String>) {
        what.retain(|what| self.exception(&format!("{function}/{what}")).is_none());
        self.problems.extend(what.iter().map(|what| format!("{function}: no fixture shows {what}")));
    }

    /// Complains about exceptions that were not needed.
    pub(crate) fn unused_exceptions(&mut self) {
        let unused = self.exceptions.iter().filter(|(listed, _)| !self.used.contains(listed));
        let lines: Vec<_> = unused.map(|(listed, _)| format!("the exception `{listed}` takes nothing out")).collect();
        self.problems.extend(lines);
    }
}

/// Whether a request is a GraphQL document that does not begin as a mutation.
fn is_query(request: &ExpectedRequest) -> bool {
    let document = request.json.as_ref().and_then(|body| body.get("query")).and_then(Value::as_str);
    document.is_some_and(|document| !document.trim_start().starts_with("mutation"))
}

/// The path of a fixture's request, which may name its host.
pub(crate) fn path_of(address: &str) -> &str {
    let Some((_, rest)) = address.split_once("://") else { return address };
    rest.find('/').map_or("/", |slash| rest.split_at(slash).1)
}

/// The name of a case within its function.
pub(crate) fn name_of(case: &Case) -> String {
    let name = case.folder.file_name().map(|name| name.to_string_lossy().into_owned());
    format!("{}/{}", case.function, name.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::is_query;

    #[test]
    fn only_a_graphql_document_without_a_mutation_is_a_query() {
        for (body, expect) in [
            (Some(json!({ "query": "query { items { id } }" })), true),
            (Some(json!({ "query": "\n{ items { id } }", "variables": {} })), true),
            (Some(json!({ "query": " mutation { drop(id: 1) { id } }" })), false),
            (Some(json!({ "title": "query" })), false),
            (Some(json!({ "query": 7 })), false),
            (None, false),
        ] {
            let request = json!({ "method": "POST", "path": "/graphql", "json": body });
            assert_eq!(is_query(&serde_json::from_value(request).unwrap()), expect, "{body:?}");
        }
    }
}
