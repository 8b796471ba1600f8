//! Building and calling the hostile guest: everything that the tests share.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

use gatehouse_domain::execution::Fault;
use gatehouse_domain::grant::Limits;
use gatehouse_domain::manifest::Manifest;
use gatehouse_runtime::egress::{BoxFuture, Request, Response, SendError};
use gatehouse_runtime::{Answer, Call, Egress, PoolConfig, Report, Runtime, RuntimeConfig, Target, WitSource};
use gatehouse_runtime::{Plugin, Tape, WorkerCommand, package};
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

/// The manifest of the hostile guest.
pub(crate) const MANIFEST: &str = include_str!("../guests/hostile/plugin.toml");

/// What the provider is made to answer.
pub(crate) type Answers = dyn Fn(Request) -> BoxFuture<'static, Result<Response, SendError>> + Send + Sync;

/// An egress that follows a script and keeps what was sent.
pub(crate) struct Script {
    answers: Box<Answers>,
    pub(crate) sent: Mutex<Vec<Request>>,
    pub(crate) secret: &'static str,
}

impl Script {
    pub(crate) fn new(
        answers: impl Fn(Request) -> BoxFuture<'static, Result<Response, SendError>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { answers: Box::new(answers), sent: Mutex::default(), secret: "sk_live_canary" })
    }

    /// One that always answers 200 with the same text.
    pub(crate) fn ok(body: &'static str) -> Arc<Self> {
        Self::new(move |_| Box::pin(async move { Ok(response(200, body)) }))
    }
}

impl Egress for Script {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        self.sent.lock().unwrap().push(request.clone());
        (self.answers)(request)
    }

    fn scrub_text(&self, text: &str) -> String {
        text.replace(self.secret, "[secret]")
    }
}

pub(crate) fn response(status: u16, body: &str) -> Response {
    Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

/// The guest as cargo built it, without sections of ours.
pub(crate) fn component() -> &'static [u8] {
    static BUILT: OnceLock<Vec<u8>> = OnceLock::new();
    BUILT.get_or_init(|| built("gatehouse-guest-hostile"))
}

/// A guest as cargo builds it.
pub(crate) fn built(guest: &str) -> Vec<u8> {
    let built = build(&["--package", guest, "--target", "wasm32-wasip2", "--profile", "gateway"]);
    std::fs::read(built).unwrap()
}

/// The guest as a plugin.
pub(crate) fn plugin_bytes() -> &'static [u8] {
    static PACKAGED: OnceLock<Vec<u8>> = OnceLock::new();
    PACKAGED.get_or_init(|| packaged(component(), MANIFEST))
}

pub(crate) fn packaged(component: &[u8], manifest: &str) -> Vec<u8> {
    package(component, &Manifest::from_toml(manifest).unwrap(), &[wit()], &json!({ "case": 1 })).unwrap()
}

pub(crate) fn wit() -> WitSource {
    let path = here().join("tests/guests/hostile/wit/hostile.wit");
    WitSource { name: "hostile.wit".to_owned(), text: std::fs::read_to_string(path).unwrap() }
}

/// Builds a guest, or a program that a test needs, with cargo; that does nothing where it
/// is built already, and takes its own lock where another test does the same.
pub(crate) fn build(what: &[&str]) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--message-format", "json-render-diagnostics"]).args(what);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG") || name == "RUSTFLAGS") {
        cargo.env_remove(name);
    }
    let output = cargo.current_dir(here()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).unwrap();
    let mut files = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let executable = message["executable"].as_str().map(str::to_owned);
        executable.or_else(|| Some(message["filenames"].as_array()?.last()?.as_str()?.to_owned()))
    });
    files.next_back().map(PathBuf::from).expect("cargo built nothing")
}

/// The compile worker as a program.
pub(crate) fn compile_worker() -> WorkerCommand {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let program = BUILT.get_or_init(|| {
        // Where the binary was built before the tests, so were the examples.
        let built = std::env::var_os("GATEHOUSE_BIN").map(|binary| Path::new(&binary).with_file_name("examples"));
        let built = built.map(|folder| folder.join("compile_worker")).filter(|path| path.is_file());
        built.unwrap_or_else(|| build(&["--workspace", "--example", "compile_worker"]))
    });
    WorkerCommand { program: program.clone(), args: Vec::new() }
}

pub(crate) fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A runtime with a small pool and a cache of its own.
pub(crate) fn new_runtime(folder: &Path) -> Runtime {
    let mut config = RuntimeConfig::new(folder, [7; 32]);
    config.pool = PoolConfig { instances: 16, ..PoolConfig::default() };
    Runtime::new(config).unwrap()
}

/// The runtime that most tests share, with the guest loaded.
pub(crate) async fn shared() -> &'static (Runtime, Arc<Plugin>) {
    static SHARED: OnceCell<(Runtime, Arc<Plugin>)> = OnceCell::const_new();
    SHARED
        .get_or_init(|| async {
            let runtime = new_runtime(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("gatehouse-runtime-code"));
            let plugin = load(&runtime, plugin_bytes()).await.unwrap();
            (runtime, plugin)
        })
        .await
}

pub(crate) async fn load(runtime: &Runtime, bytes: &[u8]) -> gatehouse_domain::Result<Arc<Plugin>> {
    let inspection = runtime.inspect(bytes)?;
    let bytes = bytes.to_vec();
    runtime.load(&inspection.digest, move || Ok(bytes)).await
}

pub(crate) fn call(egress: Arc<dyn Egress>) -> Call {
    Call {
        egress,
        settings: Map::from_iter([("shop".to_owned(), json!("acme"))]),
        idempotency_key: "key-1".to_owned(),
        attempt: 1,
        account: None,
        limits: Limits::default(),
        cancel: None,
        tape: Tape::Off,
    }
}

/// Calls `misbehave` with the default limits.
pub(crate) async fn misbehave(order: Value) -> Report {
    misbehave_within(Limits::default(), order).await
}

/// Calls `misbehave` under given limits, with a provider that always answers 200.
pub(crate) async fn misbehave_within(limits: Limits, order: Value) -> Report {
    let mut call = call(Script::ok("fine"));
    call.limits = limits;
    misbehave_as(call, order).await
}

pub(crate) async fn misbehave_as(call: Call, order: Value) -> Report {
    let (runtime, plugin) = shared().await;
    let parameters = plugin.parse("MISBEHAVE", &order).unwrap();
    runtime.call(plugin, Target::Capability(parameters), call).await
}

/// The text of a good answer.
#[track_caller]
pub(crate) fn text(report: &Report) -> &str {
    match &report.outcome {
        Answer::Ok(Value::String(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// The limit that ended a call.
#[track_caller]
pub(crate) fn limit(report: &Report) -> (&str, u64) {
    match &report.outcome {
        Answer::Fault(Fault::Limit { limit, max }) => (limit, *max),
        other => panic!("{other:?}"),
    }
}

/// The message and the frames of a trap.
#[track_caller]
pub(crate) fn trap(report: &Report) -> (&str, &[String]) {
    match &report.outcome {
        Answer::Fault(Fault::Trap { message, backtrace }) => (message, backtrace),
        other => panic!("{other:?}"),
    }
}
