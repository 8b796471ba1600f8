//! The tour holds from its first step to its last, and says so with its exit code.

use std::process::Command;

use crate::harness::artefacts::{binary, plugin};

#[test]
fn every_step_of_the_tour_holds() {
    let output = Command::new(binary()).args(["demo", "--plugin"]).arg(plugin("stripe")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Every step held"), "{said}");
}
