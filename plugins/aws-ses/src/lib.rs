//! The Amazon SES gateway: which function is answered where, and nothing else.
//!
//! It never sees the access key; the host signs each request as `plugin.toml` says.

mod api;
mod connection;
mod error;
mod events;
mod mails;
mod suppressions;
mod synced;
mod templates;

use gatehouse_sdk::email::{SentEmail, email_templates as template, emails as mail};
use gatehouse_sdk::email::{suppressions as suppression, template_emails as template_mail};
use gatehouse_sdk::{Account, Result, connection as account, sync as record, webhook as told};

/// The gateway.
pub struct Ses;

impl account::Guest for Ses {
    fn test() -> Result<Account> {
        connection::test()
    }
}

impl told::Guest for Ses {
    fn parse(delivery: told::Delivery) -> Result<Vec<told::Event>> {
        events::parse(&delivery.body)
    }
}

impl record::Guest for Ses {
    fn pull(entity: String, cursor: Option<String>, limit: u32) -> Result<record::Page> {
        synced::pull(&entity, cursor.as_deref(), limit)
    }

    fn push(entity: String, changes: Vec<record::Change>) -> Result<Vec<record::Outcome>> {
        synced::push(&entity, changes)
    }
}

impl mail::Guest for Ses {
    fn send_email(request: mail::EmailRequest) -> Result<SentEmail> {
        mails::send(request)
    }
}

impl template_mail::Guest for Ses {
    fn send_template_email(request: template_mail::TemplateEmailRequest) -> Result<SentEmail> {
        mails::send_template(request)
    }
}

impl template::Guest for Ses {
    fn list_email_templates(request: template::EmailTemplatesRequest) -> Result<template::EmailTemplatesPage> {
        templates::list(&request)
    }
}

impl suppression::Guest for Ses {
    fn sync_suppressions(request: suppression::SuppressionsRequest) -> Result<suppression::SuppressionsPage> {
        suppressions::list(&request)
    }

    fn add_suppression(request: suppression::SuppressionRequest) -> Result<suppression::Suppression> {
        suppressions::add(&request)
    }

    fn remove_suppression(email: String) -> Result<suppression::LiftedSuppression> {
        suppressions::remove(email)
    }
}

gatehouse_sdk::export_gateway!(
    Ses: connection, webhook, sync, emails, template_emails, email_templates, suppressions
);
