//! Root keys: making a new one in a file, and having a running server exchange the old one for it.

use std::path::Path;
use std::time::Duration;

use gatehouse_broker::RootKey;
use gatehouse_domain::{Error, Result};
use reqwest::Method;
use serde_json::{Value, json};

use crate::output::Out;
use crate::remote::{Remote, Server};

/// Where the server tells of it.
const PLACE: &str = "/admin/rotation";
/// How often it is asked how far it has come.
const PAUSE: Duration = Duration::from_millis(500);

/// How to exchange the root key.
#[derive(Debug, clap::Args)]
pub(crate) struct RotateRoot {
    #[command(flatten)]
    server: Server,
    /// Do not wait for the end.
    #[arg(long)]
    no_wait: bool,
}

/// Makes a root key in a file that must not exist.
pub(super) fn new_root(file: &Path, as_json: bool, out: &mut Out<'_>) -> Result<()> {
    let id = RootKey::create(file)?.id();
    if as_json {
        return out.json(&json!({ "id": id, "file": file }));
    }
    out.line(format!("the root key {id} is in {}; keep a copy apart from the data", file.display()))?;
    out.line("To exchange the one in use for it:")?;
    out.line("  1. set `root_key_file` to this file and `previous_root_key_files` to the one in use")?;
    out.line("  2. start the server again, and run `gatehouse keys rotate-root`")?;
    out.line("  3. when that says so, take the old one out of `previous_root_key_files`")
}

/// Has a running server exchange its root key, and says how far it is until it is done.
pub(super) fn rotate(ask: &RotateRoot, out: &mut Out<'_>) -> Result<()> {
    let remote = Remote::new(&ask.server)?;
    let mut state = remote.send(Method::POST, PLACE, None)?;
    let mut told = String::new();
    while !ask.no_wait && !is_finished(&state) {
        if let Some(problem) = state.pointer("/rotation/problem").and_then(Value::as_str) {
            return Err(Error::conflict(format!("it goes on, but something can not be sealed again: {problem}")));
        }
        let now = progress(&state);
        if !ask.server.json && now != told {
            out.line(&now)?;
            told = now;
        }
        std::thread::sleep(PAUSE);
        state = remote.send(Method::GET, PLACE, None)?;
    }
    if ask.server.json { out.json(&state) } else { out.line(ended(&state)) }
}

fn is_finished(state: &Value) -> bool {
    state.pointer("/rotation/finished").and_then(Value::as_bool) == Some(true)
}

fn progress(state: &Value) -> String {
    let number = |name: &str| state.pointer(&format!("/rotation/{name}")).and_then(Value::as_u64);
    let done = number("done").unwrap_or_default();
    match (number("total"), number("eta_seconds")) {
        (Some(total), Some(left)) => format!("{done} of {total} tenants are done; some {left} s are left"),
        (Some(total), None) => format!("{done} of {total} tenants are done"),
        (None, _) => "it has begun".to_owned(),
    }
}

fn ended(state: &Value) -> String {
    if !is_finished(state) {
        return "it has begun; GET /api/v1/admin/rotation tells how far it is".to_owned();
    }
    let ids = state.get("removable").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let ids: Vec<&str> = ids.iter().filter_map(Value::as_str).collect();
    let in_use = state.get("in_use").and_then(Value::as_str).unwrap_or_default();
    format!(
        "the root key {in_use} seals everything; these can be taken out of `previous_root_key_files`: {}. Keep them as \
         long as there are backups from before",
        ids.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new.key");
        let mut text = Vec::new();
        new_root(&file, false, &mut Out::new(&mut text)).unwrap();
        let (said, key) = (String::from_utf8(text).unwrap(), std::fs::read_to_string(&file).unwrap());
        assert!(said.contains(&RootKey::load(&file).unwrap().id()), "{said}");
        assert!(!said.contains(key.trim()), "{said}");
        let error = new_root(&file, true, &mut Out::new(&mut Vec::new())).unwrap_err();
        assert!(error.message.contains("left as it is"), "{error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), key);
    }

    #[test]
    fn progress_is_told_in_a_line() {
        let check = |rotation: Value, line: &str| assert_eq!(progress(&json!({ "rotation": rotation })), line);
        check(json!({ "done": 0, "total": null }), "it has begun");
        check(json!({ "done": 0, "total": 9 }), "0 of 9 tenants are done");
        check(json!({ "done": 3, "total": 9, "eta_seconds": 4 }), "3 of 9 tenants are done; some 4 s are left");
        let state = json!({ "in_use": "aa", "removable": ["bb", "cc"], "rotation": { "finished": true } });
        assert!(ended(&state).contains("aa seals everything") && ended(&state).contains("bb, cc"), "{}", ended(&state));
        assert!(ended(&json!({ "rotation": { "finished": false } })).contains("has begun"));
    }
}
