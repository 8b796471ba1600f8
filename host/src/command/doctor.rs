//! `gatehouse doctor`: looks at everything the server needs and says how to repair what is
//! wrong. It changes nothing: folders and keys that are missing stay missing.

use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, Result};
use serde::Serialize;

use crate::cli::Exit;
use crate::config::{ConfigArgs, Loaded, Surroundings, load};
use crate::output::Out;

mod folders;
mod root_key;
mod system;
mod telemetry;

/// How to look.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Answer with JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It is right.
    Ok,
    /// It works, and could work better.
    Note,
    /// It has to be repaired.
    Failed,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What was looked at.
    pub(crate) check: &'static str,
    /// How it ended.
    pub(crate) verdict: Verdict,
    /// What was found.
    pub(crate) found: String,
    /// How to repair it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), fix: None }
    }

    pub(crate) fn note(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Note, found: found.into(), fix: Some(fix.into()) }
    }

    pub(crate) fn failed(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Failed, found: found.into(), fix: Some(fix.into()) }
    }
}

/// Looks at everything. The exit code is 1 where something has to be repaired.
pub(crate) fn run(options: &Options, out: &mut Out<'_>) -> Result<Exit> {
    let findings = match load(&options.config, &Surroundings::of_process()) {
        Ok(loaded) => examine(&loaded, &own_program()?),
        Err(error) => {
            let mut findings = configuration_problems(&error);
            findings.extend(system::examine(&own_program()?));
            findings
        }
    };
    if options.json {
        out.json(&findings)?;
    } else {
        show(&findings, out)?;
    }
    let failed = findings.iter().any(|finding| finding.verdict == Verdict::Failed);
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn examine(loaded: &Loaded, program: &Path) -> Vec<Finding> {
    let config = &loaded.config;
    let file = loaded.file.as_ref().map_or_else(|| "no file".to_owned(), |file| file.display().to_string());
    let mut findings = vec![Finding::ok("configuration", format!("can be used ({file})"))];
    findings.extend(folders::examine(config));
    findings.push(root_key::examine(config));
    findings.extend(root_key::examine_needed(config));
    findings.push(system::listen_address(config.listen));
    findings.push(telemetry::traces(&config.telemetry));
    findings.push(telemetry::metrics(config));
    findings.extend(system::examine(program));
    findings
}

fn configuration_problems(error: &Error) -> Vec<Finding> {
    if error.problems.is_empty() {
        return vec![Finding::failed("configuration", &error.message, "correct it and run this again")];
    }
    let finding = |problem: &gatehouse_domain::Problem| {
        Finding::failed("configuration", &problem.message, format!("correct `{}` and run this again", problem.path))
    };
    error.problems.iter().map(finding).collect()
}

fn own_program() -> Result<PathBuf> {
    std::env::current_exe().map_err(|error| Error::unavailable("this program does not find itself").caused_by(error))
}

fn show(findings: &[Finding], out: &mut Out<'_>) -> Result<()> {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    for finding in findings {
        let sign = match finding.verdict {
            Verdict::Ok => "✓",
            Verdict::Note => "–",
            Verdict::Failed => "✗",
        };
        out.line(format!("{sign} {:width$}  {}", finding.check, finding.found))?;
        if let Some(fix) = &finding.fix {
            out.line(format!("  {:width$}  → {fix}", ""))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_line_up_and_fixes_follow() {
        let findings = [
            Finding::ok("a", "fine"),
            Finding::note("long", "slow", "be fast"),
            Finding::failed("b", "gone", "bring it"),
        ];
        let mut text = Vec::new();
        show(&findings, &mut Out::new(&mut text)).unwrap();
        let expect = "✓ a     fine\n– long  slow\n        → be fast\n✗ b     gone\n        → bring it\n";
        assert_eq!(String::from_utf8(text).unwrap(), expect);
    }

    #[test]
    fn every_problem_of_the_configuration_is_a_finding() {
        let problem = |path: &str| gatehouse_domain::Problem::at(path, "is wrong");
        let error = Error::problems("unusable", vec![problem("listen"), problem("data_dir")]);
        let findings = configuration_problems(&error);
        assert_eq!(findings.len(), 2);
        assert!(findings[1].fix.as_ref().unwrap().contains("`data_dir`"));
        assert_eq!(configuration_problems(&Error::invalid("no file"))[0].found, "no file");
    }
}
