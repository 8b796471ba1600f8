//! `gatehouse plugin test`: builds a plugin's folder and plays its fixtures on the compiled component, as a server
//! would run it, without a network.

use std::path::{Path, PathBuf};
use std::time::Instant;

use gatehouse_domain::{Error, Problem, Result};
use gatehouse_sdk::harness;
use gatehouse_sdk::harness::fixture::{self, Case};
use gatehouse_sdk::harness::session::Session;
use serde_json::json;

use super::compile;
use crate::author::codes::Code;
use crate::author::findings::{Finding, Level};
use crate::author::stage::Stage;
use crate::output::Out;

/// What to play.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The plugin's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Play only the cases of this function, or only this case: `get-payment` or `get-payment/example`.
    #[arg(long, value_name = "FUNCTION[/CASE]")]
    only: Option<String>,
    /// Write the outcomes into the fixtures whose requests are right; read them before you keep them.
    #[arg(long)]
    bless: bool,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

/// Builds and plays.
pub(super) fn run(options: &Options, out: &mut Out<'_>) -> Result<()> {
    let made = compile::made_bare(&options.folder)?;
    let stage = Stage::of(made.component, &made.inspection)?;
    let mut findings = Vec::new();
    let cases = cases(&options.folder, &stage, &mut findings);
    let chosen: Vec<&Case> =
        cases.iter().filter(|case| options.only.as_deref().is_none_or(|only| is(case, only))).collect();
    if let Some(only) = options.only.as_deref().filter(|_| chosen.is_empty()) {
        return Err(Error::not_found("fixture", only));
    }
    let begun = Instant::now();
    findings.extend(played(&options.folder, &stage, chosen.iter().copied(), options.bless));
    let took = begun.elapsed();
    if options.json {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        out.json(&json!({ "cases": chosen.len(), "duration_us": took, "findings": findings }))?;
    }
    if findings.iter().any(|finding| finding.level == Level::Error) {
        return Err(failed(&findings, chosen.len()));
    }
    if options.json {
        return Ok(());
    }
    out.line(format!("{} cases pass on the component in {} ms", chosen.len(), took.as_millis()))
}

/// The cases of a folder; what is wrong with their files, and functions without a case, are findings.
pub(super) fn cases(folder: &Path, stage: &Stage, findings: &mut Vec<Finding>) -> Vec<Case> {
    let mut problems = Vec::new();
    let fixtures = folder.join("fixtures");
    let cases = fixture::load(&fixtures, &mut problems);
    findings.extend(problems.into_iter().map(|problem| {
        let (file, message) = problem.split_once(": ").unwrap_or(("fixtures", &problem));
        let file = crate::author::findings::relative(folder, Path::new(file));
        Finding::error(Code::CaseMalformed, file, None, message)
    }));
    for function in stage.functions().into_iter().filter(|function| !fixtures.join(function).is_dir()) {
        let message =
            format!("there is no case for the exported function `{function}`; add {function}/example/input.json");
        findings.push(Finding::error(Code::FunctionWithoutCase, "fixtures", None, message));
    }
    cases
}

/// What plays find wrong.
pub(super) fn played<'c>(
    folder: &Path,
    stage: &Stage,
    cases: impl IntoIterator<Item = &'c Case>,
    bless: bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let functions = stage.functions();
    for case in cases {
        let (answer, seen) = stage.play(case, Session::of(case));
        let problems = match answer {
            None => {
                vec![format!("the gateway exports no function `{}`; it has {}", case.function, functions.join(", "))]
            }
            answer => harness::outcome(case, answer, seen, bless),
        };
        findings.extend(problems.iter().map(|problem| Finding::of_play(folder, case, problem)));
    }
    findings
}

fn is(case: &Case, only: &str) -> bool {
    let name = case.folder.file_name().unwrap_or_default().to_string_lossy();
    case.function == only || format!("{}/{name}", case.function) == only
}

fn failed(findings: &[Finding], cases: usize) -> Error {
    let problems = findings.iter().map(|finding| Problem::at(finding.place(), finding.message.clone())).collect();
    let hint = "where the new outcome is the right one, `--bless` writes it";
    Error::problems(format!("{} problems in {cases} cases; {hint}", findings.len()), problems)
}
