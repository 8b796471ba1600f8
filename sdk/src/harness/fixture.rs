//! Fixture folders: `<function>/<case>/{input,context,exchange,output,error}.json`. It reads them
//! and complains about every file that is missing, unknown or malformed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Account;

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// The WIT name of the function.
    pub function: String,
    /// The folder it was read from.
    pub folder: PathBuf,
    /// The parameters.
    pub input: Value,
    /// What the call is about.
    pub context: Context,
    /// The requests that are expected, in this order, and their answers.
    pub exchange: Vec<Exchange>,
    /// What the call must come to; `None` where neither file is there yet.
    pub expect: Option<Expect>,
}

/// What a call must come to.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// `output.json`: this value, where an absent field and a null one are the same.
    Output(Value),
    /// `error.json`: an error with at least these fields.
    Error(Value),
}

/// `context.json`. Every field has a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Context {
    /// The integration's settings.
    pub settings: Value,
    /// The account that the last connection test found.
    pub account: Option<Account>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The key that makes this call's writes safe to repeat.
    pub idempotency_key: String,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            settings: Value::Object(serde_json::Map::new()),
            account: None,
            attempt: 1,
            idempotency_key: "fixture-key".to_owned(),
        }
    }
}

/// One request and what comes of it: a response or a failure.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What the gateway must send.
    pub request: ExpectedRequest,
    /// What the provider answers.
    #[serde(default)]
    pub response: Option<PlayedResponse>,
    /// Why there is no answer.
    #[serde(default)]
    pub failure: Option<PlayedFailure>,
}

/// A request that the gateway must send.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedRequest {
    /// The method, in upper case.
    pub method: String,
    /// The path relative to the base URL, or the absolute URL, as the gateway gives it.
    pub path: String,
    /// The query pairs in order; none where absent.
    #[serde(default)]
    pub query: Vec<(String, String)>,
    /// Headers that must be there, names in any case; others may be.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The form's pairs in order.
    #[serde(default)]
    pub form: Option<Vec<(String, String)>>,
    /// The JSON body.
    #[serde(default)]
    pub json: Option<Value>,
    /// The idempotency key; not looked at where absent.
    #[serde(default)]
    pub idempotency_key: Option<String>,
}

/// A response.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlayedResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body as JSON.
    #[serde(default)]
    pub json: Option<Value>,
    /// The body as text.
    #[serde(default)]
    pub text: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlayedFailure {
    /// No answer came in time.
    Timeout,
    /// No connection was made.
    Connect,
    /// The connection broke after the request was sent.
    Interrupted,
    /// The answer is larger than the host passes on.
    TooLarge,
}

/// Reads every case of a folder, sorted by name.
pub fn load(folder: &Path, problems: &mut Vec<String>) -> Vec<Case> {
    let mut cases = Vec::new();
    for function in entries(folder, problems) {
        for case in entries(&function, problems) {
            cases.extend(load_case(&name_of(&function), &case, problems));
        }
    }
    if cases.is_empty() {
        problems.push(format!("{}: there is no fixture; add <function>/<case>/input.json", folder.display()));
    }
    cases
}

/// Every case of a folder, for a gateway's own tests.
///
/// # Panics
/// Where a case can not be read; this is how a test fails.
#[track_caller]
#[allow(clippy::panic, reason = "a test assertion, in native builds only")]
pub fn cases(folder: impl AsRef<Path>) -> Vec<Case> {
    let mut problems = Vec::new();
    let cases = load(folder.as_ref(), &mut problems);
    if !problems.is_empty() {
        panic!("{}", problems.join("\n"));
    }
    cases
}

/// Every request of a folder's cases, with the case's folder as its name.
///
/// # Panics
/// As [`cases`].
#[track_caller]
pub fn requests(folder: impl AsRef<Path>) -> Vec<(String, ExpectedRequest)> {
    let named = |case: Case| {
        let name = case.folder.display().to_string();
        case.exchange.into_iter().map(move |exchange| (name.clone(), exchange.request))
    };
    cases(folder).into_iter().flat_map(named).collect()
}

fn load_case(function: &str, folder: &Path, problems: &mut Vec<String>) -> Option<Case> {
    const KNOWN: [&str; 5] = ["input.json", "context.json", "exchange.json", "output.json", "error.json"];
    let before = problems.len();
    for file in entries(folder, problems) {
        if !KNOWN.contains(&name_of(&file).as_str()) {
            problems.push(format!("{}: unknown file; a case has {}", file.display(), KNOWN.join(", ")));
        }
    }
    let mut reader = Reader { folder, problems };
    let input = reader.read("input.json");
    let context = reader.read("context.json").unwrap_or_default();
    let exchange: Vec<Exchange> = reader.read("exchange.json").unwrap_or_default();
    let expect = match (reader.read("output.json"), reader.read("error.json")) {
        (Some(_), Some(_)) => {
            problems.push(format!("{}: has output.json and error.json; keep one", folder.display()));
            None
        }
        (Some(value), None) => Some(Expect::Output(value)),
        (None, Some(error)) => Some(Expect::Error(error)),
        (None, None) => None,
    };
    check_exchange(folder, &exchange, problems);
    let input = input.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    let case = Case { function: function.to_owned(), folder: folder.to_owned(), input, context, exchange, expect };
    (problems.len() == before).then_some(case)
}

fn check_exchange(folder: &Path, exchange: &[Exchange], problems: &mut Vec<String>) {
    for (index, played) in exchange.iter().enumerate() {
        let mut wrong = |what: &str| problems.push(format!("{}: exchange.json: $[{index}]{what}", folder.display()));
        if played.response.is_some() == played.failure.is_some() {
            wrong(": needs either `response` or `failure`");
        }
        if played.request.form.is_some() && played.request.json.is_some() {
            wrong(".request: has `form` and `json`; keep one");
        }
        if played.response.as_ref().is_some_and(|response| response.json.is_some() && response.text.is_some()) {
            wrong(".response: has `json` and `text`; keep one");
        }
    }
}

struct Reader<'a> {
    folder: &'a Path,
    problems: &'a mut Vec<String>,
}

impl Reader<'_> {
    /// A file's content; `None` where there is no such file or it is malformed.
    fn read<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let path = self.folder.join(name);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => {
                self.problems.push(format!("{}: {error}", path.display()));
                return None;
            }
        };
        serde_json::from_slice(&text).map_err(|error| self.problems.push(format!("{}: {error}", path.display()))).ok()
    }
}

fn entries(folder: &Path, problems: &mut Vec<String>) -> Vec<PathBuf> {
    match std::fs::read_dir(folder) {
        Ok(found) => {
            let mut paths: Vec<_> = found.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
            paths.sort();
            paths
        }
        Err(error) => {
            problems.push(format!("{}: {error}", folder.display()));
            Vec::new()
        }
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
