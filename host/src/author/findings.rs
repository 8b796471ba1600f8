//! What is found to be wrong with a gateway: each finding names the file, the place in it and the fix.

use std::path::Path;

use gatehouse_sdk::harness::fixture::Case;
use serde::Serialize;

use super::codes::Code;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// It does not work, or the host would be told what is not true.
    Error,
    /// It works, and something is missing or too much.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    /// What kind it is; by this it can be allowed.
    pub(crate) code: Code,
    /// The file or folder, from the plugin's folder on.
    pub(crate) file: String,
    /// The place in it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// What is wrong and what would be right.
    pub(crate) message: String,
    /// Why the author allows it, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allowed: Option<String>,
}

impl Finding {
    /// An error.
    pub(crate) fn error(code: Code, file: impl Into<String>, field: Option<&str>, message: impl Into<String>) -> Self {
        let (file, field, message) = (file.into(), field.map(str::to_owned), message.into());
        Self { level: Level::Error, code, file, field, message, allowed: None }
    }

    /// A warning.
    pub(crate) fn warning(
        code: Code,
        file: impl Into<String>,
        field: Option<&str>,
        message: impl Into<String>,
    ) -> Self {
        Self { level: Level::Warning, ..Self::error(code, file, field, message) }
    }

    /// Where it is, for people.
    pub(crate) fn place(&self) -> String {
        match &self.field {
            Some(field) => format!("{} {field}", self.file),
            None => self.file.clone(),
        }
    }

    /// What a play of a case found: `exchange.json: $[0].request.path: …` names the file and the field in it.
    pub(crate) fn of_play(root: &Path, case: &Case, problem: &str) -> Self {
        let folder = relative(root, &case.folder);
        let parts = problem.split_once(".json: ");
        let Some((file, rest)) = parts.filter(|(file, _)| file.chars().all(|c| c.is_ascii_lowercase())) else {
            return Self::error(Code::CaseFails, folder, None, problem);
        };
        let file = format!("{folder}/{file}.json");
        match rest.split_once(": ").filter(|(field, _)| field.starts_with('$') && !field.contains(char::is_whitespace))
        {
            Some((field, message)) => Self::error(Code::CaseFails, file, Some(field), message),
            None => Self::error(Code::CaseFails, file, None, rest),
        }
    }

    /// What a proof found, which begins with the case, the function or the file that it is about.
    pub(crate) fn of_proof(level: Level, functions: &[String], problem: &str) -> Self {
        let (head, rest) = problem.split_once(": ").unwrap_or(("", problem));
        let code = Code::of_proof(problem);
        let function = head.split('/').next().unwrap_or_default();
        let found = if functions.iter().any(|known| known == function) {
            Self::error(code, format!("fixtures/{head}"), None, rest)
        } else if problem.ends_with("is allowed and never used") {
            let fix = format!("{problem}: remove it, or add a fixture that uses it");
            Self::error(code, "plugin.toml", Some("$.egress.allow"), fix)
        } else if let Some(rest) = problem.strip_prefix("plugin.toml ") {
            Self::error(code, "plugin.toml", None, rest)
        } else {
            Self::error(code, "fixtures", None, problem)
        };
        Self { level, ..found }
    }
}

/// A path as it is seen from the plugin's folder.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_play_names_file_and_field() {
        let case = Case {
            function: "get".to_owned(),
            folder: "/p/fixtures/get/ok".into(),
            input: serde_json::Value::Null,
            context: Default::default(),
            exchange: Vec::new(),
            expect: None,
        };
        let check = |problem: &str, file: &str, field: Option<&str>, message: &str| {
            assert_eq!(
                Finding::of_play(Path::new("/p"), &case, problem),
                Finding::error(Code::CaseFails, file, field, message)
            );
        };
        check(
            "exchange.json: $[0].request.path: expected /a, sent /b",
            "fixtures/get/ok/exchange.json",
            Some("$[0].request.path"),
            "expected /a, sent /b",
        );
        check(
            "output.json: $.id: expected 1, found 2",
            "fixtures/get/ok/output.json",
            Some("$.id"),
            "expected 1, found 2",
        );
        check(
            "output.json was expected, and this is error.json:\n{}",
            "fixtures/get/ok",
            None,
            "output.json was expected, and this is error.json:\n{}",
        );
        check("input.json: the parameters do not fit", "fixtures/get/ok/input.json", None, "the parameters do not fit");
    }

    #[test]
    fn a_proof_names_what_it_is_about() {
        let functions = ["get-item".to_owned()];
        let check = |problem: &str, file: &str, field: Option<&str>| {
            let found = Finding::of_proof(Level::Warning, &functions, problem);
            assert_eq!(
                (found.level, found.file.as_str(), found.field.as_deref()),
                (Level::Warning, file, field),
                "{problem}"
            );
        };
        check("get-item/ok: Timeout in place of answer 0: it answered", "fixtures/get-item/ok", None);
        check("get-item: no fixture shows an empty page", "fixtures/get-item", None);
        check("GET /v1/x of a.example is allowed and never used", "plugin.toml", Some("$.egress.allow"));
        check("plugin.toml has no [capabilities.GET]", "plugin.toml", None);
        check("no fixture moves a record of `contacts`", "fixtures", None);
    }
}
