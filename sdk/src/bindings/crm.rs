//! The worlds of `gatehouse:crm`, one for each interface.

pub mod companies;
pub mod contact_search;
pub mod contact_upserts;
pub mod contacts;
pub mod notes;
pub mod opportunities;
pub mod pipelines;
pub mod types;
