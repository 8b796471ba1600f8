//! How the runtime is set up. It reads no file and no environment itself.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The runtime's configuration.
#[derive(Clone)]
pub struct RuntimeConfig {
    /// Where compiled code is kept. The folder is created with mode 0700, and nothing else
    /// may write to it.
    pub cache_dir: PathBuf,
    /// The key that authenticates compiled code. Whoever has it can run native code here.
    pub cache_key: [u8; 32],
    /// The child process that compiles; in this process where absent.
    pub worker: Option<WorkerCommand>,
    /// What a component may take to compile.
    pub compile: CompileLimits,
    /// How much runs at once.
    pub pool: PoolConfig,
    /// Whether stacks are zeroed before each use (default true): a second fence between
    /// tenants, should the code generator ever fail. It costs about 1 µs a call.
    pub zero_stacks: bool,
}

/// The command of the child process that compiles: a component comes in on its standard
/// input, native code goes out on its standard output, and it must end in
/// [`crate::worker::main`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    /// The program, usually this very one.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
}

/// What a component may take to compile. Each bound has a bomb in the tests that runs into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileLimits {
    /// The largest component, in bytes (default 16 MiB).
    pub component_bytes: usize,
    /// Functions of its own in all its modules (default 10,000).
    pub functions: usize,
    /// Address space of the child beyond what it begins with, in bytes (default 1 GiB).
    pub memory_bytes: u64,
    /// Time (default 30 s), as long on the clock as on the processor.
    pub time: Duration,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { component_bytes: 16 << 20, functions: 10_000, memory_bytes: 1 << 30, time: Duration::from_secs(30) }
    }
}

/// How much runs at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolConfig {
    /// Calls at the same time (default 1000). Each reserves 4 GiB of address space, and
    /// memory only as it is touched; further calls wait for one to end.
    pub instances: u32,
    /// The largest linear memory that any grant may give, in bytes (default 256 MiB).
    pub max_memory_bytes: usize,
    /// How much of a linear memory stays resident for the next call, in bytes (default
    /// 2 MiB). Below the guests' usual memory it costs more than it saves.
    pub keep_resident_bytes: usize,
}

impl RuntimeConfig {
    /// The defaults, with a cache in `cache_dir` under `cache_key`.
    pub fn new(cache_dir: impl Into<PathBuf>, cache_key: [u8; 32]) -> Self {
        Self {
            cache_dir: cache_dir.into(),
            cache_key,
            worker: None,
            compile: CompileLimits::default(),
            pool: PoolConfig::default(),
            zero_stacks: true,
        }
    }
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self { instances: 1000, max_memory_bytes: 256 << 20, keep_resident_bytes: 2 << 20 }
    }
}

impl fmt::Debug for RuntimeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeConfig")
            .field("cache_dir", &self.cache_dir)
            .field("worker", &self.worker)
            .field("compile", &self.compile)
            .field("pool", &self.pool)
            .field("zero_stacks", &self.zero_stacks)
            .finish_non_exhaustive()
    }
}
