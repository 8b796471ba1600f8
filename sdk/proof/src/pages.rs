//! Lists end and change: a list over three pages or more, an empty one, and for records that are pulled a changed
//! and a deleted one.

use std::collections::BTreeMap;

use gatehouse_sdk::harness::fixture::{Case, Expect};
use serde_json::Value;

use crate::Cell;
use crate::evidence::Evidence;

/// How many pages a list is followed over.
const PAGES: usize = 3;

/// Looks for the pages of a function.
pub(crate) fn cell(evidence: &mut Evidence, function: &str) -> Cell {
    let outputs: Vec<(Case, Value)> = evidence.of(function).filter_map(with_output).collect();
    if !outputs.iter().any(|(case, output)| case.input.get("cursor").is_some() || cursor(output).is_some()) {
        return Cell::Needless("no pages");
    }
    let mut missing = Vec::new();
    let pages = outputs.iter().map(|(_, output)| chain(&outputs, output, 1)).max().unwrap_or_default();
    if pages < PAGES {
        missing.push(format!("{pages} of {PAGES} pages in a row"));
    }
    if !outputs.iter().any(|(_, output)| items(output).is_some_and(Vec::is_empty)) {
        missing.push("an empty page".to_owned());
    }
    if function == "pull" {
        missing.extend(changes(&outputs));
    }
    evidence.missing(function, missing);
    Cell::Shown(format!("{pages} pages, none{}", if function == "pull" { ", changed, deleted" } else { "" }))
}

fn with_output(case: &Case) -> Option<(Case, Value)> {
    match &case.expect {
        Some(Expect::Output(output)) => Some((case.clone(), output.clone())),
        _ => None,
    }
}

/// How many pages follow each other from this one on.
fn chain(all: &[(Case, Value)], output: &Value, depth: usize) -> usize {
    if depth > PAGES {
        return depth;
    }
    let Some(next) = cursor(output) else { return depth };
    let following = all.iter().filter(|(case, _)| case.input.get("cursor").and_then(Value::as_str) == Some(next));
    following.map(|(_, output)| chain(all, output, depth + 1)).max().unwrap_or(depth)
}

fn cursor(output: &Value) -> Option<&str> {
    ["next", "cursor"].iter().find_map(|name| output.get(name)?.as_str())
}

/// The one list of a page.
fn items(output: &Value) -> Option<&Vec<Value>> {
    output.as_object()?.values().find_map(Value::as_array)
}

fn changes(outputs: &[(Case, Value)]) -> Vec<String> {
    let records = || outputs.iter().filter_map(|(_, output)| items(output)).flatten();
    let mut seen: BTreeMap<&str, &Value> = BTreeMap::new();
    let changed = records().any(|record| {
        let id = record.get("id").and_then(Value::as_str).unwrap_or_default();
        seen.insert(id, record).is_some_and(|before| before != record)
    });
    let deleted = records().any(|record| record.get("deleted") == Some(&Value::Bool(true)));
    let mut missing = Vec::new();
    if !changed {
        missing.push("a changed record".to_owned());
    }
    if !deleted {
        missing.push("a deleted record".to_owned());
    }
    missing
}
