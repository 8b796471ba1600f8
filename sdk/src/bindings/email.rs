//! The worlds of `gatehouse:email`, one for each interface.

pub mod email_templates;
pub mod emails;
pub mod mailboxes;
pub mod suppressions;
pub mod template_emails;
pub mod types;
