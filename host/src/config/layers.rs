//! The layers above the defaults: the file, the environment and the flags, as figment has them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::providers::{Data, Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use gatehouse_domain::{Error, Result};

use crate::config::flags::Flag;
use crate::config::{Config, ConfigArgs, Surroundings};

/// The name of the layer of `GATEHOUSE_*` variables.
pub(super) const ENVIRONMENT: &str = "environment";

/// The name of the layer of flags.
pub(super) const FLAGS: &str = "flags";

const PREFIX: &str = "GATEHOUSE_";
const DEFAULT_FILE: &str = "gatehouse.toml";

/// Variables with our prefix that are no settings: the place of the file, the first operator's
/// token, which is a secret, how the commands reach a server, and what only tests read.
const NO_SETTINGS: &[&str] = &[
    "GATEHOUSE_CONFIG",
    "GATEHOUSE_BOOTSTRAP_KEY",
    "GATEHOUSE_URL",
    "GATEHOUSE_KEY",
    "GATEHOUSE_BIN",
    "GATEHOUSE_BLESS",
    "GATEHOUSE_PEERS",
    "GATEHOUSE_SPECS",
];

/// Every key with its default.
pub(super) type Known = BTreeMap<String, Value>;

/// The file to read; one that was named must be there.
pub(super) fn file_of(args: &ConfigArgs, surroundings: &Surroundings) -> Result<Option<PathBuf>> {
    let (named, by) = match (&args.config, surroundings.variable("GATEHOUSE_CONFIG")) {
        (Some(path), _) => (path.clone(), "--config"),
        (None, Some(path)) => (PathBuf::from(path), "GATEHOUSE_CONFIG"),
        (None, None) => {
            let path = surroundings.working_dir.join(DEFAULT_FILE);
            return Ok(path.exists().then_some(path));
        }
    };
    if named.is_file() {
        return Ok(Some(named));
    }
    Err(Error::invalid(format!(
        "there is no file `{}`, which {by} names; create it or leave {by} out",
        named.display()
    )))
}

/// The layer of the file, which figment reads only at this very path.
pub(super) fn file(path: &Path) -> Data<Toml> {
    Toml::file_exact(path)
}

/// Every key, from the defaults themselves, so that none can be forgotten.
pub(super) fn known_keys(defaults: &Config) -> Result<Known> {
    let dict: Dict = Figment::from(Serialized::defaults(defaults))
        .extract()
        .map_err(|error| Error::internal(format!("the defaults do not serialise: {error}")))?;
    let mut known = Known::new();
    for (key, value) in leaves(&dict) {
        known.insert(key, value.clone());
    }
    Ok(known)
}

/// Every value that is no table, with its dotted key.
pub(super) fn leaves(dict: &Dict) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (name, value) in dict {
        match value {
            Value::Dict(_, inner) => {
                found.extend(leaves(inner).into_iter().map(|(rest, value)| (format!("{name}.{rest}"), value)));
            }
            value => found.push((name.clone(), value)),
        }
    }
    found
}

/// Keys and values that come as text.
pub(super) struct Pairs {
    layer: &'static str,
    values: Vec<(String, Value)>,
    /// Where each key came from, as a person would look for it.
    origins: BTreeMap<String, String>,
}

impl Pairs {
    /// `GATEHOUSE_EGRESS__ALLOW` is `egress.allow`. An empty variable counts as not set.
    pub(super) fn environment(surroundings: &Surroundings, known: &Known) -> Self {
        let mut pairs = Self { layer: ENVIRONMENT, values: Vec::new(), origins: BTreeMap::new() };
        for (name, value) in &surroundings.variables {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            if !value.is_empty() && !NO_SETTINGS.contains(&name.as_str()) {
                pairs.push(rest.to_ascii_lowercase().replace("__", "."), value, name, known);
            }
        }
        pairs
    }

    /// The flags; a later one wins.
    pub(super) fn flags(flags: Vec<Flag>, known: &Known) -> Self {
        let mut pairs = Self { layer: FLAGS, values: Vec::new(), origins: BTreeMap::new() };
        for flag in flags {
            pairs.push(flag.key, &flag.value, &flag.name, known);
        }
        pairs
    }

    fn push(&mut self, key: String, text: &str, origin: &str, known: &Known) {
        let value = typed(text, known.get(&key));
        self.origins.insert(key.clone(), origin.to_owned());
        self.values.push((key, value));
    }
}

/// Text as the value that the key holds: what is text or absent by default stays text,
/// so that a folder may be called `123`.
fn typed(text: &str, default: Option<&Value>) -> Value {
    match default {
        Some(Value::String(..) | Value::Empty(..)) => Value::from(text),
        Some(Value::Array(..)) if !text.trim_start().starts_with('[') => Value::from(text),
        // The parse takes what is no number, list or truth value as text.
        _ => text.parse().unwrap_or_else(|_| Value::from(text)),
    }
}

impl Provider for Pairs {
    fn metadata(&self) -> Metadata {
        let origins = self.origins.clone();
        Metadata::named(self.layer).interpolater(move |_: &Profile, keys: &[&str]| {
            let key = keys.join(".");
            origins.get(&key).cloned().unwrap_or(key)
        })
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let mut dict = Dict::new();
        for (key, value) in &self.values {
            if key.split('.').any(str::is_empty) {
                return Err(figment::Error::from(format!("`{key}` is not a key; write it like limits.cpu_ms")));
            }
            insert(&mut dict, key, value);
        }
        Ok(Profile::Default.collect(dict))
    }
}

/// Puts a value under a dotted key.
fn insert(dict: &mut Dict, key: &str, value: &Value) {
    let Some((table, rest)) = key.split_once('.') else {
        dict.insert(key.to_owned(), value.clone());
        return;
    };
    let inner = dict.entry(table.to_owned()).or_insert_with(|| Value::from(Dict::new()));
    if !matches!(inner, Value::Dict(..)) {
        *inner = Value::from(Dict::new());
    }
    if let Value::Dict(_, inner) = inner {
        insert(inner, rest, value);
    }
}
