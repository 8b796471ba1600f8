//! Creating and changing objects of every kind. A deal's company and people are links, written beside it.

use gatehouse_sdk::http::Method;
use gatehouse_sdk::json::{Fields, Object, Value};
use gatehouse_sdk::{Error, Money, Result, context, money, time};

use crate::api::{self, DEALS, Kind, list_of};
use crate::deals;
use crate::found::Found;

/// What is to be written of an object; what is absent stays as it is.
pub(crate) struct Given {
    /// The texts, in the order of the kind's fields.
    pub(crate) values: Vec<Option<String>>,
    /// What only a deal has.
    pub(crate) amount: Option<Money>,
    pub(crate) people: Option<Vec<String>>,
    /// Further properties by their own names.
    pub(crate) further: Option<Vec<(String, String)>>,
}

impl Given {
    /// Reads a record that is pushed.
    #[inline(never)]
    pub(crate) fn of(kind: &Kind, record: &Fields<'_>) -> Self {
        let mut values = Vec::new();
        for (ours, _) in kind.fields {
            values.push(record.text_some(ours));
        }
        let mut given = Self { values, amount: None, people: None, further: None };
        if kind.name == DEALS.name {
            let money = |money: &Fields<'_>| Money::new(money.integer("minor_units"), money.text("currency"));
            given.amount = record.inner("amount", money);
            given.people = record.get("contacts").map(|_| texts(record, "contacts", record.items("contacts")));
        }
        let mut further = Vec::new();
        for pair in record.items("properties") {
            match <[String; 2]>::try_from(texts(record, "properties", pair.as_array().map_or(&[], Vec::as_slice))) {
                Ok([name, value]) => further.push((name, value)),
                Err(_) => record.wrong("properties", "is no list of pairs of texts"),
            }
        }
        given.further = Some(further);
        given
    }

    /// One of the texts.
    #[inline(never)]
    pub(crate) fn value(&self, kind: &Kind, name: &str) -> Option<&str> {
        let place = kind.fields.iter().position(|(ours, _)| *ours == name)?;
        self.values.get(place)?.as_deref()
    }

    /// The properties to send, without links. A day is noon in UTC: the same day nearly everywhere. Further properties
    /// that have a field of their own are refused.
    #[inline(never)]
    pub(crate) fn properties(&self, kind: &Kind) -> Result<Object> {
        let mut properties = Object::new();
        for ((ours, theirs), value) in kind.fields.iter().zip(&self.values) {
            let Some(value) = value.as_deref() else { continue };
            properties = match *ours {
                "closes_on" => properties.set(theirs, format!("{}T12:00:00Z", time::checked_date("closes_on", value)?)),
                _ if *theirs == deals::COMPANY => properties,
                _ => properties.set(theirs, value),
            };
        }
        if let Some(amount) = &self.amount {
            let currency = money::currency(amount)?;
            properties = properties.set("amount", money::to_decimal(amount)).set("deal_currency_code", currency);
        }
        for (name, value) in self.further.as_deref().unwrap_or_default() {
            if kind.properties.contains(&name.as_str()) {
                return Err(Error::invalid_input(format!("the property `{name}` has a field of its own; use that")));
            }
            properties = properties.set(name, value.as_str());
        }
        Ok(properties)
    }
}

fn texts(record: &Fields<'_>, name: &str, list: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    for item in list {
        match item.as_str() {
            Some(text) => found.push(text.to_owned()),
            None => record.wrong(name, "expected texts"),
        }
    }
    found
}

/// The key of this call's create, which a look-up finds again.
pub(crate) fn own_key() -> String {
    context::idempotency_key_for("create")
}

/// Creates an object with its links, and with our key where there is a property for it.
#[inline(never)]
pub(crate) fn create(kind: &Kind, given: &Given, key: &str) -> Result<Found> {
    let mut properties = given.properties(kind)?;
    if let Some(name) = api::reference_property()? {
        properties = properties.set(&name, key);
    }
    let company = given.value(kind, "company").filter(|_| kind.name == DEALS.name);
    let mut links = Vec::new();
    if let Some(company) = company {
        links.push(link(company, deals::TO_PRIMARY_COMPANY));
    }
    for person in given.people.as_deref().unwrap_or_default() {
        links.push(link(person, deals::TO_CONTACT));
    }
    let links = Some(links).filter(|links| !links.is_empty());
    let body = Object::new().set("properties", properties).set_some("associations", links);
    let mut made = api::one(kind, &api::call(Method::Post, &[kind.name], Some(&body.into()))?)?;
    if kind.name == DEALS.name {
        deals::settle(&mut made, given.amount.as_ref().map(|amount| amount.currency.as_str()));
        // HubSpot answers before it has worked out the links.
        if let Some(company) = company.filter(|_| made.value(deals::COMPANY).is_none()) {
            made.put(deals::COMPANY, company.to_owned());
        }
        made.people = given.people.clone().filter(|people| !people.is_empty());
    }
    Ok(made)
}

/// Changes an object and its links, and answers whether anything was sent; each step may be repeated.
#[inline(never)]
pub(crate) fn change(kind: &Kind, id: &str, given: &Given) -> Result<bool> {
    let properties = given.properties(kind)?;
    let mut sent = !properties.is_empty();
    if sent {
        let body = Object::new().set("properties", properties).into();
        api::call(Method::Patch, &[kind.name, id], Some(&body))?;
    }
    if kind.name == DEALS.name {
        if let Some(company) = given.value(kind, "company") {
            sent = true;
            let types = list_of(link_type(deals::TO_PRIMARY_COMPANY)).into();
            api::call(Method::Put, &["deals", id, "associations", "companies", company], Some(&types))?;
        }
        if let Some(people) = &given.people {
            sent = true;
            deals::link_people(id, people)?;
        }
    }
    Ok(sent)
}

/// Changes an object and reads it. What goes wrong while it is read does not undo the change, and the whole may be
/// repeated.
#[inline(never)]
pub(crate) fn update(kind: &Kind, id: &str, given: &Given) -> Result<Found> {
    let sent = change(kind, id, given)?;
    api::get(kind, id, None).map_err(|error| match sent {
        true => Error::unknown_outcome(format!("the change was sent; reading it failed: {}", error.message)),
        false => error,
    })
}

/// A link to another object, of a type that Hubspot defines.
fn link(to: &str, type_id: u32) -> Value {
    Object::new().set("to", Object::new().set("id", to)).set("types", list_of(link_type(type_id))).into()
}

fn link_type(type_id: u32) -> Object {
    Object::new().set("associationCategory", "HUBSPOT_DEFINED").set("associationTypeId", type_id)
}
