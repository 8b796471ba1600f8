//! `cargo xtask test`: every check there is, in the order in which a mistake is cheapest to
//! find. Stops at the first failure with the command to run by hand.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::run::{Failure, Result, Step, cargo, human, linted};
use crate::{conformance, peers, plugins};

/// The tests against real programs have this in their names.
const PEER_TESTS: &str = "peer";

/// One line of the closing table.
struct Row {
    name: &'static str,
    took: Duration,
    note: String,
}

/// Runs everything.
pub(crate) fn all(root: &Path) -> Result<()> {
    let started = Instant::now();
    let mut rows = Vec::new();
    for (name, step) in STEPS {
        println!("[{}/{}] {name}", rows.len() + 1, STEPS.len());
        let began = Instant::now();
        match step(root) {
            Ok(note) => rows.push(Row { name, took: began.elapsed(), note }),
            Err(failure) => {
                rows.push(Row { name, took: began.elapsed(), note: format!("FAILED: {}", failure.step) });
                print!("\n{}", table(&rows, started.elapsed()));
                return Err(failure);
            }
        }
    }
    print!("\n{}", table(&rows, started.elapsed()));
    Ok(())
}

/// A step does its work and answers a note for the table.
type Check = fn(&Path) -> Result<String>;

const STEPS: &[(&str, Check)] = &[
    ("format", format),
    ("lint and build", build),
    ("plugins", build_plugins),
    ("test", test),
    ("conformance", conformance::compare),
    ("peers", set_up_peers),
    ("peer tests", test_with_peers),
];

fn format(root: &Path) -> Result<String> {
    Step::new("cargo fmt", cargo(root, ["fmt", "--all", "--check", "--", "--color", "never"])).logged(root).run()?;
    Ok(String::new())
}

/// Everything that the tests need, the host among it. Cargo resolves other features for one package
/// than for all of them, so what comes before the tests must not build one alone, or the larger part
/// of all dependencies is built twice.
fn build(root: &Path) -> Result<String> {
    let command = linted(root, ["build", "--workspace", "--all-targets"]);
    Step::new("cargo clippy and build", command).logged(root).run()?;
    Ok(String::new())
}

fn build_plugins(root: &Path) -> Result<String> {
    let built = plugins::build(root, None, &plugins::binary(root))?;
    let largest = plugins::sizes::check(&built)?;
    Ok(format!("{} plugins of at most {largest} bytes", built.len()))
}

fn test(root: &Path) -> Result<String> {
    let mut command = tests(root, &[]);
    // What talks to peers has its turn once they are installed, or brought up to date.
    command.env("GATEHOUSE_PEERS", root.join("target/xtask/no-peers"));
    let done = Step::new("cargo test", command).logged(root).run()?;
    Ok(format!("{} passed", passed(&done)))
}

/// The tests of the whole workspace, even where only some are run: what was built before is
/// right for these, and so is the binary that they start.
pub(crate) fn tests(root: &Path, arguments: &[&str]) -> Command {
    let mut command = linted(root, ["test", "--workspace"]);
    command.args(arguments).env("GATEHOUSE_BIN", plugins::binary(root));
    // Where the gateways' tests say what they have shown.
    command.env("CONFORMANCE_TABLES", conformance::folder(root));
    command
}

fn set_up_peers(root: &Path) -> Result<String> {
    let states = peers::install(&peers::folder(root))?;
    for state in states.iter().filter(|state| !state.ready) {
        println!("  – {} peers are unavailable: {}", state.name, state.line);
    }
    let ready: Vec<&str> = states.iter().filter(|state| state.ready).map(|state| state.name).collect();
    Ok(if ready.is_empty() { "unavailable".to_owned() } else { ready.join(", ") })
}

fn test_with_peers(root: &Path) -> Result<String> {
    let peers = peers::folder(root);
    if !peers::states(&peers).iter().any(|state| state.ready) {
        return Ok("skipped, as no peer is available".to_owned());
    }
    let done = peer_tests(tests(root, &["--test", "it", "--test", "fixtures", "--", PEER_TESTS]), &peers, root)?;
    Ok(format!("{done} passed"))
}

/// Runs the tests against peers; none at all is a failure, as nothing would have been tested.
fn peer_tests(mut command: Command, peers: &Path, root: &Path) -> Result<usize> {
    command.env("GATEHOUSE_PEERS", peers);
    let by_hand = crate::run::command_line(&command);
    let done = Step::new("cargo test with peers", command).logged(root).run()?;
    match passed(&done) {
        0 => {
            let reason = format!("no test in `it` or `fixtures` has `{PEER_TESTS}` in its name, so nothing was tested");
            Err(Failure { by_hand: Some(by_hand), ..Failure::new("peer tests", reason) })
        }
        count => Ok(count),
    }
}

/// How many tests passed, over all the binaries of a run.
fn passed(lines: &[String]) -> usize {
    let counts = lines.iter().filter_map(|line| line.trim().strip_prefix("test result: ok. "));
    counts.filter_map(|rest| rest.split_once(" passed")?.0.parse::<usize>().ok()).sum()
}

fn table(rows: &[Row], whole: Duration) -> String {
    let mut text = String::new();
    for row in rows {
        text += format!("{:<16}{:>8}  {}", row.name, human(row.took), row.note).trim_end();
        text.push('\n');
    }
    text + &format!("{:<16}{:>8}\n", "all", human(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_added_up() {
        let lines: Vec<String> = [
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "running 3 tests",
            "test result: ok. 30 passed; 0 failed",
            "test result: FAILED. 9 passed; 1 failed",
        ]
        .map(str::to_owned)
        .into();
        assert_eq!(passed(&lines), 42);
        assert_eq!(passed(&[]), 0);
    }

    #[test]
    fn the_table_lines_up() {
        let rows = [
            Row { name: "format", took: Duration::from_millis(1200), note: String::new() },
            Row { name: "test", took: Duration::from_secs(187), note: "42 passed".to_owned() },
        ];
        let expect = "format              1.2s\ntest               3m07s  42 passed\nall                3m08s\n";
        assert_eq!(table(&rows, Duration::from_secs(188)), expect);
    }

    #[test]
    fn a_run_without_peer_tests_is_a_failure() {
        let root = std::env::temp_dir().join(format!("xtask-test-{}", std::process::id()));
        for (says, expect) in [("0 passed", None), ("3 passed", Some(3))] {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("echo \"test result: ok. {says}; in $GATEHOUSE_PEERS\"")]);
            assert_eq!(peer_tests(command, Path::new("/peers"), &root).ok(), expect);
        }
        std::fs::remove_dir_all(&root).unwrap();
    }
}
