//! A server as a child process: where it runs, where it listens, and what it has used.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::machine::{self, Side};

/// How long a server may take to say where it listens, and to end.
const PATIENCE: Duration = Duration::from_secs(30);
/// The unit of processor time in `/proc` (`USER_HZ`, which Linux keeps at this for programs).
const TICKS_PER_SECOND: f64 = 100.0;

/// A server that runs. Dropping it ends it.
pub(crate) struct Process {
    child: Child,
    /// Where it listens: `http://127.0.0.1:1234`.
    pub(crate) origin: String,
    /// From its start to the moment at which it said that it listens.
    pub(crate) start: Duration,
}

impl Process {
    /// Starts a server on one side and waits until it listens.
    pub(crate) fn start(side: Side, command: &mut Command) -> Self {
        let begun = Instant::now();
        let spawned = machine::on(side, || command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn());
        let mut child = spawned.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (say, said) = mpsc::channel();
        let output = child.stdout.take().unwrap();
        // It goes on reading: a full pipe would stop the server.
        std::thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).filter_map(|line| origin_in(&line)).for_each(
                |origin| {
                    let _ = say.send((origin, Instant::now()));
                },
            )
        });
        let (origin, at) = said.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{command:?} does not listen"));
        Self { child, origin, start: at.duration_since(begun) }
    }

    /// The processor time that it has used, all threads together.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name in parentheses may hold anything, so fields are counted behind it.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks = |field: usize| fields[field].parse::<f64>().unwrap();
        Duration::from_secs_f64((ticks(11) + ticks(12)) / TICKS_PER_SECOND)
    }

    /// Its resident memory in MiB, once that no longer changes.
    pub(crate) fn settled_memory(&self) -> f64 {
        let end = Instant::now() + Duration::from_secs(5);
        let (mut last, mut same) = (self.memory(), 0);
        while same < 5 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(100));
            let now = self.memory();
            same = if (now - last).abs() < 0.1 { same + 1 } else { 0 };
            last = now;
        }
        last
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let end = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < end, "the server does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Its resident memory in MiB.
    pub(crate) fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The origin in the line by which a server says where it listens.
fn origin_in(line: &str) -> Option<String> {
    let (_, address) = line.split_once("listening on ")?;
    Some(address.trim().to_owned())
}
