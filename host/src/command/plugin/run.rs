//! `gatehouse plugin run`: one call of a gateway from the author's machine, against its own fixtures as a provider on
//! loopback, or against a real account. The broker is the server's; no secret is printed.

use std::path::PathBuf;
use std::sync::Arc;

use gatehouse_domain::execution::ProviderCall;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_runtime::{Answer, Call, Inspection, Report, Tape};
use serde_json::{Map, Value, json};

use super::compile::{component_of, json_of};
use crate::author::account::{Account, new_key};
use crate::author::recorder::Recorder;
use crate::author::stage::{Stage, code, fault, limits, line};
use crate::author::targets::target;
use crate::output::Out;
use crate::sandbox::{Credential, Options as SandboxOptions, Sandbox};

/// What to call.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(super) what: What,
    /// Let the fixtures answer as this case says, where its requests are what is sent: `get-payment/gone`.
    #[arg(long, value_name = "FUNCTION/CASE", conflicts_with = "secrets_file")]
    answer: Option<String>,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

/// A call and an account.
#[derive(Debug, clap::Args)]
pub(crate) struct What {
    /// The plugin's folder, which is built first, or a built component.
    #[arg(value_name = "DIR or FILE", default_value = ".")]
    pub(super) path: PathBuf,
    /// The capability's code, or `test` for the connection test, `pull`, `push`, `look-up` or `parse`.
    #[arg(long, value_name = "CODE")]
    pub(super) capability: String,
    /// The parameters as JSON, or `@FILE`.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub(super) params: String,
    /// The integration's settings as JSON, or `@FILE`.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    settings: String,
    /// A file with the account's secrets, `api_key = "…"` in lines or a JSON object; without it the fixtures answer.
    #[arg(long, value_name = "FILE")]
    pub(super) secrets_file: Option<PathBuf>,
    /// Act in the provider's own sandbox, where the manifest names one.
    #[arg(long)]
    sandbox: bool,
    /// An origin beyond the manifest's that `settings.base_url` may name, such as <http://127.0.0.1:8420>.
    #[arg(long, value_name = "ORIGIN")]
    allow: Vec<String>,
    /// The key that makes the call's writes safe to repeat [default: a new one].
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// A call that was made.
pub(super) struct Made {
    pub(super) component: (Stage, Inspection),
    pub(super) function: String,
    pub(super) input: Value,
    pub(super) settings: Map<String, Value>,
    pub(super) key: String,
    pub(super) report: Report,
    pub(super) recorder: Arc<Recorder>,
}

/// Calls and shows.
pub(super) fn run(options: &Options, out: &mut Out<'_>) -> Result<()> {
    let made = make(&options.what, options.answer.as_deref())?;
    let calls = made.recorder.session.calls();
    if options.json {
        out.json(&json!({ "outcome": outcome(&made.report), "calls": calls, "log": made.report.log, "cost": made.report.cost }))?;
    } else {
        show(&made.report, &calls, out)?;
    }
    verdict(&made.report)
}

/// Makes the call.
pub(super) fn make(what: &What, answer: Option<&str>) -> Result<Made> {
    let (component, inspection) = component_of(&what.path)?;
    let stage = Stage::of(component, &inspection)?;
    let function = function_of(&stage, &what.capability)?;
    let input = json_of("--params", &what.params)?;
    let Value::Object(settings) = json_of("--settings", &what.settings)? else {
        return Err(Error::invalid("--settings is no JSON object; give one such as {\"region\": \"eu\"}"));
    };
    let target = target(&stage.plugin, &function, &input).map_err(|mut error| {
        error.message = format!("--params does not fit {}: {}", what.capability, error.message);
        error
    })?;
    let key = what.idempotency_key.clone().map_or_else(new_key, Ok)?;
    let manifest = &inspection.manifest;
    let provider = match &what.secrets_file {
        Some(_) => None,
        None => Some(stage.wait(sandbox(&inspection, answer))?),
    };
    let account = match (&what.secrets_file, &provider) {
        (Some(file), _) => Account::of_file(file, manifest, settings.clone())?,
        (None, Some(provider)) => Account::of_sandbox(manifest, provider.base_url(), settings.clone()),
        (None, None) => return Err(Error::internal("there is no account and no sandbox")),
    };
    let account = account.allowing(&what.allow);
    let account = if what.sandbox { account.in_providers_sandbox() } else { account };
    let session = stage.wait(async { account.open(&inspection, &function, &key) })?;
    let recorder = Recorder::of(session);
    let call = Call {
        egress: recorder.clone(),
        settings: account.settings.clone(),
        idempotency_key: key.clone(),
        attempt: 1,
        account: None,
        limits: limits(),
        cancel: None,
        tape: Tape::Off,
    };
    let report = stage.call(target, call);
    if let Some(provider) = provider {
        stage.wait(provider.stop());
    }
    Ok(Made { component: (stage, inspection), function, input, settings, key, report, recorder })
}

/// An error where the call did not succeed, with what the author can do.
pub(super) fn verdict(report: &Report) -> Result<()> {
    match &report.outcome {
        Answer::Ok(_) => Ok(()),
        Answer::Refused(error) => {
            let kind = serde_json::to_value(error.kind).unwrap_or_default();
            let kind = kind.as_str().unwrap_or_default().to_owned();
            Err(Error::new(ErrorKind::Provider, format!("the gateway answered {kind}: {}", error.message)))
        }
        Answer::Fault(found) => Err(Error::invalid(fault(found))),
    }
}

async fn sandbox(inspection: &Inspection, answer: Option<&str>) -> Result<Sandbox> {
    let manifest = &inspection.manifest;
    let Some(fixtures) = &inspection.fixtures else {
        let message = "there are no fixtures to answer; name an account with --secrets-file, or add fixtures";
        return Err(Error::invalid(message));
    };
    let placement = manifest.auth.first().map(|scheme| &scheme.placement);
    let credential = placement.and_then(|placement| Credential::of(placement, &manifest.credential_examples()));
    let sandbox = Sandbox::start(fixtures, SandboxOptions { credential, ..SandboxOptions::of(manifest) }).await?;
    if let Some(answer) = answer {
        let (function, case) = answer.split_once('/').unwrap_or((answer, ""));
        sandbox.prefer(function, case)?;
    }
    Ok(sandbox)
}

/// The function of a code, or one of the contract's own.
fn function_of(stage: &Stage, named: &str) -> Result<String> {
    let functions = stage.functions();
    let found = functions.iter().find(|function| *function == named || code(function).as_deref() == Some(named));
    found.cloned().ok_or_else(|| {
        let known: Vec<String> = functions.iter().map(|one| code(one).unwrap_or_else(|| one.clone())).collect();
        Error::new(
            ErrorKind::NotFound,
            format!("there is no capability `{named}`; the gateway has {}", known.join(", ")),
        )
    })
}

fn outcome(report: &Report) -> Value {
    match &report.outcome {
        Answer::Ok(value) => json!({ "ok": value }),
        Answer::Refused(error) => json!({ "error": error }),
        Answer::Fault(found) => json!({ "fault": found }),
    }
}

fn show(report: &Report, calls: &[ProviderCall], out: &mut Out<'_>) -> Result<()> {
    if let Answer::Ok(value) = &report.outcome {
        out.json(value)?;
    }
    let row = |call: &ProviderCall| {
        let answer = call.status.map(|status| status.to_string()).or_else(|| call.error.clone()).unwrap_or_default();
        let took = format!("{:.1} ms", call.duration_us as f64 / 1000.0);
        vec![call.method.clone(), call.url.clone(), answer, took]
    };
    out.table(&calls.iter().map(row).collect::<Vec<_>>())?;
    report.log.iter().try_for_each(|found| out.line(format!("  log  {}", line(found))))
}
