//! The `gatehouse` program: it hands its arguments over and takes an exit code back.

use std::process::ExitCode;

/// A fifth of a call's processor time goes into allocation, much of it from one thread to
/// another, which this allocator is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gatehouse::cli::main()
}
