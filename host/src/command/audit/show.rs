//! What a proof found, for people or as JSON.

use gatehouse_domain::{Error, Result};
use gatehouse_engine::audit::{Finding, Report};
use serde_json::Value;

use crate::output::Out;

/// The proof of the whole trail.
pub(super) fn report(report: &Report, json: bool, out: &mut Out<'_>) -> Result<()> {
    if json {
        return out.json(report);
    }
    for chain in &report.chains {
        let name = chain.tenant.map_or_else(|| "operators".to_owned(), |tenant| tenant.to_string());
        let covered = format!("covered up to {}", chain.covered);
        let sign = if chain.broken.is_empty() { "✓" } else { "✗" };
        out.line(format!("{sign} {name}  {} entries, {} pruned, {covered}", chain.entries, chain.pruned))?;
        findings(&name, "entry", &chain.broken, out)?;
    }
    let seen = &report.checkpoints;
    let number = |number: Option<u64>| number.map_or_else(|| "none".to_owned(), |number| number.to_string());
    let sign = if seen.broken.is_empty() { "✓" } else { "✗" };
    let anchored = seen.anchored.map_or_else(String::new, |anchored| format!(", anchored {anchored}"));
    out.line(format!("{sign} checkpoints  oldest {}, newest {}{anchored}", number(seen.oldest), number(seen.newest)))?;
    findings("checkpoints", "checkpoint", &seen.broken, out)
}

/// The proof of one chain, as a server answered it.
pub(super) fn one(found: &Value, json: bool, out: &mut Out<'_>) -> Result<()> {
    if json {
        return out.json(found);
    }
    let name = found.get("tenant").and_then(Value::as_str).unwrap_or("operators");
    let count = |name: &str| found.get(name).and_then(Value::as_u64).unwrap_or_default();
    let broken = found.get("broken").cloned().unwrap_or_default();
    let broken: Vec<Told> = serde_json::from_value(broken)
        .map_err(|error| Error::unavailable("the server's answer does not read; is --url right?").caused_by(error))?;
    let sign = if broken.is_empty() { "✓" } else { "✗" };
    let (entries, pruned, covered) = (count("entries"), count("pruned"), count("covered"));
    out.line(format!("{sign} {name}  {entries} entries, {pruned} pruned, covered up to {covered}"))?;
    let broken: Vec<Finding> = broken.into_iter().map(|Told { number, what }| Finding { number, what }).collect();
    findings(name, "entry", &broken, out)
}

#[derive(serde::Deserialize)]
struct Told {
    number: Option<u64>,
    what: String,
}

fn findings(name: &str, of: &str, broken: &[Finding], out: &mut Out<'_>) -> Result<()> {
    for Finding { number, what } in broken {
        match number {
            Some(number) => out.line(format!("  {name}, {of} {number}: {what}"))?,
            None => out.line(format!("  {name}: {what}"))?,
        }
    }
    Ok(())
}
