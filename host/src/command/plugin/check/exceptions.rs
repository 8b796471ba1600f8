//! What an author allows of the findings: `check.toml` beside the manifest, each exception with its
//! reason. One that is unfit, or that allows nothing any more, is a finding itself.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use gatehouse_domain::text::Text;
use serde::Deserialize;

use crate::author::codes::Code;
use crate::author::findings::Finding;

const FILE: &str = "check.toml";

/// Why something is allowed: for who reads the report.
const REASON: Text = Text::line("reason", 500);

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exceptions {
    #[serde(default)]
    allow: Vec<Allow>,
}

/// `[[allow]]`: one exception.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allow {
    /// The code of what is allowed.
    code: String,
    /// Only in this file, or below this folder; anywhere where absent.
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    reason: String,
}

impl Allow {
    fn allows(&self, finding: &Finding) -> bool {
        let below = |file: &str| {
            let rest = finding.file.strip_prefix(file.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        finding.code.name() == self.code && self.file.as_deref().is_none_or(below)
    }
}

/// The findings, with the reason at those that are allowed, and with what is wrong with the exceptions.
pub(super) fn apply(folder: &Path, mut findings: Vec<Finding>) -> Vec<Finding> {
    let text = match fs::read_to_string(folder.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return findings,
        Err(error) => {
            findings.push(unfit(None, format!("can not be read: {error}")));
            return findings;
        }
    };
    let exceptions: Exceptions = match toml::from_str(&text) {
        Ok(exceptions) => exceptions,
        Err(error) => {
            let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            findings
                .push(unfit(None, format!("does not read: {message}; it has `[[allow]]` with code, reason and file")));
            return findings;
        }
    };
    let mut own = Vec::new();
    for (number, allow) in exceptions.allow.iter().enumerate() {
        let place = format!("allow[{number}]");
        match fit(allow) {
            Ok(reason) => own.extend(give(allow, &reason, &mut findings, &place)),
            Err(message) => own.push(unfit(Some(&place), message)),
        }
    }
    findings.extend(own);
    findings
}

/// Gives the reason to all that an exception allows; a finding where that is nothing.
fn give(allow: &Allow, reason: &str, findings: &mut [Finding], place: &str) -> Option<Finding> {
    let mut used = false;
    for finding in findings.iter_mut().filter(|finding| allow.allows(finding)) {
        finding.allowed = Some(reason.to_owned());
        used = true;
    }
    let within = allow.file.as_ref().map_or_else(String::new, |file| format!(" in {file}"));
    let message = format!("`{}` is not found{within} any more: remove the exception", allow.code);
    (!used).then(|| Finding::error(Code::ExceptionUnused, FILE, Some(place), message))
}

/// The reason of an exception that can be one.
fn fit(allow: &Allow) -> Result<String, String> {
    let code = &allow.code;
    match Code::named(code) {
        None => {
            let names = Code::ALL.iter().filter(|code| code.can_be_allowed()).map(|code| code.name());
            let names = names.collect::<Vec<_>>().join(", ");
            return Err(format!("`{code}` is the code of no finding; what can be allowed is {names}"));
        }
        Some(code) if !code.can_be_allowed() => {
            return Err(format!("`{}` can not be allowed: mend what it is about", code.name()));
        }
        Some(_) => {}
    }
    REASON.read(&allow.reason).map_err(|error| {
        let why = error.problems.first().map_or_else(String::new, |problem| format!(" ({})", problem.message));
        format!("`{code}` is allowed without a reason that fits{why}: say in `reason` why it is right here")
    })
}

fn unfit(place: Option<&str>, message: String) -> Finding {
    Finding::error(Code::ExceptionUnfit, FILE, place, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::findings::Level;

    /// Findings, and what is left of them: `allowed` or the level, with the file and the code.
    fn check(exceptions: &str, expect: &[&str]) -> Vec<Finding> {
        let folder = tempfile::tempdir().unwrap();
        if !exceptions.is_empty() {
            fs::write(folder.path().join(FILE), exceptions).unwrap();
        }
        let found = vec![
            Finding::error(Code::Trouble, "fixtures/get/ok", None, "it repeats"),
            Finding::error(Code::Trouble, "fixtures/getter/ok", None, "it repeats"),
            Finding::warning(Code::CredentialExample, "plugin.toml", Some("$.a"), "has no examples"),
            Finding::error(Code::CaseFails, "fixtures/get/ok", None, "it fails"),
        ];
        let found = apply(folder.path(), found);
        let words = |finding: &Finding| {
            let level = match (&finding.allowed, finding.level) {
                (Some(_), _) => "allowed",
                (None, Level::Error) => "error",
                (None, Level::Warning) => "warning",
            };
            format!("{level} {} {}", finding.file, finding.code.name())
        };
        let words: Vec<String> = found.iter().map(words).collect();
        assert_eq!(words, expect, "{exceptions}");
        found
    }

    const CASE: &str = "error fixtures/get/ok case-fails";
    const EXAMPLE: &str = "warning plugin.toml credential-example";
    const UNFIT: &str = "error check.toml exception-unfit";
    const ALL: [&str; 4] = ["error fixtures/get/ok trouble", "error fixtures/getter/ok trouble", EXAMPLE, CASE];

    #[test]
    fn what_is_allowed_keeps_its_reason() {
        check("", &ALL);
        let found = check(
            "[[allow]]\ncode = \"trouble\"\nreason = \" the provider asks for it \"",
            &["allowed fixtures/get/ok trouble", "allowed fixtures/getter/ok trouble", EXAMPLE, CASE],
        );
        assert_eq!(found[0].allowed.as_deref(), Some("the provider asks for it"));
        check(
            "[[allow]]\ncode = \"trouble\"\nfile = \"fixtures/get\"\nreason = \"x\"\n\
             [[allow]]\ncode = \"credential-example\"\nfile = \"plugin.toml\"\nreason = \"x\"",
            &[
                "allowed fixtures/get/ok trouble",
                "error fixtures/getter/ok trouble",
                "allowed plugin.toml credential-example",
                CASE,
            ],
        );
    }

    #[test]
    fn an_exception_that_is_none_is_a_finding() {
        let unfit = |text: &str, expect: &str| {
            let found = check(text, &[&ALL[..], &[UNFIT]].concat());
            assert!(found[4].message.contains(expect), "{}", found[4].message);
        };
        unfit("[[allow]]\ncode = \"trouble\"", "without a reason");
        unfit("[[allow]]\ncode = \"trouble\"\nreason = \"  \"", "without a reason");
        unfit("[[allow]]\ncode = \"case-fails\"\nreason = \"x\"", "can not be allowed");
        unfit(
            "[[allow]]\ncode = \"trouble?\"\nreason = \"x\"",
            "is the code of no finding; what can be allowed is amount",
        );
        unfit("[[allow]]\ncode = \"trouble\"\nreason = \"x\"\nuntil = 1", "unknown field `until`");
        unfit("[[allow]", "does not read");
        let unused = "error check.toml exception-unused";
        let found = check("[[allow]]\ncode = \"egress-unused\"\nreason = \"x\"", &[&ALL[..], &[unused]].concat());
        assert_eq!(found[4].field.as_deref(), Some("allow[0]"));
        let elsewhere = "[[allow]]\ncode = \"trouble\"\nfile = \"fixtures/ge\"\nreason = \"x\"";
        check(elsewhere, &[&ALL[..], &[unused]].concat());
    }
}
