//! The offline harness: it runs a gateway natively against its fixture folder, in milliseconds.
//! It never opens a socket; the host's functions are played from the fixtures.
//!
//! The fixture format is described in the README; the host and the sandbox read the same files.

pub mod compare;
pub mod dispatch;
pub mod fixture;
mod play;
pub mod session;
pub mod trial;

use std::path::Path;

pub use dispatch::Answer;
pub use play::outcome;
pub use serde_json::Value;

/// A gateway as the harness calls it. [`crate::export_gateway!`] implements it.
pub trait Gateway {
    /// The WIT names of the exported functions.
    fn functions() -> Vec<&'static str>;

    /// Calls a function by its WIT name with its parameters as JSON. `None` where it is not exported.
    fn call(function: &str, input: &Value) -> Option<Answer>;
}

/// Plays every fixture of a folder and fails the test with one readable text about all that is wrong.
/// With `GATEHOUSE_BLESS=1` in the environment it writes the outcomes into the fixtures instead.
///
/// # Panics
/// Where a fixture does not fit the gateway; this is how a test fails.
#[track_caller]
#[allow(clippy::panic, reason = "a test assertion, in native builds only")]
pub fn run<G: Gateway>(folder: impl AsRef<Path>) {
    let bless = std::env::var_os("GATEHOUSE_BLESS").is_some_and(|value| value == "1");
    if let Err(report) = check::<G>(folder.as_ref(), bless) {
        panic!("{report}");
    }
}

/// Plays every fixture of a folder, and answers how many there were.
///
/// # Errors
/// A text about everything that is wrong: file, JSON path, what was expected and what was found.
pub fn check<G: Gateway>(folder: &Path, bless: bool) -> Result<usize, String> {
    let mut problems = Vec::new();
    let cases = fixture::load(folder, &mut problems);
    let functions = G::functions();
    for case in &cases {
        let found = if functions.contains(&case.function.as_str()) {
            play::play::<G>(case, bless)
        } else {
            vec![format!("the gateway exports no function `{}`; it has {}", case.function, functions.join(", "))]
        };
        problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", case.folder.display())));
    }
    for function in functions {
        if !cases.iter().any(|case| case.function == function) {
            problems.push(format!("{}: no case for the exported function `{function}`", folder.display()));
        }
    }
    if problems.is_empty() {
        return Ok(cases.len());
    }
    Err(format!("{} problems in {} fixtures\n\n{}\n", problems.len(), cases.len(), problems.join("\n\n")))
}
