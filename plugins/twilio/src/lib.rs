//! The Twilio gateway: which function is answered where, and nothing else.
//!
//! It never sees a token; the host attaches it as `plugin.toml` says.

mod api;
mod connection;
mod error;
mod history;
mod messages;
mod outcomes;
mod webhook;

use gatehouse_sdk::messaging::{Message, message_history as past, messages as message, template_messages as template};
use gatehouse_sdk::{Account, Result, connection as account, outcomes as outcome, webhook as hook};

/// The gateway.
pub struct Twilio;

impl account::Guest for Twilio {
    fn test() -> Result<Account> {
        connection::test()
    }
}

impl hook::Guest for Twilio {
    fn parse(delivery: hook::Delivery) -> Result<Vec<hook::Event>> {
        webhook::parse(&delivery)
    }
}

impl outcome::Guest for Twilio {
    fn look_up(write: outcome::Write) -> Result<outcome::Finding> {
        outcomes::look_up(&write)
    }
}

impl message::Guest for Twilio {
    fn send_message(request: message::MessageRequest) -> Result<Message> {
        messages::send(&request)
    }

    fn get_message(id: String) -> Result<Message> {
        messages::get(&id)
    }
}

impl template::Guest for Twilio {
    fn send_template_message(request: template::TemplateMessageRequest) -> Result<Message> {
        messages::send_template(&request)
    }
}

impl past::Guest for Twilio {
    fn sync_messages(request: past::MessagesRequest) -> Result<past::MessagesPage> {
        history::list(&request)
    }
}

gatehouse_sdk::export_gateway!(Twilio: connection, webhook, outcomes, messages, template_messages, message_history);
