//! Deals: `/crm/objects/2026-03/deals`, with the people and the company that they are linked to.

use gatehouse_sdk::crm::opportunities::{
    OpportunitiesPage, OpportunitiesRequest, Opportunity, OpportunityChange, OpportunityFields, OpportunityStatus,
};
use gatehouse_sdk::http::{Method, Request};
use gatehouse_sdk::json::{Object, Value};
use gatehouse_sdk::{Result, money, time};

use crate::api::{self, DEALS, Kind, Wanted};
use crate::connection;
use crate::found::{Found, text};
use crate::write::{self, Given};

/// The property that tells the company; it is written as a link.
pub(crate) const COMPANY: &str = "hs_primary_associated_company";
/// Hubspot's types of links from a deal.
pub(crate) const TO_CONTACT: u32 = 3;
pub(crate) const TO_PRIMARY_COMPANY: u32 = 5;

/// Creates a deal with its links.
pub(crate) fn create(fields: OpportunityFields) -> Result<Opportunity> {
    write::create(&DEALS, &given(fields), &write::own_key()).map(opportunity)
}

/// Changes a deal and its links.
pub(crate) fn update(change: OpportunityChange) -> Result<Opportunity> {
    write::update(&DEALS, &change.id, &given(change.fields)).map(opportunity)
}

/// Reads a deal.
pub(crate) fn get(id: &str) -> Result<Opportunity> {
    api::get(&DEALS, id, None).map(opportunity)
}

/// Reads a page of deals.
pub(crate) fn list(request: &OpportunitiesRequest) -> Result<OpportunitiesPage> {
    let (found, next) = api::page(
        &DEALS,
        &Wanted {
            cursor: request.cursor.as_deref(),
            limit: request.limit,
            changed_from_ms: request.changed_from_ms,
            properties: request.properties.as_deref(),
        },
    )?;
    Ok(OpportunitiesPage { items: all(found), next })
}

#[inline(never)]
fn given(fields: OpportunityFields) -> Given {
    Given {
        values: vec![fields.name, fields.pipeline, fields.stage, fields.closes_on, fields.company, fields.owner],
        amount: fields.amount,
        people: fields.contacts,
        further: fields.properties,
    }
}

/// A deal in our words.
#[inline(never)]
fn opportunity(mut found: Found) -> Opportunity {
    Opportunity {
        status: found.status,
        url: found.url.take(),
        archived: found.archived,
        created_at_ms: found.created_at_ms,
        updated_at_ms: found.updated_at_ms,
        fields: OpportunityFields {
            name: found.take("dealname"),
            pipeline: found.take("pipeline"),
            stage: found.take("dealstage"),
            amount: found.amount.take(),
            closes_on: found.take("closedate"),
            company: found.take(COMPANY),
            contacts: found.people.take(),
            owner: found.take("hubspot_owner_id"),
            properties: found.rest(),
        },
        id: found.id,
    }
}

/// Adds the people of deals, and the account's currency where they name none. Other objects are complete.
#[inline(never)]
pub(crate) fn complete(kind: &Kind, found: &mut [Found]) -> Result<()> {
    if kind.name != DEALS.name || found.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = found.iter().map(|deal| deal.id.as_str()).collect();
    let mut linked = people(&ids)?;
    let mut usual = None;
    for deal in found {
        if usual.is_none() && deal.value("amount").is_some() && deal.value("deal_currency_code").is_none() {
            usual = Some(connection::currency()?);
        }
        settle(deal, usual.as_deref());
        let place = linked.iter().position(|(id, _)| *id == deal.id);
        deal.people = place.map(|place| linked.swap_remove(place).1).filter(|people| !people.is_empty());
    }
    Ok(())
}

/// The people of some deals; Hubspot tells up to 500 of each.
#[inline(never)]
fn people(deals: &[&str]) -> Result<Vec<(String, Vec<String>)>> {
    let mut inputs = Vec::new();
    for id in deals {
        inputs.push(Value::from(Object::new().set("id", *id)));
    }
    let body = Value::from(Object::new().set("inputs", inputs));
    let request = Request::post("/crm/associations/2026-03/deals/contacts/batch/read").json(&body).only_reads();
    api::send(request)?.read(|list| {
        let mut found = Vec::new();
        for deal in list.items("results") {
            let id = deal.get("from").and_then(|from| from.get("id")).map(text).unwrap_or_default();
            let mut people = Vec::new();
            for person in deal.get("to").and_then(Value::as_array).into_iter().flatten() {
                if let Some(id) = person.get("toObjectId") {
                    people.push(text(id));
                }
            }
            found.push((id, people));
        }
        found
    })
}

/// Makes a deal's people these.
pub(crate) fn link_people(id: &str, wanted: &[String]) -> Result<()> {
    let linked = people(&[id])?.pop().map(|(_, people)| people).unwrap_or_default();
    for contact in wanted {
        if !linked.contains(contact) {
            api::call(Method::Put, &["deals", id, "associations", "default", "contacts", contact], None)?;
        }
    }
    for contact in &linked {
        if !wanted.contains(contact) {
            api::call(Method::Delete, &["deals", id, "associations", "contacts", contact], None)?;
        }
    }
    Ok(())
}

/// Reads what is no plain text in a deal. An amount that is finer than its currency stays among the properties as it
/// is.
#[inline(never)]
pub(crate) fn settle(deal: &mut Found, usual: Option<&str>) {
    let closes = deal.take("closedate").and_then(|text| time::parse_rfc3339(&text));
    if let Some(closes) = closes {
        deal.put("closedate", time::format_date(closes));
    }
    let (closed, won) = (deal.take("hs_is_closed"), deal.take("hs_is_closed_won"));
    deal.status = match (closed.as_deref(), won.as_deref()) {
        (_, Some("true")) => Some(OpportunityStatus::Won),
        (Some("true"), _) => Some(OpportunityStatus::Lost),
        (Some("false"), _) => Some(OpportunityStatus::Open),
        _ => None,
    };
    let currency = deal.value("deal_currency_code").or(usual);
    let read = |text: &str| currency.and_then(|currency| money::from_decimal(text, currency).ok());
    deal.amount = deal.value("amount").and_then(read);
    if deal.amount.is_some() || deal.value("amount").is_none() {
        deal.take("amount");
        deal.take("deal_currency_code");
    }
}

#[inline(never)]
fn all(found: Vec<Found>) -> Vec<Opportunity> {
    let mut all = Vec::new();
    for object in found {
        all.push(opportunity(object));
    }
    all
}
