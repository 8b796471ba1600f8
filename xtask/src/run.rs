//! The one place that starts programs: with a progress display on a terminal, with plain
//! lines and a sign of life where there is none, and with the whole output kept in a log.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Shorthand for everything here.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// How much of the output is shown when a program fails, in lines.
const SHOWN_LINES: usize = 120;

/// How often a step without a terminal says that it is still at work.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);

/// Why a step did not succeed, and what to run by hand.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The step, in a few words.
    pub(crate) step: String,
    /// What happened.
    pub(crate) reason: String,
    /// What to run by hand, if anything.
    pub(crate) by_hand: Option<String>,
}

impl Failure {
    /// A failure that no program caused.
    pub(crate) fn new(step: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { step: step.into(), reason: reason.into(), by_hand: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}", self.step, self.reason)?;
        match &self.by_hand {
            Some(command) => write!(f, "\nrun it by hand: {command}"),
            None => Ok(()),
        }
    }
}

/// One program to run, with a name for people.
pub(crate) struct Step {
    name: String,
    command: Command,
    log: Option<PathBuf>,
    limit: Duration,
    silent: bool,
}

impl Step {
    /// A step that may take up to half an hour.
    pub(crate) fn new(name: impl Into<String>, command: Command) -> Self {
        Self { name: name.into(), command, log: None, limit: Duration::from_secs(30 * 60), silent: false }
    }

    /// Stops the program after `limit`.
    pub(crate) fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Keeps the whole output in `target/xtask/<name>.log`.
    pub(crate) fn logged(mut self, root: &Path) -> Self {
        self.log = Some(root.join("target/xtask").join(format!("{}.log", self.name.replace([' ', '/'], "-"))));
        self
    }

    /// Shows nothing when it succeeds and leaves the telling to the caller when it fails.
    pub(crate) fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Runs the program to its end and answers what it printed: standard output and standard
    /// error, line by line as they came.
    pub(crate) fn run(mut self) -> Result<Vec<String>> {
        let started = Instant::now();
        let mut log = self.open_log()?;
        let display = Display::of(&self.name, self.silent);
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(|error| self.failure(format!("it does not start: {error}")))?;
        let lines = read_lines(&mut child);
        let watched = self.watch(&lines, started, &display, &mut log);
        let (kept, status) = match watched {
            Ok(kept) => (kept, child.wait().map_err(|error| self.failure(error.to_string()))?),
            Err(kept) => {
                stop(&mut child);
                self.show(&display, &kept);
                return Err(self.failure(format!("it took longer than {}", human(self.limit))));
            }
        };
        if !status.success() {
            self.show(&display, &kept);
            return Err(self.failure(describe(status)));
        }
        display.done(&format!("{} {}", self.name, human(started.elapsed())));
        Ok(kept)
    }

    /// Collects lines until the program closes its output; `Err` holds them when time is up.
    fn watch(
        &self,
        lines: &Receiver<String>,
        started: Instant,
        display: &Display,
        log: &mut Option<File>,
    ) -> std::result::Result<Vec<String>, Vec<String>> {
        let mut kept = Vec::new();
        let mut last_sign = Instant::now();
        loop {
            match lines.recv_timeout(Duration::from_millis(200)) {
                Ok(line) => {
                    if let Some(log) = log {
                        // A log that can not be written must not fail the step.
                        let _ = writeln!(log, "{line}");
                    }
                    display.line(&line);
                    kept.push(line);
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(kept),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if started.elapsed() > self.limit {
                return Err(kept);
            }
            if last_sign.elapsed() > SIGN_OF_LIFE {
                last_sign = Instant::now();
                display.sign_of_life(&self.name, started.elapsed(), kept.last());
            }
        }
    }

    fn open_log(&self) -> Result<Option<File>> {
        let Some(path) = &self.log else { return Ok(None) };
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| File::create(path));
        made.map(Some).map_err(|error| self.failure(format!("{} can not be written: {error}", path.display())))
    }

    fn failure(&self, reason: String) -> Failure {
        let reason = match &self.log {
            Some(log) => format!("{reason} (everything it said is in {})", log.display()),
            None => reason,
        };
        Failure { step: self.name.clone(), reason, by_hand: Some(command_line(&self.command)) }
    }

    fn show(&self, display: &Display, lines: &[String]) {
        display.clear();
        if self.silent {
            return;
        }
        let hidden = lines.len().saturating_sub(SHOWN_LINES);
        if hidden > 0 {
            eprintln!("… {hidden} lines before");
        }
        for line in lines.iter().skip(hidden) {
            eprintln!("{line}");
        }
    }
}

/// Hands the terminal over to a program that talks to the person itself. It takes the place of
/// this one where the system allows, so that signals and the exit code are its own.
#[cfg(unix)]
pub(crate) fn hand_over(name: &str, mut command: Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let by_hand = Some(command_line(&command));
    let error = command.exec();
    Err(Failure { by_hand, ..Failure::new(name, format!("it does not start: {error}")) })
}

/// As on Unix, but with this program waiting behind it.
#[cfg(not(unix))]
pub(crate) fn hand_over(name: &str, mut command: Command) -> Result<()> {
    let by_hand = Some(command_line(&command));
    let failure = |reason: String| Failure { by_hand: by_hand.clone(), ..Failure::new(name, reason) };
    let status = command.status().map_err(|error| failure(format!("it does not start: {error}")))?;
    if status.success() { Ok(()) } else { Err(failure(describe(status))) }
}

/// A `cargo` command in the repository, with the cargo that runs this program.
pub(crate) fn cargo<S: AsRef<OsStr>>(root: &Path, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(arguments);
    command
}

/// A `cargo` command that has clippy compile the workspace's own code, as `cargo clippy` does, but
/// with the code generated: one build lints everything and makes what the tests run. `cargo clippy`
/// beside a build would read all dependencies twice. A warning is an error.
pub(crate) fn linted<S: AsRef<OsStr>>(root: &Path, arguments: impl IntoIterator<Item = S>) -> Command {
    // An option and no variable, so that a cargo that a test starts does not inherit it: clippy turns
    // optimisations off that the gateways' sizes depend on.
    let mut command = cargo(root, ["--config", "build.rustc-workspace-wrapper='clippy-driver'"]);
    command.args(arguments).env("CLIPPY_ARGS", "--deny__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__");
    command
}

/// The command as a person would type it.
pub(crate) fn command_line(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| {
        value.map(|value| format!("{}={}", name.to_string_lossy(), quoted(&value.to_string_lossy())))
    });
    let program = Path::new(command.get_program());
    let program = match program.file_stem() {
        // Cargo gives the whole path of itself; a person types its name.
        Some(stem) if stem == "cargo" => "cargo".to_owned(),
        _ => quoted(&program.to_string_lossy()),
    };
    let arguments = command.get_args().map(|argument| quoted(&argument.to_string_lossy()));
    variables.chain([program]).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// A duration for people: `0.4s`, `12s`, `3m05s`.
pub(crate) fn human(duration: Duration) -> String {
    match duration.as_secs() {
        0..10 => format!("{:.1}s", duration.as_secs_f64()),
        seconds @ 10..60 => format!("{seconds}s"),
        seconds => format!("{}m{:02}s", seconds / 60, seconds % 60),
    }
}

/// A spinner on a terminal, plain lines elsewhere.
struct Display {
    bar: ProgressBar,
    silent: bool,
}

impl Display {
    fn of(name: &str, silent: bool) -> Self {
        let bar = if silent { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_msg:.dim}") {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        let display = Self { bar, silent };
        display.plain(&format!("  … {name}"));
        display
    }

    fn line(&self, line: &str) {
        self.bar.set_message(line.trim().to_owned());
    }

    fn sign_of_life(&self, name: &str, elapsed: Duration, last: Option<&String>) {
        let last = last.map_or("", |line| line.trim());
        self.plain(&format!("  … {name} {}: {last}", human(elapsed)));
    }

    fn done(&self, text: &str) {
        self.bar.finish_and_clear();
        if !self.silent {
            println!("  ✓ {text}");
        }
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// A line for logs; a terminal has the spinner.
    fn plain(&self, text: &str) {
        if !self.silent && self.bar.is_hidden() {
            println!("{text}");
        }
    }
}

fn read_lines(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        read_from(stdout, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        read_from(stderr, sender);
    }
    receiver
}

fn read_from(pipe: impl Read + Send + 'static, sender: Sender<String>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if sender.send(text).is_err() {
                return;
            }
            line.clear();
        }
    });
}

fn stop(child: &mut Child) {
    // It may have ended by itself in between, which is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
}

fn describe(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => format!("{status}"),
    }
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:@+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Step {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Step::new("a script", command).silent()
    }

    #[test]
    fn lines_of_both_outputs_are_kept() {
        let mut lines = shell("echo one; echo two >&2; printf three").run().unwrap();
        lines.sort();
        assert_eq!(lines, ["one", "three", "two"]);
    }

    #[test]
    fn a_failure_names_the_code_and_the_command() {
        let failure = shell("exit 3").run().unwrap_err();
        assert_eq!(failure.to_string(), "a script failed: exit code 3\nrun it by hand: sh -c 'exit 3'");
    }

    #[test]
    fn a_program_that_does_not_end_is_stopped() {
        let started = Instant::now();
        let failure = shell("exec sleep 60").within(Duration::from_millis(300)).run().unwrap_err();
        assert!(failure.reason.contains("longer than 0.3s"), "{failure}");
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_missing_program_is_a_failure() {
        let failure = Step::new("nothing", Command::new("no-such-program-at-all")).silent().run().unwrap_err();
        assert!(failure.reason.contains("does not start"), "{failure}");
    }

    #[test]
    fn the_log_holds_everything() {
        let root = std::env::temp_dir().join(format!("xtask-log-{}", std::process::id()));
        shell("echo kept").logged(&root).run().unwrap();
        assert_eq!(fs::read_to_string(root.join("target/xtask/a-script.log")).unwrap(), "kept\n");
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn commands_read_as_they_are_typed() {
        for (program, arguments, expect) in [
            ("/opt/rust/bin/cargo", vec!["test", "-q"], "cargo test -q"),
            ("sh", vec!["-c", "echo 'a' b"], r"sh -c 'echo '\''a'\'' b'"),
            ("npm", vec!["@a/b@1.0", ""], "npm @a/b@1.0 ''"),
        ] {
            let mut command = Command::new(program);
            command.args(arguments);
            assert_eq!(command_line(&command), expect);
        }
        let mut command = Command::new("x");
        command.env("A", "b c").env_remove("B");
        assert_eq!(command_line(&command), "A='b c' x");
    }

    #[test]
    fn durations_read_well() {
        for (millis, expect) in [(0, "0.0s"), (9_940, "9.9s"), (10_000, "10s"), (59_999, "59s"), (185_000, "3m05s")] {
            assert_eq!(human(Duration::from_millis(millis)), expect);
        }
    }
}
