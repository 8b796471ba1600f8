//! What a scrape shows is what Prometheus' own linter takes for well-made metrics.

use std::io::Write;
use std::process::{Command, Stdio};

use super::installed;
use crate::observe::metrics::{eventful, scrape};

/// Whether the linter has nothing to say, and what it says.
fn lint(program: &std::path::Path, text: &str) -> (bool, String) {
    let mut command = Command::new(program);
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_linter_has_nothing_to_say() {
    let Some(promtool) = installed("promtool") else { return };
    let (clean, said) = lint(&promtool, "# TYPE wrong counter\nwrong 1\n");
    assert!(!clean && said.contains("_total"), "the check does not check: {said}");
    let story = eventful().await;
    let text = scrape(&story.server).await;
    let (clean, said) = lint(&promtool, &text);
    assert!(clean && said.is_empty(), "{said}");
}

#[test]
fn the_rules_of_the_service_levels_are_rules() {
    let Some(promtool) = installed("promtool") else { return };
    let rules = crate::harness::artefacts::root().join("dashboards/service-levels.rules.yml");
    let output = Command::new(promtool).args(["check", "rules"]).arg(rules).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.contains("10 rules found"), "{said}");
}
