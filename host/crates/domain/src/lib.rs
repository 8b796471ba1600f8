//! The words of Gatehouse as types: no I/O, no clock, no randomness.
//!
//! Read in this order: identifiers, errors, who asks (tenancy), what can be called
//! (manifest, plugin, capability) and who stands for it (trust), what is called and how it is chosen (integration, link,
//! routing, execution), what comes back by itself (webhook) and what is told of it (event, subscription), what is done later (job, schedule).

pub mod id;
pub mod time;

pub mod error;
pub mod guest;

pub mod address;
pub mod key;
pub mod permission;
pub mod role;
pub mod tenant;
pub mod token;

pub mod canary;
pub mod capability;
pub mod cassette;
pub mod compatibility;
pub mod manifest;
pub mod mapping;
pub mod market;
pub mod plugin;
pub mod provider;
pub mod quarantine;
pub mod settings;
pub mod sheet;
pub mod text;
pub mod trust;

pub mod batch;
pub mod execution;
pub mod grant;
pub mod install;
pub mod integration;
pub mod link;
pub mod oauth;
pub mod rehearsal;
pub mod routing;

pub mod audit;
pub mod event;
pub mod subscription;
pub mod webhook;

pub mod job;
pub mod schedule;
pub mod sync;
pub mod trace;

pub use error::{Error, ErrorKind, Problem, Result};
