//! The table's rows: one for each function, one cell for each proof, as they are shown and kept.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use gatehouse_sdk::conformance::{self, Checked};
use gatehouse_sdk::harness::{Gateway, trial};

use crate::evidence::Evidence;
use crate::{Claims, Source, amounts, mock, pages, trouble};

/// What was found for one proof of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// The proof was made, and this is it.
    Shown(String),
    /// There is nothing to prove, and this is why.
    Needless(&'static str),
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shown(what) => f.write_str(what),
            Self::Needless(why) => write!(f, "({why})"),
        }
    }
}

/// The five proofs of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The WIT name of the function.
    pub function: String,
    /// How many requests and answers fit the provider's document.
    pub document: Cell,
    /// The real programs it was played against.
    pub peers: Cell,
    /// How many times the provider was in trouble.
    pub trouble: Cell,
    /// How lists end and change.
    pub pages: Cell,
    /// Currencies and scripts.
    pub amounts: Cell,
}

/// Makes every proof of every function. What is missing goes to the evidence's problems.
pub(crate) fn rows<G: Gateway>(evidence: &mut Evidence, claims: &Claims<'_>) -> Vec<Row> {
    let documents = documents(evidence, claims);
    let functions = evidence.functions.clone();
    let row = |function: String| Row {
        document: document(evidence, claims, documents.as_ref(), &function),
        peers: peers(evidence, claims, &function),
        trouble: trials::<G>(evidence, &function),
        pages: pages::cell(evidence, &function),
        amounts: amounts::cell(evidence, &function),
        function,
    };
    functions.into_iter().map(row).collect()
}

/// Writes the rows as the table `<folder>/<plugin>.md`.
///
/// # Errors
/// A text about the file that can not be written.
pub(crate) fn write(folder: &Path, plugin: &str, rows: &[Row]) -> Result<(), String> {
    let path = folder.join(format!("{plugin}.md"));
    let mut text = "| function | document | real programs | in trouble | lists | amounts, words |\n".to_owned();
    text += "|---|---|---|---|---|---|\n";
    for Row { function, document, peers, trouble, pages, amounts } in rows {
        text += &format!("| {function} | {document} | {peers} | {trouble} | {pages} | {amounts} |\n");
    }
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
    written.map_err(|error| format!("{} can not be written: {error}", path.display()))
}

/// What fits the provider's documents, by function; `None` where they are not at hand.
fn documents(evidence: &mut Evidence, claims: &Claims<'_>) -> Option<BTreeMap<String, Checked>> {
    if !claims.source.is_document() || !conformance::at_hand(&claims.rules) {
        return None;
    }
    match conformance::by_function(&evidence.cases, &claims.rules) {
        Ok(checked) => Some(checked),
        Err(problems) => {
            evidence.problems.extend(problems);
            None
        }
    }
}

fn document(
    evidence: &mut Evidence,
    claims: &Claims<'_>,
    documents: Option<&BTreeMap<String, Checked>>,
    function: &str,
) -> Cell {
    if !evidence.of(function).any(|case| !case.exchange.is_empty()) {
        return Cell::Needless("sends nothing");
    }
    let by = match claims.source {
        Source::Pages => return Cell::Shown("pages".to_owned()),
        Source::Model => return Cell::Shown("the provider's model".to_owned()),
        Source::Provider => "",
        Source::ThirdParty => ", third party's",
    };
    let Some(documents) = documents else { return Cell::Needless("document not at hand") };
    match documents.get(function) {
        Some(Checked { requests, responses }) if *requests > 0 => {
            Cell::Shown(format!("{requests} requests, {responses} answers{by}"))
        }
        _ => match evidence.exception(&format!("{function}/document")) {
            Some(why) => Cell::Shown(format!("pages: {why}")),
            None => {
                evidence.problems.push(format!("{function}: no request of it was held against a document"));
                Cell::Shown(String::new())
            }
        },
    }
}

fn peers(evidence: &mut Evidence, claims: &Claims<'_>, function: &str) -> Cell {
    if function != "parse" && evidence.of(function).all(|case| case.exchange.is_empty()) {
        return Cell::Needless("sends nothing");
    }
    let of = |name: &str| -> Vec<&str> {
        claims.peers.iter().filter(|(listed, _)| *listed == name).map(|(_, peer)| *peer).collect()
    };
    let own = of(function);
    let mut named = if own.is_empty() { of("*") } else { own };
    if mock::covers(evidence, claims, function) {
        named.insert(0, "Prism");
    }
    if !named.is_empty() {
        return Cell::Shown(named.join(", "));
    }
    let beyond = claims.beyond_mock.iter().find(|(listed, _)| *listed == function);
    let why = evidence.exception(&format!("{function}/peer")).or(beyond.map(|(_, why)| (*why).to_owned()));
    // What no document has, no server made of it has either.
    match why.or_else(|| evidence.exception(&format!("{function}/document"))) {
        Some(why) => Cell::Shown(why),
        None => {
            evidence.problems.push(format!("{function}: no peer is named, and no exception says why there is none"));
            Cell::Shown(String::new())
        }
    }
}

fn trials<G: Gateway>(evidence: &mut Evidence, function: &str) -> Cell {
    match trouble::check(evidence, function, &mut trial::play::<G>) {
        0 => Cell::Needless("sends nothing"),
        count => Cell::Shown(format!("{count} trials")),
    }
}
