//! The gateway against programs that no one here wrote. Where they are not installed, each
//! test says so in one line; `cargo xtask peers install` installs them.

mod authorities;
mod components;
mod document;
mod generated;
mod mail;
mod openapi;
mod promtool;
mod registry;
mod signers;
mod stateful;
mod tester;
mod webhooks;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use crate::harness::artefacts::root;
use crate::harness::eventually;

/// Held alone by what keeps every core busy for long, and together by what a kill has to meet at the right moment.
static QUIET: tokio::sync::RwLock<()> = tokio::sync::RwLock::const_new(());

/// A peer as a child process on a free port of loopback, stopped when it is dropped.
struct Peer {
    child: Child,
    origin: String,
}

impl Peer {
    /// Starts `name` with the arguments that `arguments` makes of a port.
    async fn start(name: &str, arguments: impl Fn(u16) -> Vec<String>) -> Option<Self> {
        Self::start_with(name, arguments, &[]).await
    }

    /// As [`Peer::start`], with variables of its own.
    async fn start_with(
        name: &str,
        arguments: impl Fn(u16) -> Vec<String>,
        variables: &[(&str, &str)],
    ) -> Option<Self> {
        let program = installed(name)?;
        let port = free_port();
        let mut command = Command::new(program);
        command
            .args(arguments(port))
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let peer = Self { child, origin: format!("http://127.0.0.1:{port}") };
        eventually(&format!("the start of {name}"), async || {
            let connecting = tokio::net::TcpStream::connect(("127.0.0.1", port));
            let connected = tokio::time::timeout(Duration::from_secs(1), connecting).await;
            connected.ok()?.ok()
        })
        .await;
        Some(peer)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Where a peer's starter is; says so where there is none.
fn installed(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("GATEHOUSE_PEERS").map_or_else(|| root().join(".peers"), PathBuf::from);
    let program = folder.join("bin").join(name);
    if program.is_file() {
        return Some(program);
    }
    println!("skipped: the peer {name} is not installed; `cargo xtask peers install` installs it");
    None
}

/// The provider's own API documents.
fn specs() -> Option<PathBuf> {
    let folder = std::env::var_os("GATEHOUSE_SPECS").map_or_else(|| root().join("../shared/specs"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the providers' API documents are not here; set GATEHOUSE_SPECS to their folder");
    None
}

/// A port below those that the system gives to whoever asks for any, so that no test gets it
/// between this look and the peer's start.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let ports = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed));
    ports.take(1_000).find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}
