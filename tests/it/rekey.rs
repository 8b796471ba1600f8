//! Exchanging keys in the real server: root keys and tenants' keys, under load, under SIGKILL,
//! and with key files that are wrong or gone.

mod files;
mod kills;
mod one;

use serde_json::Value;

use crate::harness::Server;

/// The settings that name root keys.
const ROOT: &str = "GATEHOUSE_ROOT_KEY_FILE";
const PREVIOUS: &str = "GATEHOUSE_PREVIOUS_ROOT_KEY_FILES";

/// Makes a root key in a file of this name and answers its path and its id.
fn new_root(server: &Server, name: &str) -> (String, String) {
    let path = server.place(name).display().to_string();
    let output = server.command(&["keys", "new-root", &path, "--json"]);
    assert!(output.status.success(), "{output:?}");
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    (path, made["id"].as_str().unwrap().to_owned())
}

/// Starts the server again with this root key and these older ones.
fn with_roots(server: Server, root: &str, previous: &[String]) -> Server {
    server.kill().with(ROOT, root).with(PREVIOUS, &previous.join(",")).start_again()
}
