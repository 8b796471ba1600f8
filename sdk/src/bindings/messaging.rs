//! The worlds of `gatehouse:messaging`, one for each interface.

pub mod channels;
pub mod message_edits;
pub mod message_history;
pub mod messages;
pub mod template_messages;
pub mod types;
pub mod workspace_members;
