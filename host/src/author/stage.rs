//! A compiled component on the author's machine: it is loaded as a server loads it, under the same limits, and each
//! of its fixtures can be played on it without a network.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gatehouse_domain::capability::code_of;
use gatehouse_domain::execution::{Fault, LogLine};
use gatehouse_domain::grant::Limits;
use gatehouse_domain::guest::{Account, GuestError};
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::egress::{BoxFuture, Request, Response, SendError};
use gatehouse_runtime::{
    Answer, Call, CompileLimits, Egress, Inspection, Plugin, PoolConfig, Report, Runtime, RuntimeConfig, Tape, Target,
};
use gatehouse_sdk::harness::Answer as Played;
use gatehouse_sdk::harness::dispatch::Failure;
use gatehouse_sdk::harness::fixture::{Case, Context};
use gatehouse_sdk::harness::session::{Seen, Session};
use serde_json::{Map, Value};

use super::cache;
use super::targets::target;
use super::translate;

/// How long a component may take to compile here, where other compilers may run beside it.
const PATIENCE: Duration = Duration::from_secs(600);

/// A component that can be called.
pub(crate) struct Stage {
    pub(crate) plugin: Arc<Plugin>,
    runtime: Runtime,
    threads: tokio::runtime::Runtime,
}

impl Stage {
    /// Compiles and loads a packaged component; code that was compiled before is taken from the author's cache.
    ///
    /// # Errors
    /// What a server would say to it.
    pub(crate) fn of(component: Vec<u8>, inspection: &Inspection) -> Result<Self> {
        let threads = crate::server::threads()?;
        let (folder, key) = cache::open()?;
        let config = RuntimeConfig {
            worker: crate::server::compile_worker(),
            compile: CompileLimits { time: PATIENCE, ..crate::config::compile_limits() },
            pool: PoolConfig { instances: 4, ..PoolConfig::default() },
            ..RuntimeConfig::new(folder, key)
        };
        let _inside = threads.enter();
        let runtime = Runtime::new(config)?;
        let plugin = threads.block_on(runtime.load(&inspection.digest, move || Ok(component)))?;
        drop(_inside);
        Ok(Self { plugin, runtime, threads })
    }

    /// The functions that it exports, by their WIT names.
    pub(crate) fn functions(&self) -> Vec<String> {
        let Inspection { has_connection, has_sync, has_webhook, has_outcomes, .. } = self.plugin.inspection;
        let contract = [
            (has_connection, "test"),
            (has_sync, "pull"),
            (has_sync, "push"),
            (has_webhook, "parse"),
            (has_outcomes, "look-up"),
        ];
        let contract = contract.iter().filter(|(has, _)| *has).map(|(_, name)| (*name).to_owned());
        contract.chain(self.plugin.capabilities().iter().map(|one| one.function.clone())).collect()
    }

    /// Plays a case with its answers as the session has them. `None` where there is no such function.
    pub(crate) fn play(&self, case: &Case, session: Session) -> (Option<Played>, Seen) {
        if !self.functions().contains(&case.function) {
            return (None, Seen::default());
        }
        let target = match target(&self.plugin, &case.function, &case.input) {
            Ok(target) => target,
            Err(error) => return (Some(Err(Failure::Shape(misfit(&error)))), Seen::default()),
        };
        let egress = Arc::new(Exchange(Mutex::new(session)));
        let report = self.call(target, call(egress.clone(), &case.context));
        let session = std::mem::take(&mut *egress.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut seen = session.finish();
        seen.log = report.log.iter().map(line).collect();
        (Some(answered(&case.function, report.outcome)), seen)
    }

    /// Calls it.
    pub(crate) fn call(&self, target: Target, call: Call) -> Report {
        self.threads.block_on(self.runtime.call(&self.plugin, target, call))
    }

    /// Waits for work that needs the stage's threads.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.threads.block_on(work)
    }
}

/// A case's exchange as the runtime sees it.
struct Exchange(Mutex<Session>);

impl Egress for Exchange {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).send(&translate::request(request));
        Box::pin(async move { answer.map(translate::response).map_err(translate::failure) })
    }

    fn scrub_text(&self, text: &str) -> String {
        text.to_owned()
    }
}

fn call(egress: Arc<dyn Egress>, context: &Context) -> Call {
    let account = context.account.as_ref();
    Call {
        egress,
        settings: context.settings.as_object().cloned().unwrap_or_default(),
        idempotency_key: context.idempotency_key.clone(),
        attempt: context.attempt,
        account: account.map(|account| Account {
            id: account.id.clone(),
            display_name: account.display_name.clone(),
            live: account.live,
        }),
        limits: limits(),
        cancel: None,
        tape: Tape::Off,
    }
}

/// A server's own limits, with more processor time: the author's machine may be busy with a compiler.
pub(crate) fn limits() -> Limits {
    let limits = Limits::default();
    Limits { cpu_ms: limits.cpu_ms.saturating_mul(10), ..limits }
}

/// A line of the log, for people.
pub(crate) fn line(line: &LogLine) -> String {
    let fields: String = line.fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    format!("{}: {}{fields}", line.level, line.message)
}

/// Why a gateway did not answer, with what its author can do.
pub(crate) fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Trap { message, backtrace } => {
            let frames: String = backtrace.iter().take(8).map(|frame| format!("\n    at {frame}")).collect();
            format!("the gateway trapped, which is a fault of its code and no answer: {message}{frames}")
        }
        Fault::Limit { limit, max } => {
            format!("the gateway hit the limit `{limit}` of {max}, as it would on a server: do less in one call")
        }
        Fault::Host { message } => format!("the host failed: {message}"),
    }
}

fn misfit(error: &Error) -> String {
    let places = error.problems.iter().map(|problem| format!("\n  {}: {}", problem.path, problem.message));
    format!("input.json: {}{}", error.message, places.collect::<String>())
}

fn answered(function: &str, outcome: Answer) -> Played {
    match outcome {
        Answer::Ok(value) if matches!(function, "pull" | "parse") => Ok(as_text(value)),
        Answer::Ok(value) => Ok(value),
        Answer::Refused(error) => Err(refused(&error)),
        Answer::Fault(found) => Err(Failure::Shape(fault(&found))),
    }
}

/// Both sides write an error as the same JSON.
fn refused(error: &GuestError) -> Failure {
    let json = serde_json::to_value(error);
    match json.and_then(serde_json::from_value) {
        Ok(error) => Failure::Guest(error),
        Err(error) => Failure::Shape(format!("the error has no JSON form: {error}")),
    }
}

/// The data of records and events as text, as fixtures have it and gateways give it.
fn as_text(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(with_text).collect()),
        Value::Object(mut page) => {
            if let Some(Value::Array(records)) = page.remove("records") {
                page.insert("records".to_owned(), Value::Array(records.into_iter().map(with_text).collect()));
            }
            Value::Object(page)
        }
        other => other,
    }
}

fn with_text(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let texts = fields.into_iter().map(|(name, field)| match (name.as_str(), &field) {
        ("data", Value::Object(_)) => (name, Value::String(field.to_string())),
        _ => (name, field),
    });
    Value::Object(texts.collect::<Map<_, _>>())
}

/// Where a component of the author's is written by default.
pub(crate) fn dist(folder: &Path, inspection: &Inspection) -> PathBuf {
    folder.join("dist").join(format!("{}-{}.wasm", inspection.manifest.id, inspection.manifest.version))
}

/// The code of a function, or none where it is the contract's own.
pub(crate) fn code(function: &str) -> Option<String> {
    let contract = ["test", "parse", "pull", "push", "look-up"].contains(&function);
    (!contract).then(|| code_of(function))
}
