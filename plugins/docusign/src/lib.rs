//! The Docusign gateway: which function is answered where, and nothing else.
//!
//! It never sees a token; the host attaches it as `plugin.toml` says.

mod api;
mod changes;
mod connection;
mod envelopes;
mod error;
mod new;
mod outcomes;
mod signing;
mod synced;
mod templates;
mod webhook;

use gatehouse_sdk::documents::{
    envelope_changes as changed, envelopes as envelope, signed_documents as signed, signing_links as link,
    template_envelopes as template,
};
use gatehouse_sdk::{
    Account, Result, connection as account, outcomes as outcome, sync as record, webhook as delivered,
};

/// The gateway.
pub struct Docusign;

impl account::Guest for Docusign {
    fn test() -> Result<Account> {
        connection::test()
    }
}

impl outcome::Guest for Docusign {
    fn look_up(write: outcome::Write) -> Result<outcome::Finding> {
        outcomes::look_up(&write)
    }
}

impl record::Guest for Docusign {
    fn pull(entity: String, cursor: Option<String>, limit: u32) -> Result<record::Page> {
        synced::pull(&entity, cursor.as_deref(), limit)
    }

    fn push(entity: String, changes: Vec<record::Change>) -> Result<Vec<record::Outcome>> {
        synced::push(&entity, &changes)
    }
}

impl delivered::Guest for Docusign {
    fn parse(delivery: delivered::Delivery) -> Result<Vec<delivered::Event>> {
        webhook::parse(&delivery)
    }
}

impl envelope::Guest for Docusign {
    fn send_envelope(request: envelope::EnvelopeRequest) -> Result<envelope::Envelope> {
        new::send(&request)
    }

    fn get_envelope(id: String) -> Result<envelope::Envelope> {
        envelopes::get(&id)
    }

    fn sync_envelopes(request: envelope::EnvelopesRequest) -> Result<envelope::EnvelopesPage> {
        envelopes::list(&request)
    }
}

impl template::Guest for Docusign {
    fn send_template_envelope(request: template::TemplateEnvelopeRequest) -> Result<template::Envelope> {
        templates::send(&request)
    }

    fn list_document_templates(request: template::DocumentTemplatesRequest) -> Result<template::DocumentTemplatesPage> {
        templates::list(&request)
    }
}

impl changed::Guest for Docusign {
    fn void_envelope(request: changed::EnvelopeVoiding) -> Result<changed::Envelope> {
        changes::void(&request)
    }

    fn remind_signers(request: changed::ReminderRequest) -> Result<changed::Envelope> {
        changes::remind(&request)
    }
}

impl link::Guest for Docusign {
    fn create_signing_link(request: link::SigningLinkRequest) -> Result<link::SigningLink> {
        signing::link(&request)
    }
}

impl signed::Guest for Docusign {
    fn get_signed_document(id: String) -> Result<signed::SignedDocument> {
        signing::document(&id)
    }
}

gatehouse_sdk::export_gateway!(
    Docusign: connection, outcomes, sync, webhook, envelopes, template_envelopes, envelope_changes, signing_links,
    signed_documents
);
