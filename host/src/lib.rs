//! The binary's own parts: configuration, the command line, and the sandbox provider. It
//! wires the layers below and holds no rule of theirs.

pub mod cli;
pub mod config;
pub mod sandbox;
pub mod server;

mod author;
mod author_key;
mod command;
mod demo;
mod logging;
mod output;
mod registry;
mod remote;
mod telemetry;
mod tls;
