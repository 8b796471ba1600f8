//! The Slack gateway: which function is answered where, and nothing else.
//!
//! It never sees a token; the host attaches it as `plugin.toml` says.

mod api;
mod connection;
mod directory;
mod error;
mod events;
mod history;
mod messages;
mod outcomes;
mod synced;

use gatehouse_sdk::messaging::{Message, channels as channel, message_edits as edit, message_history as past};
use gatehouse_sdk::messaging::{messages as message, workspace_members as member};
use gatehouse_sdk::{Account, Result, connection as account, outcomes as outcome, sync as record, webhook as told};

/// The gateway.
pub struct Slack;

impl account::Guest for Slack {
    fn test() -> Result<Account> {
        connection::test()
    }
}

impl told::Guest for Slack {
    fn parse(delivery: told::Delivery) -> Result<Vec<told::Event>> {
        events::parse(&delivery.body)
    }
}

impl outcome::Guest for Slack {
    fn look_up(write: outcome::Write) -> Result<outcome::Finding> {
        outcomes::look_up(&write)
    }
}

impl record::Guest for Slack {
    fn pull(entity: String, cursor: Option<String>, limit: u32) -> Result<record::Page> {
        synced::pull(&entity, cursor.as_deref(), limit)
    }

    fn push(entity: String, _: Vec<record::Change>) -> Result<Vec<record::Outcome>> {
        synced::push(&entity)
    }
}

impl message::Guest for Slack {
    fn send_message(request: message::MessageRequest) -> Result<Message> {
        messages::send(&request)
    }

    fn get_message(id: String) -> Result<Message> {
        messages::get(&id)
    }
}

impl edit::Guest for Slack {
    fn update_message(edit: edit::MessageEdit) -> Result<Message> {
        messages::update(&edit)
    }

    fn delete_message(id: String) -> Result<edit::DeletedMessage> {
        messages::delete(&id)
    }
}

impl past::Guest for Slack {
    fn sync_messages(request: past::MessagesRequest) -> Result<past::MessagesPage> {
        history::list(&request)
    }
}

impl channel::Guest for Slack {
    fn list_channels(request: channel::ChannelsRequest) -> Result<channel::ChannelsPage> {
        directory::channels(&request)
    }
}

impl member::Guest for Slack {
    fn list_workspace_members(request: member::WorkspaceMembersRequest) -> Result<member::WorkspaceMembersPage> {
        directory::members(&request)
    }
}

gatehouse_sdk::export_gateway!(
    Slack: connection, webhook, outcomes, sync, messages, message_edits, message_history, channels, workspace_members
);
