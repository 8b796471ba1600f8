//! `gatehouse plugin check`: whether manifest, exports, fixtures and README of a plugin agree, what it may do, and
//! what the host would be told when its provider is in trouble.

use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, Result};
use gatehouse_proof::{Evidence, audit};
use gatehouse_runtime::Inspection;
use gatehouse_sdk::harness::fixture::Case;
use gatehouse_sdk::harness::session::Session;
use gatehouse_sdk::harness::trial::{Trial, Trouble};
use serde_json::json;

use super::compile::{self, Made};
use super::{inspect, test};
use crate::author::findings::{Finding, Level};
use crate::author::stage::Stage;
use crate::output::{Out, bytes};

mod exceptions;
mod files;
mod secrets;

/// What to check.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The plugin's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

/// What was found, and how much was looked at.
pub(super) struct Checked {
    pub(super) findings: Vec<Finding>,
    pub(super) cases: usize,
    /// How many times the provider was in trouble.
    pub(super) trials: usize,
}

impl Checked {
    /// How many findings there are of a level, but those that are allowed.
    pub(super) fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level && finding.allowed.is_none()).count()
    }

    /// How many findings are allowed.
    fn allowed(&self) -> usize {
        self.findings.iter().filter(|finding| finding.allowed.is_some()).count()
    }

    /// An error where something does not work.
    pub(super) fn verdict(&self) -> Result<()> {
        match self.count(Level::Error) {
            0 => Ok(()),
            count => Err(Error::invalid(format!("{count} of these are errors; mend them before it is published"))),
        }
    }
}

/// Builds, checks and tells.
pub(super) fn run(options: &Options, out: &mut Out<'_>) -> Result<()> {
    let made = compile::made_bare(&options.folder)?;
    let checked = check(&options.folder, &made)?;
    if options.json {
        out.json(&as_json(&made.inspection, &checked))?;
    } else {
        show(&made.inspection, &checked, out)?;
    }
    checked.verdict()
}

/// Looks at everything.
pub(super) fn check(folder: &Path, made: &Made) -> Result<Checked> {
    let mut findings = files::check(folder, &made.inspection);
    findings.extend(secrets::check(&made.inspection.manifest));
    if made.inspection.manifest.helper {
        return Ok(Checked { findings: exceptions::apply(folder, findings), cases: 0, trials: 0 });
    }
    let stage = Stage::of(made.component.clone(), &made.inspection)?;
    let cases = test::cases(folder, &stage, &mut findings);
    findings.extend(test::played(folder, &stage, &cases, false));
    let functions = stage.functions();
    let evidence = Evidence::about(made.inspection.manifest.clone(), functions.clone(), cases.clone());
    let found = audit(evidence, &mut |case: &Case, at: usize, trouble: Trouble| {
        let (answer, seen) = stage.play(case, Session::in_trouble(case, at, trouble));
        Trial { answer, sent: seen.sent }
    });
    findings.extend(found.wrong.iter().map(|problem| Finding::of_proof(Level::Error, &functions, problem)));
    findings.extend(found.unshown.iter().map(|problem| Finding::of_proof(Level::Warning, &functions, problem)));
    let mut findings = exceptions::apply(folder, findings);
    findings.sort_by_key(|finding| (finding.allowed.is_some(), finding.level));
    Ok(Checked { findings, cases: cases.len(), trials: found.trials })
}

fn as_json(inspection: &Inspection, checked: &Checked) -> serde_json::Value {
    let manifest = &inspection.manifest;
    json!({
        "plugin": manifest.id,
        "version": manifest.version,
        "size": inspection.size,
        "errors": checked.count(Level::Error),
        "warnings": checked.count(Level::Warning),
        "allowed": checked.allowed(),
        "cases": checked.cases,
        "trials": checked.trials,
        "findings": checked.findings,
        "sheet": inspection.sheet,
    })
}

fn show(inspection: &Inspection, checked: &Checked, out: &mut Out<'_>) -> Result<()> {
    let manifest = &inspection.manifest;
    out.line(format!("{} {}, {}", manifest.id, manifest.version, bytes(inspection.size)))?;
    inspect::show_sheet(&inspection.sheet, out)?;
    out.line(format!(
        "\n{} cases played, {} times with the provider in trouble: {} errors, {} warnings, {} allowed",
        checked.cases,
        checked.trials,
        checked.count(Level::Error),
        checked.count(Level::Warning),
        checked.allowed()
    ))?;
    show_findings(checked, out)
}

/// Each finding in a line.
pub(super) fn show_findings(checked: &Checked, out: &mut Out<'_>) -> Result<()> {
    for finding in &checked.findings {
        let level = if finding.level == Level::Error { "error" } else { "warning" };
        let (place, message, code) = (finding.place(), &finding.message, finding.code.name());
        match &finding.allowed {
            None => out.line(format!("  {level}  {place}: {message} [{code}]"))?,
            Some(reason) => out.line(format!("  allowed  {place}: {message} [{code}], as {reason}"))?,
        }
    }
    Ok(())
}
