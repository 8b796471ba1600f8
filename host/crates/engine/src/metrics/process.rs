//! What the system tells of this process. The names are those that every Prometheus client uses.

use std::fs;

use gatehouse_domain::time::Timestamp;

use super::declared::Declared;
use super::registry::Registry;
use super::series::{Counters, Gauges};

/// How many ticks Linux counts a second, for every program (`USER_HZ`, proc(5)).
const TICKS_A_SECOND: f64 = 100.0;

const CPU: Declared =
    Declared::counter("process_cpu_seconds_total", "Processor time of the process, user and system.", &[]);
const MEMORY: Declared = Declared::gauge("process_resident_memory_bytes", "Memory that is really in use.", &[]);
const FILES: Declared = Declared::gauge("process_open_fds", "Open files and sockets.", &[]);
const THREADS: Declared = Declared::gauge("process_threads", "Threads of the process.", &[]);
const STARTED: Declared =
    Declared::gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", &[]);

pub(super) const DECLARED: &[&Declared] = &[&CPU, &MEMORY, &FILES, &THREADS, &STARTED];

/// The process.
pub(super) struct Process {
    cpu: Counters,
    memory: Gauges,
    files: Gauges,
    threads: Gauges,
}

/// What `/proc/self` says.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    cpu_seconds: f64,
    memory_bytes: f64,
    threads: f64,
}

impl Process {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit into 2^52")]
    pub(super) fn new(registry: &Registry, started: Timestamp) -> Self {
        let process = Self {
            cpu: registry.counters(&CPU),
            memory: registry.gauges(&MEMORY),
            files: registry.gauges(&FILES),
            threads: registry.gauges(&THREADS),
        };
        registry.gauges(&STARTED).set(&[], started.as_millisecond() as f64 / 1_000.0);
        process
    }

    /// Looks at the process now. What can not be read stays as it was.
    #[allow(clippy::cast_precision_loss, reason = "no process has 2^52 open files")]
    pub(super) fn look(&self) {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        if let Some(seen) = parse(&read("/proc/self/stat"), &read("/proc/self/status")) {
            self.cpu.raise_to(&[], seen.cpu_seconds);
            self.memory.set(&[], seen.memory_bytes);
            self.threads.set(&[], seen.threads);
        }
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            // One of them is the folder that is being read.
            self.files.set(&[], files.count().saturating_sub(1) as f64);
        }
    }
}

/// The program's name stands in brackets and may hold anything, so the numbers begin after the
/// last bracket (proc(5): the state is field 3, user and system time are 14 and 15, threads 20).
fn parse(stat: &str, status: &str) -> Option<Seen> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<f64>().ok();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = resident.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(Seen {
        cpu_seconds: (number(14)? + number(15)?) / TICKS_A_SECOND,
        memory_bytes: kibibytes * 1_024.0,
        threads: number(20)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_moves_nothing() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 9 0 100 1 2";
        let seen = parse(stat, "Name:\tx\nVmRSS:\t    2048 kB\n");
        assert_eq!(seen, Some(Seen { cpu_seconds: 2.0, memory_bytes: 2_097_152.0, threads: 9.0 }));
        assert_eq!(parse("", ""), None);
        assert_eq!(parse(stat, "Name:\tx\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_seen() {
        let registry = Registry::default();
        let process = Process::new(&registry, Timestamp::UNIX_EPOCH);
        process.look();
        let text = registry.render().unwrap();
        for name in ["process_resident_memory_bytes", "process_open_fds", "process_threads"] {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap();
            assert!(line.split_once(' ').unwrap().1.parse::<f64>().unwrap() > 0.0, "{line}");
        }
    }
}
