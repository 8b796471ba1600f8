//! The Zapier gateway: which function is answered where, and nothing else.

mod api;
mod hooks;
mod webhook;

use gatehouse_sdk::automation::triggers as hook;
use gatehouse_sdk::{Result, webhook as told};

/// The gateway.
pub struct Zapier;

impl hook::Guest for Zapier {
    fn trigger_workflow(request: hook::TriggerRequest) -> Result<hook::Triggered> {
        hooks::trigger(&request)
    }
}

impl told::Guest for Zapier {
    fn parse(delivery: told::Delivery) -> Result<Vec<told::Event>> {
        webhook::parse(&delivery)
    }
}

gatehouse_sdk::export_gateway!(Zapier: webhook, triggers);
