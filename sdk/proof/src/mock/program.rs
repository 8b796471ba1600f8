//! Prism as a child process on loopback, stopped when it is dropped.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use tempfile::NamedTempFile;

/// How long it may take to read its document.
const START: Duration = Duration::from_secs(60);

/// A running mock.
pub(super) struct Mock {
    child: Child,
    /// Where it answers.
    pub(super) origin: String,
    _document: NamedTempFile,
}

/// Where its starter is, if it is installed: in the folder that `GATEHOUSE_PEERS` names, or in `.peers` of the
/// repository.
pub(super) fn installed() -> Option<PathBuf> {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.peers");
    let program = std::env::var_os("GATEHOUSE_PEERS").map_or_else(own, PathBuf::from).join("bin/prism");
    program.is_file().then_some(program)
}

impl Mock {
    /// Starts one that answers from a document. What the host adds to a request is not asked for: credentials, and
    /// the parameters of these names.
    ///
    /// # Errors
    /// Why it does not answer.
    pub(super) fn start(program: &Path, document: &Value, added_by_host: &[&str]) -> Result<Self, String> {
        let text = without_additions(document, added_by_host).to_string();
        let mut file = tempfile::Builder::new().suffix(".json").tempfile().map_err(|error| error.to_string())?;
        file.write_all(text.as_bytes()).map_err(|error| error.to_string())?;
        let port = free_port()?;
        let child = Command::new(program)
            .args(["mock", "-h", "127.0.0.1", "-p", &port.to_string()])
            .arg(file.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = child.map_err(|error| format!("{}: {error}", program.display()))?;
        let mut mock = Self { child, origin: format!("http://127.0.0.1:{port}"), _document: file };
        mock.wait(port).map(|()| mock)
    }

    fn wait(&mut self, port: u16) -> Result<(), String> {
        let began = Instant::now();
        while began.elapsed() < START {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("the mock ended with {status}"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(format!("the mock does not listen after {} seconds", START.as_secs()))
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The document without its security and without these parameters.
fn without_additions(document: &Value, added: &[&str]) -> Value {
    match document {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| *name != "security");
            Value::Object(
                kept.map(|(name, value)| (name.clone(), without_additions(value, added))).collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => {
            let is_added = |item: &&Value| {
                let text = |name: &str| item.get(name).and_then(Value::as_str);
                text("in").is_some()
                    && text("name").is_some_and(|name| added.iter().any(|one| one.eq_ignore_ascii_case(name)))
            };
            Value::Array(
                items.iter().filter(|item| !is_added(item)).map(|item| without_additions(item, added)).collect(),
            )
        }
        other => other.clone(),
    }
}

/// A port below those that the system gives to whoever asks for any, so that nobody gets it between this look and
/// the mock's start.
fn free_port() -> Result<u16, String> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 9_000).unwrap_or_default();
    let mut ports = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed)).take(500);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).ok_or_else(|| "no port is free".to_owned())
}
