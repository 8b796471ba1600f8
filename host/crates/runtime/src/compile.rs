//! Component to native code: in the worker process where there is one, so that a
//! compilation bomb takes down a child and not the host.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;

use gatehouse_domain::error::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use wasmtime::Engine;

use crate::config::{CompileLimits, WorkerCommand};
use crate::worker;

/// How much native code one component may become, in bytes.
const MAX_CODE_BYTES: u64 = 512 << 20;
/// How much of a failed worker's message is kept.
const MAX_MESSAGE_BYTES: u64 = 4 << 10;

/// Compiles a component.
///
/// # Errors
/// [`ErrorKind::Invalid`] where the component can not be compiled within the limits.
pub(crate) async fn compile(
    engine: &Engine,
    (worker, limits): (Option<&WorkerCommand>, &CompileLimits),
    component: Vec<u8>,
) -> Result<Vec<u8>> {
    match worker {
        Some(command) => in_worker(command, limits, &component).await,
        None => here(engine.clone(), component).await,
    }
}

async fn here(engine: Engine, component: Vec<u8>) -> Result<Vec<u8>> {
    let compiled = tokio::task::spawn_blocking(move || engine.precompile_component(&component)).await;
    match compiled {
        Ok(Ok(code)) => Ok(code),
        Ok(Err(error)) => Err(Error::invalid(format!("the component does not compile: {error:#}"))),
        Err(error) => Err(Error::internal("the compiler failed").caused_by(error)),
    }
}

async fn in_worker(command: &WorkerCommand, limits: &CompileLimits, component: &[u8]) -> Result<Vec<u8>> {
    let child = Command::new(&command.program)
        .args(&command.args)
        .env_clear()
        // The allocator of our own program sets a gigabyte aside otherwise, which would count for
        // the component's own.
        .env("MIMALLOC_ARENA_RESERVE", "65536")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| unavailable("the compile worker can not start").caused_by(error))?;
    // Where the time is over the child is dropped, which kills it.
    match tokio::time::timeout(limits.time, converse(child, &worker::order(limits), component)).await {
        Ok(code) => code,
        Err(_) => {
            let seconds = limits.time.as_secs_f64();
            Err(Error::invalid(format!("the component takes more than {seconds} s to compile: make it smaller")))
        }
    }
}

async fn converse(mut child: Child, order: &[u8], component: &[u8]) -> Result<Vec<u8>> {
    let (Some(mut input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(Error::internal("the compile worker has no pipes"));
    };
    let (mut code, mut message) = (Vec::new(), Vec::new());
    let mut output = output.take(MAX_CODE_BYTES + 1);
    let mut errors = errors.take(MAX_MESSAGE_BYTES);
    let (_, read, _) = tokio::join!(
        // A worker that gives up early closes its end; what it says then is the answer.
        async move {
            if input.write_all(order).await.is_ok() {
                let _ = input.write_all(component).await;
            }
        },
        output.read_to_end(&mut code),
        errors.read_to_end(&mut message),
    );
    read.map_err(|error| unavailable("the compile worker can not be read").caused_by(error))?;
    if code.len() as u64 > MAX_CODE_BYTES {
        return Err(Error::invalid(format!("the component compiles to more than {MAX_CODE_BYTES} bytes")));
    }
    let status = child.wait().await.map_err(|error| unavailable("the compile worker is lost").caused_by(error))?;
    if status.success() {
        return Ok(code);
    }
    let said = worker::in_our_words(String::from_utf8_lossy(&message).trim()).to_owned();
    // Out of memory or of processor time, the child is ended by a signal: its own or the system's.
    match (status.signal(), said.is_empty()) {
        (Some(signal), _) => {
            let message = format!(
                "the component takes more memory or processor time to compile than it may have: the compile worker was \
                 ended by signal {signal}"
            );
            Err(Error::invalid(message))
        }
        (None, true) => {
            Err(Error::invalid(format!("the component does not compile: the compile worker ended with {status}")))
        }
        (None, false) => Err(Error::invalid(format!("the component does not compile: {said}"))),
    }
}

fn unavailable(message: &str) -> Error {
    Error::new(ErrorKind::Unavailable, message)
}
