//! The compile worker: a child process that turns one component into native code under
//! its own limits. It reads no file and holds no key.

use std::io::{Read, Write};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::engine;
use crate::inspect::MAX_COMPONENT_BYTES;

/// Address space, in bytes.
const MAX_ADDRESS_BYTES: u64 = 4 << 30;
/// Processor time, in seconds.
const MAX_CPU_SECONDS: u64 = 60;

/// What the hidden subcommand runs: a component on standard input, native code on
/// standard output; or a reason on standard error and a status other than 0.
pub fn main() -> ExitCode {
    match run(&mut std::io::stdin().lock(), &mut std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let _ = writeln!(std::io::stderr(), "{reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(input: &mut impl Read, output: &mut impl Write) -> Result<(), String> {
    limit(Resource::As, MAX_ADDRESS_BYTES)?;
    limit(Resource::Cpu, MAX_CPU_SECONDS)?;
    limit(Resource::Core, 0)?;
    let mut component = Vec::new();
    let most = MAX_COMPONENT_BYTES as u64;
    input.take(most + 1).read_to_end(&mut component).map_err(|error| error.to_string())?;
    if component.len() as u64 > most {
        return Err(format!("it has more than {most} bytes"));
    }
    let engine = engine::compiler().map_err(|error| error.to_string())?;
    let code = engine.precompile_component(&component).map_err(|error| format!("{error:#}"))?;
    output.write_all(&code).and_then(|()| output.flush()).map_err(|error| error.to_string())
}

fn limit(resource: Resource, most: u64) -> Result<(), String> {
    let limit = Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(resource, limit).map_err(|error| format!("a limit can not be set: {error}"))
}
