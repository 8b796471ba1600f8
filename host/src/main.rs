//! The `gatehouse` program: it hands its arguments over and takes an exit code back.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse::cli::main()
}
