//! The command line: it parses, dispatches to one file a command, and turns what comes back
//! into words and an exit code.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gatehouse_domain::{Error, ErrorKind, Result};

use crate::command;
use crate::config::Surroundings;
use crate::output::Out;

const EXIT_CODES: &str = "\
Exit codes:
  0   it was done
  1   it failed; standard error says why
  2   the arguments or the configuration can not be right
  70  the store is damaged or its disk is full; nothing more was written";

/// Self-hosted, multi-tenant integrations platform.
#[derive(Debug, Parser)]
#[command(name = "gatehouse", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API until the process is told to stop.
    Serve(command::serve::Options),
    /// Show everything working against the sandbox provider, in a temporary folder.
    Demo(command::demo::Options),
    /// Build plugins and look into them.
    #[command(subcommand)]
    Plugin(command::plugin::Command),
    /// API keys.
    #[command(subcommand)]
    Keys(command::keys::Command),
    /// Prove that nothing in the audit trail was altered, cut off or written anew.
    #[command(subcommand)]
    Audit(command::audit::Command),
    /// Run a recorded call again on any version of its plugin, and show what is different.
    Replay(command::replay::Options),
    /// Check configuration, folders, keys and system, and say how to repair what is wrong.
    Doctor(command::doctor::Options),
    /// Compile one component from standard input to standard output, for the server itself.
    #[command(hide = true)]
    CompileWorker,
}

/// How a command ended, as the shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It was done.
    Done,
    /// It failed.
    Failed,
    /// The arguments or the configuration can not be right.
    Usage,
    /// The store is damaged or its disk is full (`EX_SOFTWARE` of sysexits.h).
    Store,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Store => 70,
        }
    }

    /// What an error ends a command with.
    pub fn of(error: &Error) -> Self {
        match error.kind {
            ErrorKind::Corrupt | ErrorKind::StorageFull => Self::Store,
            _ => Self::Failed,
        }
    }
}

/// Runs the process' own arguments.
pub fn main() -> ExitCode {
    let exit = run(std::env::args_os(), &mut std::io::stdout().lock(), &mut std::io::stderr());
    match exit {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(worker) => worker,
    }
}

/// Runs arguments, the program's name first. What a command answers goes to `out`, what went
/// wrong to `err`. `Err` holds the exit code of the compile worker, which speaks for itself.
fn run(
    arguments: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> std::result::Result<Exit, ExitCode> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(refused) => return Ok(show_usage(&refused, out, err)),
    };
    let ended = match cli.command {
        Command::CompileWorker => return Err(command::compile_worker::main()),
        other => dispatch(other, &mut Out::new(out)),
    };
    Ok(ended.unwrap_or_else(|error| {
        show_error(&error.error, err);
        error.exit
    }))
}

/// An error and the exit code that it means.
struct Ended {
    error: Error,
    exit: Exit,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self { exit: Exit::of(&error), error }
    }
}

fn dispatch(command: Command, out: &mut Out<'_>) -> std::result::Result<Exit, Ended> {
    match command {
        Command::Serve(options) => {
            let loaded = usage(crate::config::load(&options.config, &Surroundings::of_process()))?;
            command::serve::run(loaded, &options, out)?;
        }
        Command::Demo(options) => command::demo::run(&options, out)?,
        Command::Plugin(command) => command::plugin::run(command, out)?,
        Command::Keys(command) => command::keys::run(command, out)?,
        Command::Audit(command) => return Ok(command::audit::run(command, out)?),
        Command::Replay(options) => return Ok(command::replay::run(&options, out)?),
        Command::Doctor(options) => return Ok(command::doctor::run(&options, out)?),
        Command::CompileWorker => {}
    }
    Ok(Exit::Done)
}

fn usage<T>(outcome: Result<T>) -> std::result::Result<T, Ended> {
    outcome.map_err(|error| Ended { error, exit: Exit::Usage })
}

/// What clap says: help and version are answers, the rest is a mistake.
fn show_usage(refused: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> Exit {
    // Where the terminal is gone there is no one left to tell.
    if refused.use_stderr() {
        let _ = write!(err, "{}", refused.render());
        return Exit::Usage;
    }
    let _ = write!(out, "{}", refused.render());
    Exit::Done
}

/// One line for the error, one for each problem, one for what caused it.
fn show_error(error: &Error, err: &mut dyn Write) {
    let mut text = format!("gatehouse: {}\n", error.message);
    for problem in &error.problems {
        text += &format!("  - {}: {}\n", problem.path, problem.message);
    }
    for (name, value) in &error.context {
        text += &format!("  {name}: {value}\n");
    }
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text += &format!("  because: {source}\n");
        cause = source.source();
    }
    let _ = err.write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::Problem;

    use super::*;

    fn run_line(line: &str) -> (Exit, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let arguments = std::iter::once("gatehouse").chain(line.split_whitespace()).map(OsString::from);
        let exit = run(arguments, &mut out, &mut err).unwrap();
        (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn the_definition_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn help_is_an_answer_and_a_mistake_is_not() {
        let (exit, out, err) = run_line("--help");
        assert_eq!((exit, err.as_str()), (Exit::Done, ""));
        assert!(out.contains("doctor") && out.contains("70  the store") && !out.contains("compile-worker"), "{out}");
        let (exit, out, err) = run_line("srve");
        assert_eq!((exit, out.as_str()), (Exit::Usage, ""));
        assert!(err.contains("serve"), "{err}");
    }

    #[test]
    fn a_wrong_configuration_is_a_mistake_of_usage() {
        let (exit, _, err) =
            run_line("serve --listen nowhere --data-dir /nonexistent/a --root-key-file /nonexistent/b");
        assert_eq!(exit, Exit::Usage);
        assert!(err.contains("  - listen: `nowhere`"), "{err}");
    }

    #[test]
    fn errors_become_codes_and_lines() {
        let check = |error: Error, code: u8| assert_eq!(Exit::of(&error).code(), code, "{error}");
        check(Error::invalid("x"), 1);
        check(Error::new(ErrorKind::StorageFull, "x"), 70);
        check(Error::new(ErrorKind::Corrupt, "x"), 70);
        let error = Error::problems("it can not be used", vec![Problem::at("$.a", "is wrong")])
            .with("file", "a.toml")
            .caused_by(std::io::Error::other("the disk is gone"));
        let mut text = Vec::new();
        show_error(&error, &mut text);
        let expect = "gatehouse: it can not be used\n  - $.a: is wrong\n  file: a.toml\n  because: the disk is gone\n";
        assert_eq!(String::from_utf8(text).unwrap(), expect);
    }
}
