//! The queue through its own functions, over storages in memory and on disk, with a clock and
//! dice of its own.

mod basics;
mod fairness;
mod faulty;
mod groups;
mod keys;
mod lanes;
mod leases;
mod model;
mod retention;
mod runner;
mod schedules;
mod simulation;
mod support;
