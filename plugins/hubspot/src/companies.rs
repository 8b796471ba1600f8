//! Companies: `/crm/objects/2026-03/companies`.

use gatehouse_sdk::Result;
use gatehouse_sdk::crm::companies::{CompaniesPage, CompaniesRequest, Company, CompanyChange, CompanyFields};

use crate::api::{self, COMPANIES, Wanted};
use crate::found::Found;
use crate::write::{self, Given};

/// Creates a company.
pub(crate) fn create(fields: CompanyFields) -> Result<Company> {
    write::create(&COMPANIES, &given(fields), &write::own_key()).map(company)
}

/// Changes a company.
pub(crate) fn update(change: CompanyChange) -> Result<Company> {
    write::update(&COMPANIES, &change.id, &given(change.fields)).map(company)
}

/// Reads a company.
pub(crate) fn get(id: &str) -> Result<Company> {
    api::get(&COMPANIES, id, None).map(company)
}

/// Reads a page of companies.
pub(crate) fn list(request: &CompaniesRequest) -> Result<CompaniesPage> {
    let (found, next) = api::page(
        &COMPANIES,
        &Wanted {
            cursor: request.cursor.as_deref(),
            limit: request.limit,
            changed_from_ms: request.changed_from_ms,
            properties: request.properties.as_deref(),
        },
    )?;
    Ok(CompaniesPage { items: all(found), next })
}

/// What is to be written of a company.
#[inline(never)]
fn given(fields: CompanyFields) -> Given {
    Given {
        values: vec![
            fields.name,
            fields.website,
            fields.phone,
            fields.industry,
            fields.city,
            fields.country,
            fields.owner,
        ],
        amount: None,
        people: None,
        further: fields.properties,
    }
}

/// A company in our words.
#[inline(never)]
fn company(mut found: Found) -> Company {
    Company {
        url: found.url.take(),
        archived: found.archived,
        created_at_ms: found.created_at_ms,
        updated_at_ms: found.updated_at_ms,
        fields: CompanyFields {
            name: found.take("name"),
            website: found.take("domain"),
            phone: found.take("phone"),
            industry: found.take("industry"),
            city: found.take("city"),
            country: found.take("country"),
            owner: found.take("hubspot_owner_id"),
            properties: found.rest(),
        },
        id: found.id,
    }
}

#[inline(never)]
fn all(found: Vec<Found>) -> Vec<Company> {
    let mut all = Vec::new();
    for object in found {
        all.push(company(object));
    }
    all
}
