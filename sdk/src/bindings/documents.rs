//! The worlds of `gatehouse:documents`, one for each interface.

pub mod envelope_changes;
pub mod envelopes;
pub mod signed_documents;
pub mod signing_links;
pub mod template_envelopes;
pub mod types;
