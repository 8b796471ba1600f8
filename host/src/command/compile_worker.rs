//! `gatehouse compile-worker`: the child process in which the server compiles a component.
//! It reads no configuration and holds no key.

use std::process::ExitCode;

/// Component in on standard input, native code out on standard output.
pub(crate) fn main() -> ExitCode {
    gatehouse_runtime::worker::main()
}
