//! From a fixture's function and input to what the runtime calls.

use gatehouse_domain::webhook::Trust;
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::{Change, Plugin, Target, Write};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::stage::code;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delivery {
    #[serde(default)]
    trust: Trust,
    headers: Vec<(String, String)>,
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pull {
    entity: String,
    cursor: Option<String>,
    limit: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    entity: String,
    changes: Vec<PushedChange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PushedChange {
    reference: String,
    id: Option<String>,
    deleted: bool,
    data: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookUp {
    capability: String,
    #[serde(default)]
    parameters: Map<String, Value>,
    reference: String,
    first_sent_at_ms: u64,
    last_sent_at_ms: u64,
}

/// What is called for a function with an input.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] where the input is not the function's, with each wrong place.
pub(crate) fn target(plugin: &Plugin, function: &str, input: &Value) -> Result<Target> {
    Ok(match function {
        "test" => Target::ConnectionTest,
        "parse" => {
            let Delivery { trust, headers, body } = read(input)?;
            Target::ParseWebhook { trust, headers, body: body.into_bytes() }
        }
        "pull" => {
            let Pull { entity, cursor, limit } = read(input)?;
            Target::SyncPull { entity, cursor, limit }
        }
        "push" => {
            let Push { entity, changes } = read(input)?;
            Target::SyncPush { entity, changes: changes.into_iter().map(change).collect::<Result<_>>()? }
        }
        "look-up" => Target::LookUp(write(read(input)?)),
        other => Target::Capability(plugin.parse(&code(other).unwrap_or_default(), input)?),
    })
}

fn read<T: DeserializeOwned>(input: &Value) -> Result<T> {
    T::deserialize(input).map_err(|error| Error::invalid(error.to_string()))
}

fn change(change: PushedChange) -> Result<Change> {
    let PushedChange { reference, id, deleted, data } = change;
    let data = serde_json::from_str(&data)
        .map_err(|error| Error::invalid(format!("the data of the change `{reference}` is no JSON object: {error}")))?;
    Ok(Change { reference, id, deleted, data })
}

fn write(found: LookUp) -> Write {
    let LookUp { capability, parameters, reference, first_sent_at_ms, last_sent_at_ms } = found;
    Write { capability, parameters: Value::Object(parameters), reference, first_sent_at_ms, last_sent_at_ms }
}
