//! People: `/crm/objects/2026-03/contacts`, and finding them.

use gatehouse_sdk::crm::contact_search::{ContactSearchRequest, FoundContacts};
use gatehouse_sdk::crm::contacts::{Contact, ContactFields};
use gatehouse_sdk::crm::contacts::{ContactChange, ContactsPage, ContactsRequest};
use gatehouse_sdk::{Error, Result, paging};

use crate::api::{self, CONTACTS, Search, Wanted};
use crate::found::Found;
use crate::write::{self, Given};

/// Creates a person. One with the address of another is a conflict.
pub(crate) fn create(fields: ContactFields) -> Result<Contact> {
    write::create(&CONTACTS, &given(fields), &write::own_key()).map(contact)
}

/// Changes a person.
pub(crate) fn update(change: ContactChange) -> Result<Contact> {
    write::update(&CONTACTS, &change.id, &given(change.fields)).map(contact)
}

/// Reads a person.
pub(crate) fn get(id: &str) -> Result<Contact> {
    api::get(&CONTACTS, id, None).map(contact)
}

/// Reads a page of people.
pub(crate) fn list(request: &ContactsRequest) -> Result<ContactsPage> {
    let (found, next) = api::page(
        &CONTACTS,
        &Wanted {
            cursor: request.cursor.as_deref(),
            limit: request.limit,
            changed_from_ms: request.changed_from_ms,
            properties: request.properties.as_deref(),
        },
    )?;
    Ok(ContactsPage { items: all(found), next })
}

/// Finds people. The cursor is Hubspot's: how many were found before.
pub(crate) fn search(request: &ContactSearchRequest) -> Result<FoundContacts> {
    let offset = paging::number(request.cursor.as_deref(), 0)?;
    let (filter, query) = match (&request.email, &request.text) {
        (Some(email), None) => (Some(api::filter("email", "EQ", email)), None),
        (None, Some(text)) => (None, Some(text.as_str())),
        _ => return Err(Error::invalid_input("give either `email` or `text`")),
    };
    let (found, next) = api::search(&CONTACTS, Search { filter, query, limit: request.limit, offset, more: &[] })?;
    Ok(FoundContacts { items: all(found), next })
}

/// What is to be written of a person.
#[inline(never)]
pub(crate) fn given(fields: ContactFields) -> Given {
    Given {
        values: vec![
            fields.first_name,
            fields.last_name,
            fields.email,
            fields.phone,
            fields.job_title,
            fields.company,
            fields.owner,
        ],
        amount: None,
        people: None,
        further: fields.properties,
    }
}

/// A person in our words.
#[inline(never)]
fn contact(mut found: Found) -> Contact {
    Contact {
        url: found.url.take(),
        archived: found.archived,
        created_at_ms: found.created_at_ms,
        updated_at_ms: found.updated_at_ms,
        fields: ContactFields {
            first_name: found.take("firstname"),
            last_name: found.take("lastname"),
            email: found.take("email"),
            phone: found.take("phone"),
            job_title: found.take("jobtitle"),
            company: found.take("associatedcompanyid"),
            owner: found.take("hubspot_owner_id"),
            properties: found.rest(),
        },
        id: found.id,
    }
}

#[inline(never)]
fn all(found: Vec<Found>) -> Vec<Contact> {
    let mut all = Vec::new();
    for object in found {
        all.push(contact(object));
    }
    all
}
