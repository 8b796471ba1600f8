//! The compilers of JavaScript and Python gateways: `componentize-js` of npm and `componentize-py` of pip, which
//! the author installs beside the gateway. They see the gateway and the contracts, and what they say is shown.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gatehouse_domain::{Error, Result};
use gatehouse_runtime::compose;
use tempfile::TempDir;

use super::compile::read;
use crate::author::languages::{JAVASCRIPT_MAIN, PYTHON_MAIN};
use crate::author::sdk;

/// The world that a gateway names its exports in.
const WORLD: &str = "wit/world.wit";

/// What Node.js runs: the engine's features that would want WASI are left out, as a gateway has the host's requests,
/// and neither clock nor randomness.
const BUILD: &str = "
import { componentize } from '@bytecodealliance/componentize-js';
import { writeFile } from 'node:fs/promises';
const [sourcePath, witPath, out] = process.argv.slice(1);
const disableFeatures = ['random', 'clocks', 'stdio', 'http', 'fetch-event'];
const { component } = await componentize({ sourcePath, witPath, worldName: 'gateway', disableFeatures });
await writeFile(out, component);
";

/// Compiles a gateway in JavaScript.
///
/// # Errors
/// Where Node.js or the compiler is not installed, with the command that installs it, or where it refuses the gateway.
pub(super) fn javascript(folder: &Path) -> Result<Vec<u8>> {
    let folder = whole(folder)?;
    if !folder.join("node_modules/@bytecodealliance/componentize-js").is_dir() {
        return Err(missing(&folder, "@bytecodealliance/componentize-js", "npm install"));
    }
    let (work, wit) = contracts(&folder)?;
    let out = work.path().join("gateway.wasm");
    let mut node = Command::new("node");
    node.args(["--input-type=module", "--eval", BUILD]).arg(folder.join(JAVASCRIPT_MAIN)).arg(wit).arg(&out);
    // What has no file of its own imports from where it runs.
    node.current_dir(&folder);
    run(node, "Node.js does not start; install it from https://nodejs.org", JAVASCRIPT_MAIN)?;
    read(&out)
}

/// Compiles a gateway in Python.
///
/// # Errors
/// As [`javascript`].
pub(super) fn python(folder: &Path) -> Result<Vec<u8>> {
    let folder = whole(folder)?;
    let (work, wit) = contracts(&folder)?;
    let out = work.path().join("gateway.wasm");
    let own = folder.join(".venv/bin/componentize-py");
    let program = if own.is_file() { own } else { PathBuf::from("componentize-py") };
    let mut python = Command::new(program);
    python.arg("-d").arg(wit).args(["-w", "gateway", "componentize", "gateway", "-o"]).arg(&out).current_dir(&folder);
    let install = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt";
    let absent = missing(&folder, "componentize-py", install).message;
    run(python, &absent, PYTHON_MAIN)?;
    // The compiler leaves an export of its own beside the gateway's, which composition leaves out.
    compose(&read(&out)?, &[])
}

/// The contracts as both compilers want them: the gateway's world, and the packages that it names below `deps`.
fn contracts(folder: &Path) -> Result<(TempDir, PathBuf)> {
    let work = tempfile::tempdir().map_err(|error| Error::unavailable("no temporary folder").caused_by(error))?;
    let wit = work.path().join("wit");
    let world = folder.join(WORLD);
    sdk::write(&wit.join("world.wit"), &String::from_utf8_lossy(&read(&world)?))?;
    sdk::write_contracts(work.path())?;
    let released = work.path().join(sdk::FOLDER).join("wit");
    fs::rename(&released, wit.join("deps"))
        .map_err(|error| Error::unavailable("the contracts can not be laid out").caused_by(error))?;
    Ok((work, wit))
}

fn whole(folder: &Path) -> Result<PathBuf> {
    let unreadable = |error| Error::invalid(format!("{} can not be read", folder.display())).caused_by(error);
    folder.canonicalize().map_err(unreadable)
}

fn missing(folder: &Path, what: &str, install: &str) -> Error {
    Error::unavailable(format!("{what} is not installed for {}; run `{install}` in it", folder.display()))
}

/// Runs a compiler; what it says is only shown where it fails.
fn run(mut command: Command, absent: &str, main: &str) -> Result<()> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Error::unavailable(absent.to_owned()).caused_by(error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    Err(Error::invalid(format!("{main} can not be built with the world in {WORLD}:\n{}", said.trim())))
}
