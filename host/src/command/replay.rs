//! `gatehouse replay`: the recorded call of an execution, run again on any version of its plugin.
//! The server runs it from the recording; nothing is sent to the provider.

use clap::Args;
use gatehouse_domain::Result;
use gatehouse_domain::id::ExecutionId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::Exit;
use crate::output::Out;
use crate::remote::{Remote, Server};

/// What to run, and on what.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    server: Server,
    /// The execution's id. Its call has to have been recorded.
    execution: ExecutionId,
    /// The version of its plugin to run it on [default: the one that it was recorded with].
    #[arg(long, value_name = "VERSION")]
    plugin: Option<String>,
}

/// Runs it. What does not do what it did is a failure.
pub(crate) fn run(ask: &Options, out: &mut Out<'_>) -> Result<Exit> {
    let path = format!("/executions/{}/rehearse", ask.execution);
    let body = json!({ "version": ask.plugin });
    let found = Remote::new(&ask.server)?.send(Method::POST, &path, Some(&body))?;
    if ask.server.json {
        out.json(&found)?
    } else {
        show(&found, out)?
    }
    let verdict = text(&found, "/verdict");
    Ok(if matches!(verdict, "identical" | "added") { Exit::Done } else { Exit::Failed })
}

fn show(found: &Value, out: &mut Out<'_>) -> Result<()> {
    let (from, to) = (text(found, "/cassette/plugin/version"), text(found, "/plugin/version"));
    let requests = found.get("requests").and_then(Value::as_u64).unwrap_or_default();
    let function = text(found, "/cassette/function");
    let sign = if matches!(text(found, "/verdict"), "identical" | "added") { "✓" } else { "✗" };
    let plugin = text(found, "/plugin/id");
    out.line(format!(
        "{sign} {function} of {plugin} {from}, run on {to}: {}; {requests} requests, none of them sent",
        text(found, "/verdict")
    ))?;
    if text(found, "/against") == "own_version" {
        out.line(format!(
            "  {from} does not do today what was recorded; {to} is compared with what {from} does today"
        ))?;
    }
    for difference in found.get("differences").and_then(Value::as_array).into_iter().flatten() {
        out.line(format!("  - {} {}", text(difference, "/path"), text(difference, "/message")))?;
        for side in ["before", "after"] {
            let value = difference.pointer(&format!("/data/{side}")).unwrap_or(&Value::Null);
            if !value.is_null() {
                out.line(format!("      {side:6} {value}"))?;
            }
        }
    }
    Ok(())
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
