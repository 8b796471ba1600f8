//! Whether what a gateway's fixtures send and receive is what the provider's own OpenAPI document
//! describes. For tests alone: it reads documents from a folder outside the repository, and is never
//! part of a component.

mod coerce;
mod description;
mod judge;
mod operation;
mod tree;
mod unknown;

use std::collections::BTreeMap;
use std::path::Path;

pub use description::Description;

use crate::harness::fixture::{self, Case, Exchange};

/// A provider's document, and how a fixture's paths become its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Document<'a> {
    /// The file in the folder of descriptions, such as `slack.json`.
    pub file: &'a str,
    /// What a fixture's path begins with and the document's paths do not; requests without it are not
    /// this document's. An absolute address begins with its scheme and host.
    pub strip: &'a str,
    /// What is put before the rest, such as `/v3/company/1`.
    pub prepend: &'a str,
}

/// What a folder of fixtures is held against. A case is named `<function>/<case>`; `*/<case>` names it
/// under every function, and `<function>/*` names all that a function has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules<'a> {
    /// The documents; a request is checked by the first that has its path.
    pub documents: &'a [Document<'a>],
    /// Required parameters that the host adds by itself, such as a token in a header.
    pub added_by_host: &'a [&'a str],
    /// Query parameters and fields of bodies that the provider takes and its description leaves out, such as a version.
    pub unlisted: &'a [&'a str],
    /// Cases whose requests are wrong on purpose.
    pub odd_requests: &'a [&'a str],
    /// Cases whose responses are wrong on purpose.
    pub odd_responses: &'a [&'a str],
}

/// How much was checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Requests that were checked.
    pub requests: usize,
    /// Responses with a JSON body that were checked.
    pub responses: usize,
}

/// Checks a folder and fails the test with one text about all that does not fit. Answers `None`, with a
/// line on the terminal, where a document is not at hand: set `GATEHOUSE_SPECS` to its folder.
///
/// # Panics
/// Where something does not fit; this is how a test fails.
#[track_caller]
#[allow(clippy::panic, clippy::print_stdout, reason = "a test assertion that says why it was skipped")]
pub fn run(folder: impl AsRef<Path>, rules: &Rules<'_>) -> Option<Checked> {
    if let Some(missing) = missing(rules) {
        println!("{} is not here; set GATEHOUSE_SPECS to its folder to check requests against it", missing.file);
        return None;
    }
    match check(folder.as_ref(), rules) {
        Ok(checked) => Some(checked),
        Err(problems) => panic!("{} problems\n\n{}\n", problems.len(), problems.join("\n")),
    }
}

/// Whether every document is at hand.
pub fn at_hand(rules: &Rules<'_>) -> bool {
    missing(rules).is_none()
}

/// Checks a folder.
///
/// # Errors
/// Every problem: the case, the place in the exchange, and what the document says.
pub fn check(folder: &Path, rules: &Rules<'_>) -> Result<Checked, Vec<String>> {
    let mut problems = Vec::new();
    let cases = fixture::load(folder, &mut problems);
    let all = match by_function(&cases, rules) {
        Ok(all) if problems.is_empty() => all,
        Ok(_) => return Err(problems),
        Err(more) => return Err([problems, more].concat()),
    };
    Ok(all.values().fold(Checked::default(), |sum, one| Checked {
        requests: sum.requests + one.requests,
        responses: sum.responses + one.responses,
    }))
}

/// Checks cases, and answers how much was checked of each function.
///
/// # Errors
/// As [`check`].
pub fn by_function(cases: &[Case], rules: &Rules<'_>) -> Result<BTreeMap<String, Checked>, Vec<String>> {
    let mut problems = Vec::new();
    let mut all: BTreeMap<String, Checked> = BTreeMap::new();
    for case in cases {
        let checked = all.entry(case.function.clone()).or_default();
        for (index, exchange) in case.exchange.iter().enumerate() {
            let found = check_exchange(case, exchange, rules, checked);
            let place = format!("{}: exchange.json: $[{index}]", case.folder.display());
            problems.extend(found.into_iter().map(|problem| format!("{place}{problem}")));
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

fn missing<'a>(rules: &Rules<'a>) -> Option<&'a Document<'a>> {
    rules.documents.iter().find(|document| Description::named(document.file).is_none())
}

fn check_exchange(case: &Case, exchange: &Exchange, rules: &Rules<'_>, checked: &mut Checked) -> Vec<String> {
    let request = &exchange.request;
    let Some((description, operation)) = find(&request.method, &request.path, rules) else {
        let odd = is_listed(case, rules.odd_requests);
        return (!odd)
            .then(|| format!(".request: no document has {} {}", request.method, request.path))
            .into_iter()
            .collect();
    };
    let mut problems = Vec::new();
    if !is_listed(case, rules.odd_requests) {
        checked.requests += 1;
        let found = judge::request(description, &operation, request, rules);
        problems.extend(found.into_iter().map(|problem| format!(".request{problem}")));
    }
    let response = exchange.response.as_ref().filter(|_| !is_listed(case, rules.odd_responses));
    if let Some(response) = response.filter(|response| response.text.is_none()) {
        checked.responses += usize::from(response.json.is_some());
        let found = judge::response(description, &operation, response);
        problems.extend(found.into_iter().map(|problem| format!(".response{problem}")));
    }
    problems
}

fn find(method: &str, path: &str, rules: &Rules<'_>) -> Option<(&'static Description, operation::Found)> {
    rules.documents.iter().find_map(|document| {
        let rest = path.strip_prefix(document.strip)?;
        let description = Description::named(document.file)?;
        Some((description, description.operation(method, &format!("{}{rest}", document.prepend))?))
    })
}

/// Whether a case is in a list of cases, which is written as [`Rules`] says.
pub fn is_listed(case: &Case, list: &[&str]) -> bool {
    let name = case.folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    list.iter().any(|listed| match listed.split_once('/') {
        Some((function, case_name)) => {
            (function == "*" || function == case.function) && (case_name == "*" || case_name == name)
        }
        None => false,
    })
}

#[cfg(test)]
mod tests;
