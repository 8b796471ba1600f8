//! The compile worker as a program of its own, for tests; the product runs the same
//! function under a hidden subcommand.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse_runtime::worker::main()
}
