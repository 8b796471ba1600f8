//! Keys of a running server, asked for over its API with the caller's own key.

use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, Result};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::output::Out;
use crate::remote::{Remote, Server};

/// A key to make.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    #[command(flatten)]
    server: Server,
    /// A name for people.
    #[arg(long)]
    name: String,
    /// The role it shall have, such as `developer`.
    #[arg(long)]
    role: Option<String>,
    /// What it may do beyond its role; may be given several times.
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
    /// `live`, or `test` for sandbox integrations only [default: live].
    #[arg(long)]
    environment: Option<String>,
    /// After how many days it stops working [default: 90].
    #[arg(long, value_name = "DAYS", conflicts_with = "never_expires")]
    expires_in_days: Option<u16>,
    /// It never stops working by itself; only an operator makes such a key.
    #[arg(long)]
    never_expires: bool,
    /// Addresses it may be used from, such as `203.0.113.0/24`; may be given several times.
    #[arg(long = "allow-ip", value_name = "RANGE")]
    allowed_ips: Vec<String>,
    /// An integration it shall know of, by id; may be given several times.
    #[arg(long = "integration", value_name = "ID")]
    integrations: Vec<String>,
    /// A capability it may call; may be given several times.
    #[arg(long = "capability", value_name = "CODE")]
    capabilities: Vec<String>,
}

/// Which keys to list.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    server: Server,
}

/// A key to rotate.
#[derive(Debug, clap::Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    server: Server,
    /// The key's id.
    key: String,
    /// For how many hours the old key still works, 0 to 168 [default: 24].
    #[arg(long, value_name = "HOURS")]
    overlap_hours: Option<u16>,
}

/// A key to revoke.
#[derive(Debug, clap::Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    server: Server,
    /// The key's id.
    key: String,
}

/// Makes a key.
pub(super) fn create(ask: &Create, out: &mut Out<'_>) -> Result<()> {
    let remote = Remote::new(&ask.server)?;
    let made = remote.send(Method::POST, "/keys", Some(&body_of(ask)?))?;
    show_made(&ask.server, &made, out)
}

/// Lists every key.
pub(super) fn list(ask: &List, out: &mut Out<'_>) -> Result<()> {
    let keys = Remote::new(&ask.server)?.list("/keys")?;
    if ask.server.json {
        return out.json(&keys);
    }
    let head = ["ID", "NAME", "ROLE", "HINT", "STATE", "LAST USED"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(keys.iter().map(row)).collect();
    out.table(&rows)
}

/// Rotates a key.
pub(super) fn rotate(ask: &Rotate, out: &mut Out<'_>) -> Result<()> {
    let remote = Remote::new(&ask.server)?;
    let made = remote.send(
        Method::POST,
        &format!("{}/rotate", path(&ask.key)?),
        Some(&json!({ "overlap_hours": ask.overlap_hours })),
    )?;
    show_made(&ask.server, &made, out)
}

/// Takes a key back.
pub(super) fn revoke(ask: &Revoke, out: &mut Out<'_>) -> Result<()> {
    let key = Remote::new(&ask.server)?.send(Method::DELETE, &path(&ask.key)?, None)?;
    if ask.server.json { out.json(&key) } else { out.line(format!("{} does not work any more", text(&key, "id"))) }
}

fn body_of(ask: &Create) -> Result<Value> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("name", json!(ask.name));
    for (name, value) in [("role", &ask.role), ("environment", &ask.environment)] {
        value.as_ref().map(|value| put(name, json!(value)));
    }
    for (name, values) in [
        ("permissions", &ask.permissions),
        ("allowed_ips", &ask.allowed_ips),
        ("integrations", &ask.integrations),
        ("capabilities", &ask.capabilities),
    ] {
        if !values.is_empty() {
            put(name, json!(values));
        }
    }
    if ask.never_expires {
        put("expires_at", Value::Null);
    }
    if let Some(days) = ask.expires_in_days {
        let end = Timestamp::now().checked_add(SignedDuration::from_hours(i64::from(days) * 24));
        put("expires_at", json!(end.map_err(|error| Error::invalid(format!("{days} days are too many: {error}")))?));
    }
    Ok(Value::Object(body))
}

/// The path of a key; an id has nothing in it that a path would have to escape.
fn path(key: &str) -> Result<String> {
    let id: gatehouse_domain::id::KeyId = key.parse()?;
    Ok(format!("/keys/{id}"))
}

fn show_made(server: &Server, made: &Value, out: &mut Out<'_>) -> Result<()> {
    if server.json {
        return out.json(made);
    }
    out.line(format!("{} works until {}", text(made, "id"), or(made, "expires_at", "it is revoked")))?;
    out.line("Its token is shown this once; keep it safe:\n")?;
    out.line(format!("  {}\n", text(made, "token")))
}

fn row(key: &Value) -> Vec<String> {
    let state = match (key.get("revoked_at").and_then(Value::as_str), key.get("expires_at").and_then(Value::as_str)) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(end)) if end.parse().is_ok_and(|end: Timestamp| end <= Timestamp::now()) => {
            format!("expired {end}")
        }
        (None, Some(end)) => format!("until {end}"),
        (None, None) => "no end".to_owned(),
    };
    let role = or(key, "role", "-");
    vec![text(key, "id"), text(key, "name"), role, text(key, "hint"), state, or(key, "last_used_at", "never")]
}

fn text(value: &Value, name: &str) -> String {
    or(value, name, "")
}

fn or(value: &Value, name: &str, otherwise: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or(otherwise).to_owned()
}
