//! The audit trail on a storage in memory, whose records are then changed as one could who has the
//! disk.

mod mutations;
mod retention;
mod store;
mod support;
