//! What the figures were taken on, and where its two sides run: the server on one processor,
//! whatever loads it on another.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::Serialize;

/// The machine, as a reader of the figures needs it.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// The processor's model.
    pub(crate) processor: String,
    /// How many of its cores this process may use.
    pub(crate) cores: usize,
    /// The kernel.
    pub(crate) kernel: String,
    /// The load average of the last minute as the run began: above zero, others were at work.
    pub(crate) load: String,
    /// When the run began.
    pub(crate) at: String,
}

/// Which side of a measurement a process is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// What is measured.
    Server,
    /// What loads it, and the provider behind it.
    Generator,
}

/// Describes this machine.
pub(crate) fn describe() -> Machine {
    let system = rustix::system::uname();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    Machine {
        processor: processor(),
        cores: cores().len(),
        kernel: format!("{} {}", system.sysname().to_string_lossy(), system.release().to_string_lossy()),
        load: load.split(' ').next().unwrap_or("?").to_owned(),
        at: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
    }
}

/// Whether the two sides have a core each.
pub(crate) fn is_split() -> bool {
    cores().len() > 1
}

/// Runs `work` on the core of a side. Processes and threads that it starts stay there; this
/// thread may go anywhere again afterwards.
pub(crate) fn on<T>(side: Side, work: impl FnOnce() -> T) -> T {
    let Ok(before) = sched_getaffinity(None) else { return work() };
    let cores = cores();
    if let ([first, .., last], true) = (cores.as_slice(), is_split()) {
        let mut one = CpuSet::new();
        one.set(if side == Side::Server { *last } else { *first });
        sched_setaffinity(None, &one).unwrap();
    }
    let done = work();
    sched_setaffinity(None, &before).unwrap();
    done
}

fn cores() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned())
}
