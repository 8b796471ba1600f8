//! The Hubspot gateway: which function is answered where, and nothing else.
//!
//! It never sees a token; the host attaches it as `plugin.toml` says.

mod api;
mod companies;
mod connection;
mod contacts;
mod deals;
mod error;
mod found;
mod outcomes;
mod synced;
mod upserts;
mod webhook;
mod write;

use gatehouse_sdk::crm::{
    companies as company, contact_search as searched, contact_upserts as written, contacts as contact,
    opportunities as deal,
};
use gatehouse_sdk::{
    Account, Result, connection as account, outcomes as outcome, sync as record, webhook as delivered,
};

/// The gateway.
pub struct HubSpot;

impl account::Guest for HubSpot {
    fn test() -> Result<Account> {
        connection::test()
    }
}

impl outcome::Guest for HubSpot {
    fn look_up(write: outcome::Write) -> Result<outcome::Finding> {
        outcomes::look_up(&write)
    }
}

impl record::Guest for HubSpot {
    fn pull(entity: String, cursor: Option<String>, limit: u32) -> Result<record::Page> {
        synced::pull(&entity, cursor.as_deref(), limit)
    }

    fn push(entity: String, changes: Vec<record::Change>) -> Result<Vec<record::Outcome>> {
        synced::push(&entity, changes)
    }
}

impl delivered::Guest for HubSpot {
    fn parse(delivery: delivered::Delivery) -> Result<Vec<delivered::Event>> {
        webhook::parse(&delivery)
    }
}

impl contact::Guest for HubSpot {
    fn create_contact(fields: contact::ContactFields) -> Result<contact::Contact> {
        contacts::create(fields)
    }

    fn update_contact(change: contact::ContactChange) -> Result<contact::Contact> {
        contacts::update(change)
    }

    fn get_contact(id: String) -> Result<contact::Contact> {
        contacts::get(&id)
    }

    fn sync_contacts(request: contact::ContactsRequest) -> Result<contact::ContactsPage> {
        contacts::list(&request)
    }
}

impl searched::Guest for HubSpot {
    fn search_contacts(request: searched::ContactSearchRequest) -> Result<searched::FoundContacts> {
        contacts::search(&request)
    }
}

impl written::Guest for HubSpot {
    fn upsert_contacts(request: written::ContactUpsertsRequest) -> Result<written::ContactUpsertOutcomes> {
        upserts::upsert(request)
    }
}

impl company::Guest for HubSpot {
    fn create_company(fields: company::CompanyFields) -> Result<company::Company> {
        companies::create(fields)
    }

    fn update_company(change: company::CompanyChange) -> Result<company::Company> {
        companies::update(change)
    }

    fn get_company(id: String) -> Result<company::Company> {
        companies::get(&id)
    }

    fn sync_companies(request: company::CompaniesRequest) -> Result<company::CompaniesPage> {
        companies::list(&request)
    }
}

impl deal::Guest for HubSpot {
    fn create_opportunity(fields: deal::OpportunityFields) -> Result<deal::Opportunity> {
        deals::create(fields)
    }

    fn update_opportunity(change: deal::OpportunityChange) -> Result<deal::Opportunity> {
        deals::update(change)
    }

    fn get_opportunity(id: String) -> Result<deal::Opportunity> {
        deals::get(&id)
    }

    fn sync_opportunities(request: deal::OpportunitiesRequest) -> Result<deal::OpportunitiesPage> {
        deals::list(&request)
    }
}

gatehouse_sdk::export_gateway!(
    HubSpot: connection, outcomes, sync, webhook, contacts, contact_search, contact_upserts, companies, opportunities
);
