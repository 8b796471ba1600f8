//! The commands, one file each. A command takes its options and answers; it never exits the process.

pub(crate) mod audit;
pub(crate) mod compile_worker;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod keys;
pub(crate) mod plugin;
pub(crate) mod replay;
pub(crate) mod serve;
