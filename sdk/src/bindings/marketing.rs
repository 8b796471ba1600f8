//! The worlds of `gatehouse:marketing`, one for each interface.

pub mod audiences;
pub mod campaign_reports;
pub mod campaigns;
pub mod subscriber_events;
pub mod subscriber_tags;
pub mod subscribers;
