//! `gatehouse plugin inspect`: what a component can do and may do. None of its code runs, and
//! nothing that it says of itself can reach the terminal as a control sequence.

use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_domain::capability::{Capability, Effect};
use gatehouse_domain::sheet::PermissionSheet;
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Inspection;
use serde_json::{Map, Value, json};

use crate::output::{Out, bytes};
use crate::server::signature_beside;

/// What to show.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The component.
    #[arg(value_name = "FILE")]
    component: PathBuf,
    /// Leave the JSON Schemas of the capabilities out.
    #[arg(long)]
    brief: bool,
    /// Answer with JSON, schemas included.
    #[arg(long)]
    json: bool,
}

/// Shows it.
pub(super) fn run(options: &Options, out: &mut Out<'_>) -> Result<()> {
    let shown = options.component.display();
    let component = fs::read(&options.component)
        .map_err(|error| Error::invalid(format!("{shown} can not be read")).caused_by(error))?;
    let inspection = Inspection::of(&component)?;
    if options.json {
        return out.json(&as_json(&inspection)?);
    }
    show(&inspection, out)?;
    out.line(format!("\nsignature\n  {}", signature_of(&options.component)))?;
    if options.brief { Ok(()) } else { show_schemas(&inspection.capabilities, out) }
}

/// Whether a signature stands beside it. Whether it is good takes the publisher's key.
fn signature_of(component: &Path) -> String {
    let file = signature_beside(component);
    if file.exists() {
        return format!("{}, not checked here: `gatehouse plugin verify` does", file.display());
    }
    "unsigned: nobody stands for it".to_owned()
}

/// The inspection with the names of its fixtures in their place, as those are long.
fn as_json(inspection: &Inspection) -> Result<Value> {
    let mut json = serde_json::to_value(inspection)
        .map_err(|error| Error::internal("the inspection has no JSON form").caused_by(error))?;
    if let Some(fields) = json.as_object_mut() {
        fields.insert("fixtures".to_owned(), json!(cases(inspection)));
    }
    Ok(json)
}

fn show(inspection: &Inspection, out: &mut Out<'_>) -> Result<()> {
    let manifest = &inspection.manifest;
    out.line(format!("{} {}: {}", manifest.id, manifest.version, manifest.description))?;
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let flags = [
        ("connection test", inspection.has_connection),
        ("sync", inspection.has_sync),
        ("webhooks", inspection.has_webhook),
        ("look-up of lost answers", inspection.has_outcomes),
        ("registering of its endpoint", inspection.has_registrations),
        ("the provider's list of events", inspection.has_backfill),
    ];
    let extras: Vec<&str> = flags.into_iter().filter_map(|(name, has)| has.then_some(name)).collect();
    out.table(&[
        row("provider", format!("{} ({})", manifest.name, manifest.provider)),
        row("publisher", format!("{}, {}", manifest.publisher, manifest.license)),
        row("category", manifest.category.clone()),
        row("contract", manifest.contract.to_string()),
        row("size", bytes(inspection.size)),
        row("digest", format!("sha256:{}", inspection.digest)),
        row("also has", or_none(&extras.join(", "))),
        row("fixtures", count(cases(inspection).values().filter_map(Value::as_array).map(Vec::len).sum(), "case")),
    ])?;
    out.line(format!("\n{}", count(inspection.capabilities.len(), "capability")))?;
    out.table(&inspection.capabilities.iter().map(capability_row).collect::<Vec<_>>())?;
    show_sheet(&inspection.sheet, out)
}

fn capability_row(capability: &Capability) -> Vec<String> {
    let effect = match capability.effect {
        Effect::Read => "read",
        Effect::Write => "write",
    };
    let summary = capability.description.lines().next().unwrap_or_default();
    vec![capability.code.clone(), effect.to_owned(), capability.interface.clone(), summary.to_owned()]
}

/// What it may do, for people.
pub(super) fn show_sheet(sheet: &PermissionSheet, out: &mut Out<'_>) -> Result<()> {
    out.line("\nmay send")?;
    let requests =
        sheet.requests.iter().map(|rule| vec![rule.host.clone(), rule.methods.join(" "), rule.paths.join("  ")]);
    out.table(&requests.collect::<Vec<_>>())?;
    out.line("\nsecrets, attached by the host and never seen by the plugin")?;
    let secrets = sheet.secrets.iter().map(|secret| vec![secret.field.clone(), secret.attached.clone()]);
    out.table(&secrets.collect::<Vec<_>>())?;
    if let Some(oauth) = &sheet.oauth {
        out.line("\nsigns in with OAuth, by the host; the plugin sees no token")?;
        let rows = [
            ("at", &oauth.urls),
            ("asks for", &oauth.scopes),
            ("keeps in the open", &oauth.facts),
            ("puts the token into", &oauth.attached),
        ];
        out.table(&rows.map(|(what, items)| vec![what.to_owned(), items.join("  ")]))?;
    }
    out.line("\nunderstands these events")?;
    out.table(&sheet.events.iter().map(|event| vec![event.clone()]).collect::<Vec<_>>())?;
    out.line("\nimports")?;
    out.table(&sheet.imports.iter().map(|import| vec![import.clone()]).collect::<Vec<_>>())
}

fn show_schemas(capabilities: &[Capability], out: &mut Out<'_>) -> Result<()> {
    for capability in capabilities {
        out.line(format!("\n{} parameters", capability.code))?;
        out.json(&capability.parameters_schema)?;
        out.line(format!("\n{} result", capability.code))?;
        out.json(&capability.result_schema)?;
    }
    Ok(())
}

/// The names of the cases, by function.
fn cases(inspection: &Inspection) -> Map<String, Value> {
    let functions = inspection.fixtures.iter().filter_map(Value::as_object).flatten();
    functions
        .map(|(function, cases)| {
            let names: Vec<&String> = cases.as_object().into_iter().flat_map(Map::keys).collect();
            (function.clone(), json!(names))
        })
        .collect()
}

fn count(number: usize, what: &str) -> String {
    match (number, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {what}s"),
    }
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "nothing more".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::manifest::Manifest;

    use super::*;

    const MANIFEST: &str = r#"
        id = "acme"
        version = "1.2.0"
        provider = "acme"
        name = "Acme"
        description = "Sells \u001b[2Jeverything."
        publisher = "acme"
        license = "MIT"
        category = "payments"
        contract = "0.1.0"
        [egress]
        base_url = "https://api.acme.example"
        allow = [{ host = "api.acme.example", methods = ["GET", "POST"], paths = ["/v1/**"] }]
        [[auth]]
        name = "key"
        type = "bearer"
        secret = "api_key"
        [credentials]
        type = "object"
        properties = { api_key = { type = "string", writeOnly = true } }
    "#;

    fn inspection() -> Inspection {
        let manifest = Manifest::from_toml(MANIFEST).unwrap();
        let capability = Capability {
            code: "GET_ITEM".to_owned(),
            interface: "acme:shop/items@1.0.0".to_owned(),
            function: "get-item".to_owned(),
            description: "Reads an item.\nMore words.".to_owned(),
            effect: Effect::Read,
            parameters_schema: json!({"type": "object", "title": "in"}),
            result_schema: json!({"type": "string", "title": "out"}),
        };
        let imports = vec!["gatehouse:plugin/http@0.1.0".to_owned()];
        let sheet = PermissionSheet::of(&manifest, std::slice::from_ref(&capability), &imports);
        Inspection {
            manifest,
            capabilities: vec![capability],
            has_connection: true,
            has_sync: false,
            has_webhook: false,
            has_outcomes: false,
            has_registrations: false,
            has_backfill: false,
            imports,
            wants: Vec::new(),
            provides: Vec::new(),
            digest: "ab".repeat(32),
            size: 48_333,
            fixtures: Some(json!({"get-item": {"ok": {"output": 1}, "gone": {"error": {}}}})),
            sheet,
        }
    }

    #[test]
    fn the_text_says_what_it_can_and_may_do() {
        let mut text = Vec::new();
        show(&inspection(), &mut Out::new(&mut text)).unwrap();
        let text = String::from_utf8(text).unwrap();
        for part in [
            "acme 1.2.0: Sells ",
            "47.2 KiB",
            "2 cases",
            "1 capability",
            "  GET_ITEM  read  acme:shop/items@1.0.0  Reads an item.\n",
            "  api.acme.example  GET POST  /v1/**\n",
            "  api_key  header Authorization as Bearer\n",
            "connection test",
            "gatehouse:plugin/http@0.1.0",
        ] {
            assert!(text.contains(part), "`{part}` is not in:\n{text}");
        }
        assert!(!text.contains('\u{1b}'), "a plugin's words must not steer the terminal");
    }

    #[test]
    fn json_has_the_schemas_and_only_the_names_of_fixtures() {
        let json = as_json(&inspection()).unwrap();
        assert_eq!(json["fixtures"], json!({"get-item": ["gone", "ok"]}));
        assert_eq!(json["capabilities"][0]["parameters_schema"]["title"], "in");
        assert_eq!(json["sheet"]["secrets"][0]["field"], "api_key");
        let mut text = Vec::new();
        show_schemas(&inspection().capabilities, &mut Out::new(&mut text)).unwrap();
        assert!(String::from_utf8(text).unwrap().contains("\"title\": \"out\""));
    }

    #[test]
    fn what_is_no_component_is_refused_with_the_reason() {
        for bytes in [&b"hello"[..], b"", b"\0asm\x01\0\0\0"] {
            assert!(Inspection::of(bytes).is_err(), "{bytes:?}");
        }
    }
}
