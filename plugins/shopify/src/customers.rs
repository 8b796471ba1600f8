//! Who buys.

use gatehouse_sdk::commerce::customer_data::{StoreCustomer, StoreCustomersPage, StoreCustomersRequest};
use gatehouse_sdk::json::{self, Fields, Object};
use gatehouse_sdk::sync::Change;
use gatehouse_sdk::{Error, Result, paging};

use crate::api::{self, ADDRESS, Wanted};
use crate::error::Refusal;

const USUAL_PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 250;

const LIST: &str = "query($first:Int!$after:String$query:String){\
    customers(first:$first after:$after query:$query sortKey:UPDATED_AT){\
    nodes{id firstName lastName defaultEmailAddress{emailAddress}defaultPhoneNumber{phoneNumber}\
    defaultAddress{...address}createdAt updatedAt}pageInfo{hasNextPage endCursor}}}";
const SET: &str = "mutation($identifier:CustomerSetIdentifiers!$input:CustomerSetInput!){\
    customerSet(identifier:$identifier input:$input){customer{id}userErrors{field message code}}}";
const DELETE: &str =
    "mutation($input:CustomerDeleteInput!){customerDelete(input:$input){deletedCustomerId userErrors{field message}}}";

/// Our fields that are written, and Shopify's.
const WRITTEN: &[(&str, &str)] =
    &[("first_name", "firstName"), ("last_name", "lastName"), ("email", "email"), ("phone", "phone")];

/// Reads a page of customers, oldest change first.
pub(crate) fn list(request: &StoreCustomersRequest) -> Result<StoreCustomersPage> {
    let (items, next) = page(&Wanted {
        cursor: request.cursor.as_deref(),
        first: paging::limit(request.limit, USUAL_PAGE, LARGEST_PAGE)?,
        changed_from_ms: request.changed_from_ms,
        condition: None,
    })?;
    Ok(StoreCustomersPage { items, next })
}

/// Reads a page of customers, of at most 250.
#[inline(never)]
pub(crate) fn page(wanted: &Wanted<'_>) -> Result<(Vec<StoreCustomer>, Option<String>)> {
    let variables = Wanted { first: wanted.first.min(LARGEST_PAGE), condition: None, ..*wanted }.variables();
    let answer = api::read(&[LIST, ADDRESS].concat(), variables)?;
    answer.part("customers", |list| api::page(list, customer))
}

/// Writes one change and answers with the customer's id. One that is new is known by the e-mail address, else by the
/// telephone number, so that a second time changes the first.
#[inline(never)]
pub(crate) fn write(change: &Change) -> Result<String> {
    if change.deleted {
        return delete(change.id.as_deref());
    }
    let wrong = |problem| Error::invalid_input(format!("the record does not have the expected shape: {problem}"));
    let (input, known) = json::read(change.data.as_bytes(), |record| (input(record), known(record))).map_err(wrong)?;
    let identifier = match (&change.id, known) {
        (Some(id), _) => Object::new().set("id", api::gid("Customer", id)?),
        (None, Some((by, value))) => Object::new().set(by, value),
        (None, None) => return Err(Error::invalid_input("a new customer needs `email` or `phone` to be known by")),
    };
    let answer = api::write(SET, Object::new().set("identifier", identifier).set("input", input))?;
    answer.accepted("customerSet", "userErrors", Refusal::Input)?;
    let made = answer.take(|data| data.inner("customerSet", |set| api::id_of(set, "customer")))?.flatten();
    made.ok_or_else(|| Error::unknown_outcome("shopify does not say which customer it wrote"))
}

#[inline(never)]
fn delete(id: Option<&str>) -> Result<String> {
    let Some(id) = id else { return Err(Error::invalid_input("a record to delete needs its `id`")) };
    let id = api::gid("Customer", id)?;
    let answer = api::write(DELETE, Object::new().set("input", Object::new().set("id", id.as_str())))?;
    answer.accepted("customerDelete", "userErrors", Refusal::State)?;
    Ok(id)
}

fn input(record: &Fields<'_>) -> Object {
    let mut input = Object::new();
    for (ours, theirs) in WRITTEN {
        input = input.set_some(theirs, record.text_some(ours));
    }
    input
}

fn known(record: &Fields<'_>) -> Option<(&'static str, String)> {
    let by = |name| Some((name, api::some(record, name)?));
    by("email").or_else(|| by("phone"))
}

#[inline(never)]
fn customer(record: &Fields<'_>) -> StoreCustomer {
    StoreCustomer {
        id: record.text("id"),
        first_name: api::some(record, "firstName"),
        last_name: api::some(record, "lastName"),
        email: record.inner("defaultEmailAddress", |email| email.text("emailAddress")),
        phone: record.inner("defaultPhoneNumber", |phone| phone.text("phoneNumber")),
        address: api::address(record, "defaultAddress"),
        reference: None,
        created_at_ms: Some(api::moment(record, "createdAt")),
        updated_at_ms: Some(api::moment(record, "updatedAt")),
    }
}
