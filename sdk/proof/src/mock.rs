//! A server made of the provider's own description, which refuses requests that do not fit it: Prism. It is sent
//! every request of the good fixtures, which are what the gateway sends, and wrong ones that it has to refuse.

mod program;
mod replay;

use std::path::Path;

use gatehouse_sdk::conformance::{Document, is_listed};
use gatehouse_sdk::harness::Gateway;
use gatehouse_sdk::harness::fixture::{Case, Expect};

use crate::evidence::{Evidence, name_of};
use crate::{Claims, FIXTURES};

/// Sends what the gateway sends to a mock of each of its documents. Where the mock is not installed, or a document
/// is not at hand, it says so in one line.
///
/// # Panics
/// Where a request is refused, or none of the wrong ones is; this is how a test fails.
#[track_caller]
#[allow(clippy::panic, clippy::print_stdout, reason = "a test assertion that says why it was skipped")]
pub fn understands<G: Gateway>(claims: &Claims<'_>) {
    let evidence = match Evidence::gather::<G>(Path::new(FIXTURES), claims) {
        Ok(evidence) => evidence,
        Err(problem) => panic!("{problem}"),
    };
    let Some(program) = program::installed() else {
        println!("skipped: the peer prism is not installed; `cargo xtask peers install` installs it");
        return;
    };
    if !gatehouse_sdk::conformance::at_hand(&claims.rules) {
        println!("skipped: the provider's document is not at hand; set GATEHOUSE_SPECS to its folder");
        return;
    }
    if let Err(problems) = replay::all(&program, &evidence, claims) {
        panic!("{} problems\n\n{}\n", problems.len(), problems.join("\n"));
    }
}

/// Whether requests of a function are sent to a mock.
pub(crate) fn covers(evidence: &Evidence, claims: &Claims<'_>, function: &str) -> bool {
    claims.source.is_document()
        && evidence
            .of(function)
            .any(|case| is_sent(case, claims) && claims.rules.documents.iter().any(|document| has(case, document)))
}

/// Whether a case's requests are ones that the mock has to understand.
fn is_sent(case: &Case, claims: &Claims<'_>) -> bool {
    let beyond = claims.beyond_mock.iter().any(|(listed, _)| ["*", case.function.as_str()].contains(listed));
    let name = name_of(case);
    let beyond_alone = claims.beyond_mock.iter().any(|(listed, _)| *listed == name);
    matches!(case.expect, Some(Expect::Output(_)))
        && !beyond
        && !beyond_alone
        && !is_listed(case, claims.rules.odd_requests)
}

/// Whether one of a case's requests is for a document.
fn has(case: &Case, document: &Document<'_>) -> bool {
    case.exchange.iter().any(|exchange| exchange.request.path.starts_with(document.strip))
}
