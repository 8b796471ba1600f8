//! Amounts and scripts: where a function is given money, currencies with no, two and three decimals; where it moves
//! words, letters beyond ASCII.

use std::collections::BTreeSet;

use gatehouse_sdk::harness::fixture::{Case, Expect};
use gatehouse_sdk::money::decimals;
use serde_json::Value;

use crate::Cell;
use crate::evidence::{CONTRACT, Evidence};

/// Fields that hold words of people.
const WORDS: [&str; 9] = ["name", "first_name", "last_name", "description", "subject", "text", "body", "title", "note"];

/// How many decimals there are to be.
const PLACES: [u32; 3] = [0, 2, 3];

/// What was seen in values.
#[derive(Default)]
struct Seen {
    places: BTreeSet<u32>,
    words: bool,
    unicode: bool,
}

/// Looks for the amounts and the words of a function.
pub(crate) fn cell(evidence: &mut Evidence, function: &str) -> Cell {
    let all = Seen::of(evidence.of(function).flat_map(values));
    let mut given = Seen::of(evidence.of(function).map(|case| &case.input));
    // A look-up is given the parameters of the call it looks for.
    if CONTRACT.contains(&function) {
        given = Seen::default();
    }
    let mut missing = if given.places.is_empty() { Vec::new() } else { absent(&given.places) };
    if given.words && !given.unicode {
        missing.push("letters beyond ASCII".to_owned());
    }
    evidence.missing(function, missing);
    let places: Vec<_> = all.places.iter().map(ToString::to_string).collect();
    match (places.is_empty(), all.unicode) {
        (true, false) => Cell::Needless("no amounts, no words"),
        (true, true) => Cell::Shown("unicode".to_owned()),
        (false, unicode) => {
            Cell::Shown(format!("{} decimals{}", places.join(" "), if unicode { ", unicode" } else { "" }))
        }
    }
}

/// A gateway that moves money at all shows every number of decimals somewhere, if only in what it reads.
pub(crate) fn check_all(evidence: &mut Evidence) {
    let all = Seen::of(evidence.cases.iter().flat_map(values));
    if !all.places.is_empty() {
        evidence.missing("*", absent(&all.places));
    }
}

fn absent(places: &BTreeSet<u32>) -> Vec<String> {
    let absent = PLACES.into_iter().filter(|wanted| !places.contains(wanted));
    absent.map(|wanted| format!("an amount with {wanted} decimals")).collect()
}

/// What goes in and comes out.
fn values(case: &Case) -> impl Iterator<Item = &Value> {
    let output = match &case.expect {
        Some(Expect::Output(output)) => Some(output),
        _ => None,
    };
    std::iter::once(&case.input).chain(output)
}

/// Reads every text with the name of its field; texts that are JSON themselves, as records of a sync are, too.
fn walk(field: &str, value: &Value, seen: &mut Seen) {
    match value {
        Value::Object(fields) => {
            let currency = fields.get("currency").and_then(Value::as_str);
            seen.places.extend(currency.filter(|_| fields.contains_key("minor_units")).map(decimals));
            fields.iter().for_each(|(name, value)| walk(name, value, seen));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(field, item, seen)),
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(record) if field == "data" => walk("", &record, seen),
            _ => seen.text(field, text),
        },
        _ => {}
    }
}

impl Seen {
    fn of<'v>(values: impl Iterator<Item = &'v Value>) -> Self {
        let mut seen = Self::default();
        values.for_each(|value| walk("", value, &mut seen));
        seen
    }

    fn text(&mut self, field: &str, text: &str) {
        self.words |= WORDS.contains(&field);
        self.unicode |= !text.is_ascii();
    }
}
