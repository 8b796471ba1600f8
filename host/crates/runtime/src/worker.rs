//! The compile worker: a child process that turns one component into native code under
//! its own limits. It reads no file of ours and holds no key.

use std::io::{Read, Write};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::config::CompileLimits;
use crate::engine;
use crate::inspect::MAX_COMPONENT_BYTES;

/// How many bytes stand before the component: the limits, as two numbers, little end first.
const ORDER_BYTES: usize = 16;

/// What is said where that is the reason.
const OUT_OF_MEMORY: &str = "it takes more memory to compile than it may have";

/// What the hidden subcommand runs: limits and a component on standard input, native code on
/// standard output; or a reason on standard error and a status other than 0.
pub fn main() -> ExitCode {
    match run(&mut std::io::stdin().lock(), &mut std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let _ = writeln!(std::io::stderr(), "{}", in_our_words(&reason));
            ExitCode::FAILURE
        }
    }
}

fn run(input: &mut impl Read, output: &mut impl Write) -> Result<(), String> {
    let mut order = [0; ORDER_BYTES];
    input.read_exact(&mut order).map_err(|error| format!("there are no limits to keep to: {error}"))?;
    let (memory, seconds) = read_order(&order);
    limit(Resource::As, address_bytes().saturating_add(memory))?;
    limit(Resource::Cpu, seconds)?;
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

/// What a worker says: that there was no more memory is said in many ways, also by a panic.
pub(crate) fn in_our_words(said: &str) -> &str {
    let words = ["out of memory", "out-of-memory", "Cannot allocate memory", "memory allocation"];
    if words.iter().any(|words| said.contains(words)) { OUT_OF_MEMORY } else { said }
}

/// The limits as they stand before the component on the worker's standard input.
pub fn order(limits: &CompileLimits) -> [u8; ORDER_BYTES] {
    let seconds = limits.time.as_secs().max(1);
    u128::to_le_bytes(u128::from(limits.memory_bytes) | u128::from(seconds) << 64)
}

/// Memory in bytes, and processor time in seconds.
fn read_order(order: &[u8; ORDER_BYTES]) -> (u64, u64) {
    let both = u128::from_le_bytes(*order);
    (u64::try_from(both & u128::from(u64::MAX)).unwrap_or(u64::MAX), u64::try_from(both >> 64).unwrap_or(u64::MAX))
}

/// The address space that this process has before it begins: its program, and what its allocator
/// has set aside. Only what it takes beyond that is the component's doing.
fn address_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let kib: u64 = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default();
    kib.saturating_mul(1024)
}

fn limit(resource: Resource, most: u64) -> Result<(), String> {
    let limit = Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(resource, limit).map_err(|error| format!("a limit can not be set: {error}"))
}
