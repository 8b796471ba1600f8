//! `gatehouse plugin record`: one call to a real account becomes a fixture, which is played at once to show that it
//! holds. What is secret was taken out by the broker; what is personal is named by the author.

use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Answer;
use gatehouse_sdk::harness::fixture;
use serde_json::{Map, Value, json};

use super::run::{self, What};
use super::test;
use crate::author::findings::Level;
use crate::author::recorder::{redact, replace};
use crate::author::sdk;
use crate::author::stage::fault;
use crate::output::Out;

/// The key of a call whose fixture names no other.
const PLAYED_KEY: &str = "fixture-key";

/// What to record.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    what: What,
    /// The case's name: lower-case letters, digits and `_`.
    #[arg(long, value_name = "NAME")]
    case: String,
    /// A field whose text is replaced, wherever that text stands: `email`. Can be given several times.
    #[arg(long, value_name = "FIELD")]
    redact: Vec<String>,
}

/// Calls, writes and plays.
pub(super) fn run(options: &Options, out: &mut Out<'_>) -> Result<()> {
    let folder = checked(options)?;
    let made = run::make(&options.what, None)?;
    let (name, outcome) = match &made.report.outcome {
        Answer::Ok(value) => ("output", value.clone()),
        Answer::Refused(error) => ("error", json!(error)),
        Answer::Fault(found) => return Err(Error::invalid(fault(found))),
    };
    let mut whole = json!({ "exchange": made.recorder.exchange(), name: outcome });
    if let Some(fields) = whole.as_object_mut() {
        if made.input.as_object().is_none_or(|input| !input.is_empty()) {
            fields.insert("input".to_owned(), made.input.clone());
        }
        // Where the account's stand-in is on this machine is nobody else's business.
        let mut settings = made.settings.clone();
        settings.remove("base_url");
        if !settings.is_empty() {
            fields.insert("context".to_owned(), json!({ "settings": settings }));
        }
    }
    replace(&mut whole, &made.key, PLAYED_KEY);
    redact(&mut whole, &options.redact);
    let case = folder.join("fixtures").join(&made.function).join(&options.case);
    write(&case, whole.as_object().into_iter().flatten().filter(|(_, part)| !is_empty(part)))?;
    let (stage, _) = &made.component;
    let cases = fixture::load(&folder.join("fixtures"), &mut Vec::new());
    // Records and events have their data as text there, which the play writes.
    let recorded: Vec<_> = cases.iter().filter(|found| found.folder == case).collect();
    let bless = matches!(made.function.as_str(), "pull" | "parse");
    let findings = test::played(&folder, stage, recorded.iter().copied(), bless);
    if let Some(finding) = findings.iter().find(|finding| finding.level == Level::Error) {
        let message =
            format!("{} was recorded and does not play: {}: {}", case.display(), finding.place(), finding.message);
        return Err(Error::invalid(message));
    }
    let count = made.recorder.exchange().len();
    out.line(format!("{} has {count} requests and plays; read it for personal data before you keep it", case.display()))
}

/// The folder, where it is one and the case is new.
fn checked(options: &Options) -> Result<PathBuf> {
    let folder = &options.what.path;
    if !folder.join("plugin.toml").is_file() {
        return Err(Error::invalid(format!("{} has no plugin.toml; name a plugin's folder", folder.display())));
    }
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if options.case.is_empty() || !options.case.chars().all(fits) {
        let message = format!("`{}` is no case's name; use lower-case letters, digits and `_`", options.case);
        return Err(Error::invalid(message));
    }
    if options.what.secrets_file.is_none() {
        return Err(Error::invalid("there is no account to record; name its secrets with --secrets-file"));
    }
    let function = options.what.capability.to_ascii_lowercase().replace('_', "-");
    let case = folder.join("fixtures").join(function).join(&options.case);
    if case.exists() {
        return Err(Error::conflict(format!("{} is there already; choose another --case", case.display())));
    }
    Ok(folder.clone())
}

fn is_empty(part: &Value) -> bool {
    part.as_array().is_some_and(Vec::is_empty)
}

fn write<'p>(folder: &Path, parts: impl Iterator<Item = (&'p String, &'p Value)>) -> Result<()> {
    let parts: Map<String, Value> = parts.map(|(name, part)| (name.clone(), part.clone())).collect();
    parts.iter().try_for_each(|(name, part)| sdk::write(&folder.join(format!("{name}.json")), &format!("{part:#}\n")))
}
