//! What a component shows that somebody else wrote: the proofs that its manifest and its fixtures allow, without the
//! provider's description and without peers.

use crate::evidence::Evidence;
use crate::trouble::{self, Play};
use crate::{amounts, manifest, pages};

/// What was found.
#[derive(Debug, Default)]
pub struct Audit {
    /// What is wrong: the manifest does not tell the truth, or the host would be told what is not.
    pub wrong: Vec<String>,
    /// What no fixture shows yet: pages, currencies, scripts. The catalogue wants them.
    pub unshown: Vec<String>,
    /// How many times the provider was in trouble.
    pub trials: usize,
}

/// Makes the proofs; `play` plays a case with trouble from a request on.
pub fn audit(mut evidence: Evidence, play: &mut Play<'_>) -> Audit {
    manifest::check(&mut evidence);
    let functions = evidence.functions.clone();
    let trials = functions.iter().map(|function| trouble::check(&mut evidence, function, play)).sum();
    let wrong = std::mem::take(&mut evidence.problems);
    for function in &functions {
        pages::cell(&mut evidence, function);
        amounts::cell(&mut evidence, function);
    }
    // What functions that are given money lack, the whole need not be told to lack again.
    if !evidence.problems.iter().any(|problem| problem.ends_with("decimals")) {
        amounts::check_all(&mut evidence);
    }
    Audit { wrong, unshown: evidence.problems, trials }
}
