//! The files beside the code: what a catalogue shows of a plugin, and a good and a bad fixture for each capability.

use std::fs;
use std::path::Path;

use gatehouse_runtime::Inspection;

use crate::author::codes::Code;
use crate::author::findings::Finding;
use crate::config::compile_limits;
use crate::output::bytes;

/// A picture of more bytes is no icon.
const MAX_ICON_BYTES: u64 = 64 << 10;

/// From how many bytes on a component is worth a second look; an interpreter in it makes one larger.
const LARGE_BYTES: u64 = 4 << 20;

/// What is missing or does not agree.
pub(super) fn check(folder: &Path, inspection: &Inspection) -> Vec<Finding> {
    let mut findings = readme(folder, inspection);
    findings.extend(icon(folder));
    findings.extend(size(inspection.size));
    for capability in &inspection.capabilities {
        if capability.description.is_empty() {
            let message = format!("`{}` has no description: write a comment above it", capability.function);
            findings.push(Finding::error(Code::Undescribed, format!("wit ({})", capability.interface), None, message));
        }
        let cases = format!("fixtures/{}", capability.function);
        for (file, what) in [("output.json", "succeeds"), ("error.json", "fails")] {
            if !has(&folder.join(&cases), file) {
                let message = format!("no case of {} {what}: add one with {file}", capability.code);
                findings.push(Finding::error(Code::NotShown, cases.clone(), None, message));
            }
        }
    }
    findings
}

fn has(cases: &Path, file: &str) -> bool {
    fs::read_dir(cases).into_iter().flatten().flatten().any(|case| case.path().join(file).is_file())
}

fn readme(folder: &Path, inspection: &Inspection) -> Vec<Finding> {
    const FILE: &str = "README.md";
    let Ok(text) = fs::read_to_string(folder.join(FILE)) else {
        return vec![Finding::error(
            Code::ReadmeMissing,
            FILE,
            None,
            "is not there: say what the plugin does and how an account is connected",
        )];
    };
    let mut findings = Vec::new();
    if !text.starts_with("# ") {
        let message = "is no heading: begin with `# ` and the provider's name";
        findings.push(Finding::error(Code::ReadmeHeading, FILE, Some("line 1"), message));
    }
    let missing = inspection.capabilities.iter().filter(|capability| !text.contains(&capability.code));
    findings.extend(missing.map(|capability| {
        let message = format!("does not mention {}, which the plugin can do", capability.code);
        Finding::error(Code::ReadmeSilent, FILE, None, message)
    }));
    let fields: Vec<&str> = inspection.manifest.credential_fields().collect();
    let unsaid = fields.iter().filter(|field| !text.contains(*field));
    findings.extend(unsaid.map(|field| {
        let message = format!("does not say where the credential's field `{field}` comes from");
        Finding::warning(Code::CredentialUntold, FILE, None, message)
    }));
    findings
}

fn icon(folder: &Path) -> Option<Finding> {
    const FILE: &str = "icon.svg";
    let Ok(found) = fs::metadata(folder.join(FILE)) else {
        return Some(Finding::error(Code::IconMissing, FILE, None, "is not there: a catalogue shows it"));
    };
    if found.len() > MAX_ICON_BYTES {
        let most = bytes(MAX_ICON_BYTES);
        let message = format!("has {}; an icon has {most} at most", bytes(found.len()));
        return Some(Finding::error(Code::IconUnfit, FILE, None, message));
    }
    let text = fs::read_to_string(folder.join(FILE)).unwrap_or_default();
    let script = text.contains("<script") || text.contains("javascript:") || text.contains("<foreignObject");
    match (text.contains("<svg"), script) {
        (false, _) => Some(Finding::error(Code::IconUnfit, FILE, None, "is no SVG image")),
        (true, true) => {
            let message = "holds code, which a picture has no need of: remove it";
            Some(Finding::error(Code::IconUnfit, FILE, None, message))
        }
        (true, false) => None,
    }
}

fn size(size: u64) -> Option<Finding> {
    let most = compile_limits().component_bytes as u64;
    if size > most {
        let message = format!("has {}, and a server takes {} unless it is told otherwise", bytes(size), bytes(most));
        return Some(Finding::error(Code::ComponentTooLarge, "the component", None, message));
    }
    (size > LARGE_BYTES).then(|| {
        let message = format!("has {}: it takes longer to load, and more memory for each call", bytes(size));
        Finding::warning(Code::ComponentLarge, "the component", None, message)
    })
}
