//! The folder that a new gateway begins as: it builds and passes its tests as it is. It names no provider but the one
//! that the author gives.

use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, Result};
use serde_json::{Map, Value};

use super::kinds::Kind;
use super::languages::{JAVASCRIPT_MAIN, Language, PYTHON_MAIN};
use super::sdk;

/// What the author wants.
pub(crate) struct Wish<'a> {
    /// The provider's name, as people write it.
    pub(crate) name: &'a str,
    pub(crate) kind: &'static Kind,
    pub(crate) language: Language,
    pub(crate) publisher: &'a str,
    pub(crate) license: &'a str,
    /// An SDK in another place than the gateway's own folder.
    pub(crate) sdk: Option<&'a Path>,
}

/// The id of a plugin for a provider's name: lower case, with `-` for what is no letter or digit.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] where nothing is left that a manifest takes.
pub(crate) fn id_of(name: &str) -> Result<String> {
    let lower = name.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let id = words.collect::<Vec<_>>().join("-");
    if id.starts_with(|c: char| c.is_ascii_lowercase()) && id.len() <= 64 {
        return Ok(id);
    }
    Err(Error::invalid(format!(
        "`{name}` makes no id: give a name that begins with a letter and has letters and digits, such as `acme pay`"
    )))
}

/// Writes the folder, which must not exist or be empty. Answers its files, but for the SDK's.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Conflict`] where there is something already.
pub(crate) fn write(folder: &Path, wish: &Wish<'_>) -> Result<Vec<PathBuf>> {
    let filled = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if filled || folder.is_file() {
        return Err(Error::conflict(format!("{} is there already; name another folder with --dir", folder.display())));
    }
    let texts = Texts::of(wish)?;
    let mut files = shared(&texts);
    match wish.language {
        Language::Rust => {
            files.extend(rust(&texts, wish));
            if wish.sdk.is_none() {
                sdk::write_rust(folder)?;
            }
        }
        Language::Javascript => files.extend(javascript(&texts, wish)),
        Language::Python => files.extend(python(&texts, wish)),
    }
    if wish.language != Language::Rust {
        sdk::write_contracts(folder)?;
    }
    files.extend(fixtures(wish.kind)?);
    for (name, text) in &files {
        sdk::write(&folder.join(name), text)?;
    }
    Ok(files.into_iter().map(|(name, _)| name).collect())
}

/// What the templates are filled with, by name.
struct Texts(Vec<(&'static str, String)>);

impl Texts {
    fn of(wish: &Wish<'_>) -> Result<Self> {
        let Wish { name, kind, .. } = wish;
        // Names go into TOML, Rust, JavaScript, Python and XML alike.
        if name.chars().any(|c| c.is_control() || "\"\\<>&{}`$'".contains(c)) {
            return Err(Error::invalid(format!("`{name}` has a sign that has no place in a name; leave it out")));
        }
        let id = id_of(name)?;
        // What holds names of others stands before those.
        Ok(Self(vec![
            ("allow", allow(kind)),
            ("name", (*name).to_owned()),
            ("initial", name.chars().take(1).flat_map(char::to_uppercase).collect()),
            ("crate", id.replace('-', "_")),
            ("id", id),
            ("kind", kind.name.to_owned()),
            ("interface", kind.interface.replace('-', "_")),
            ("wit_interface", kind.interface.to_owned()),
            ("description", kind.description.to_owned()),
            ("publisher", wish.publisher.to_owned()),
            ("license", wish.license.to_owned()),
            ("sdk", wish.sdk.map_or_else(|| format!("{}/sdk", sdk::FOLDER), |path| path.display().to_string())),
            ("capabilities", capabilities(kind)),
            ("rows", rows(kind)),
            ("how", HOW.to_owned()),
        ]))
    }

    fn fill(&self, template: &str) -> String {
        self.0.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
    }
}

/// What the README says to whoever goes on.
const HOW: &str = "`gatehouse plugin test` plays the fixtures, `gatehouse plugin check` says what does not fit together, \
`gatehouse plugin run` makes a call.";

type File = (PathBuf, String);

fn shared(texts: &Texts) -> Vec<File> {
    let files = [
        ("plugin.toml", include_str!("templates/shared/plugin.toml.txt")),
        ("README.md", include_str!("templates/shared/README.md.txt")),
        ("icon.svg", include_str!("templates/shared/icon.svg.txt")),
        (".gitignore", "/target\n/dist\n/node_modules\n/.venv\n__pycache__/\n"),
    ];
    files.map(|(name, template)| (PathBuf::from(name), texts.fill(template))).into()
}

fn rust(texts: &Texts, wish: &Wish<'_>) -> Vec<File> {
    let files = [
        ("Cargo.toml", include_str!("templates/rust/Cargo.toml.txt")),
        ("tests/fixtures.rs", include_str!("templates/rust/fixtures.rs.txt")),
    ];
    let mut files: Vec<File> = files.map(|(name, template)| (PathBuf::from(name), texts.fill(template))).into();
    files.push(("src/lib.rs".into(), with_kind(texts, include_str!("templates/rust/lib.rs.txt"), wish.kind.rust)));
    files
}

fn javascript(texts: &Texts, wish: &Wish<'_>) -> Vec<File> {
    let main = include_str!("templates/javascript/gateway.js.txt");
    vec![
        ("package.json".into(), texts.fill(include_str!("templates/javascript/package.json.txt"))),
        ("gatehouse.js".into(), texts.fill(include_str!("templates/javascript/gatehouse.js.txt"))),
        ("wit/world.wit".into(), texts.fill(include_str!("templates/shared/world.wit.txt"))),
        (JAVASCRIPT_MAIN.into(), with_kind(texts, main, wish.kind.javascript)),
    ]
}

fn python(texts: &Texts, wish: &Wish<'_>) -> Vec<File> {
    let main = include_str!("templates/python/gateway.py.txt");
    vec![
        ("requirements.txt".into(), texts.fill(include_str!("templates/python/requirements.txt"))),
        ("gatehouse.py".into(), texts.fill(include_str!("templates/python/gatehouse.py.txt"))),
        ("wit/world.wit".into(), texts.fill(include_str!("templates/shared/world.wit.txt"))),
        (PYTHON_MAIN.into(), with_kind(texts, main, wish.kind.python)),
    ]
}

/// A language's file with what is the kind's own: what it names first, and its code.
fn with_kind(texts: &Texts, template: &str, kind: &str) -> String {
    let (uses, body) = kind.split_once("---\n").unwrap_or(("", kind));
    let whole = template.replace("{{uses}}", uses.trim_end()).replace("{{body}}", body.trim_end());
    texts.fill(&whole).replace("\n\n\n\n", "\n\n\n")
}

fn fixtures(kind: &Kind) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for text in [include_str!("templates/shared/test.json"), kind.fixtures] {
        let functions: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| Error::internal(format!("the fixtures of {} do not parse", kind.name)).caused_by(error))?;
        for (function, cases) in &functions {
            for (case, parts) in cases.as_object().into_iter().flatten() {
                let folder = Path::new("fixtures").join(function).join(case);
                let parts = parts.as_object().into_iter().flatten();
                files.extend(parts.map(|(part, json)| (folder.join(format!("{part}.json")), format!("{json:#}\n"))));
            }
        }
    }
    Ok(files)
}

/// The rules of `egress.allow`, one for each method.
fn allow(kind: &Kind) -> String {
    let rule = |method: &str, paths: &[&str]| {
        let paths: Vec<String> = paths.iter().map(|path| format!("\"{path}\"")).collect();
        format!(
            "    {{ host = \"api.{{{{id}}}}.example\", methods = [\"{method}\"], paths = [{}] }},\n",
            paths.join(", ")
        )
    };
    let mut reads = vec!["/v1/me"];
    reads.extend(kind.capabilities.iter().filter(|one| !one.writes()).map(|one| one.path));
    let writes = kind.capabilities.iter().filter(|one| one.writes()).map(|one| rule(one.method, &[one.path]));
    std::iter::once(rule("GET", &reads)).chain(writes).collect()
}

fn capabilities(kind: &Kind) -> String {
    let one = |capability: &super::kinds::Capability| {
        let rules = if capability.writes() {
            "effect = \"write\"\nidempotency = { in = \"header\", name = \"Idempotency-Key\" }"
        } else {
            "effect = \"read\""
        };
        format!("[capabilities.{}]\n{rules}\n", capability.code)
    };
    kind.capabilities.iter().map(one).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

fn rows(kind: &Kind) -> String {
    let row = |one: &super::kinds::Capability| format!("| `{}` | `{} {}` |", one.code, one.method, one.path);
    kind.capabilities.iter().map(row).collect::<Vec<_>>().join("\n")
}
