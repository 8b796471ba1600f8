//! The only crate that knows wasmtime: it reads, compiles and runs plugins, and never
//! holds a key, a socket or a record.
//!
//! Read in this order: how it is configured and used, what is read from a component
//! before it runs, how it is packaged, what a call is, what the host lends during one.

pub mod config;
pub mod runtime;

pub mod inspect;
mod sections;
mod shape;

pub mod compose;
pub mod package;
pub mod showcase;

mod cache;
mod compile;
mod engine;
pub mod worker;

pub mod call;
pub mod play;
pub mod plugin;
pub mod tape;

pub mod egress;
mod fault;
mod host;

pub use call::{Answer, Call, Cancel, Change, Report, SYNC_PUSH, Target, Write};
pub use compose::{Linked, compose};
pub use config::{CompileLimits, PoolConfig, RuntimeConfig, WorkerCommand};
pub use egress::Egress;
pub use inspect::Inspection;
pub use inspect::identity::Identity;
pub use package::{WitSource, package};
pub use play::Play;
pub use plugin::{Parameters, Plugin};
pub use runtime::Runtime;
pub use showcase::Showcase;
pub use tape::{Player, Recorder, Tape};
