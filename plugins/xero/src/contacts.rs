//! Customers and suppliers: `/Contacts`.

use gatehouse_sdk::accounting::Address;
use gatehouse_sdk::accounting::accounting_contacts::{
    AccountingContact, AccountingContactChange, AccountingContactRequest, AccountingContactsPage,
    AccountingContactsRequest, ContactKind,
};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{self, Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::{Error, Result, context};

use crate::api::{self, Wanted};

/// The list of contacts.
pub(crate) const LIST: &str = "Contacts";
/// Their name as synchronised records.
pub(crate) const ENTITY: &str = "contacts";
/// How long a contact's number may be.
const NUMBER: usize = 50;

/// Creates a contact. Its number is our reference, or the call's key.
pub(crate) fn create(request: AccountingContactRequest) -> Result<AccountingContact> {
    let reference = request.reference.unwrap_or_else(|| number(&context::idempotency_key()));
    let texts = [
        ("Name", Some(request.name)),
        ("FirstName", request.first_name),
        ("LastName", request.last_name),
        ("EmailAddress", request.email),
        ("TaxNumber", request.tax_number),
        ("DefaultCurrency", request.currency),
        ("ContactNumber", Some(reference)),
    ];
    let response = api::create(LIST, record(texts, request.phone, request.address.as_ref()))?;
    api::one(&response, LIST, contact)
}

/// The end of a key, as a contact's number has 50 characters. What the host gives differs there.
pub(crate) fn number(key: &str) -> String {
    key.get(key.len().saturating_sub(NUMBER)..).unwrap_or(key).to_owned()
}

/// Changes a contact. The same change again changes nothing.
pub(crate) fn update(change: AccountingContactChange) -> Result<AccountingContact> {
    let texts = [
        ("ContactID", Some(change.id.clone())),
        ("Name", change.name),
        ("FirstName", change.first_name),
        ("LastName", change.last_name),
        ("EmailAddress", change.email),
        ("TaxNumber", change.tax_number),
        ("ContactNumber", None),
    ];
    save(&[LIST, &change.id], record(texts, change.phone, change.address.as_ref()))
}

/// Writes a contact: by its id below the list, by its number at the list.
#[inline(never)]
pub(crate) fn save(segments: &[&str], record: Object) -> Result<AccountingContact> {
    let response = api::send(Request::post(api::path(segments)?).json(&api::body(LIST, record)))?;
    api::one(&response, LIST, contact)
}

/// Reads a contact.
pub(crate) fn get(id: &str) -> Result<AccountingContact> {
    api::one(&api::send(Request::get(api::path(&[LIST, id])?))?, LIST, contact)
}

/// Reads a page of contacts, archived ones as well. The cursor is the page's number.
pub(crate) fn list(request: &AccountingContactsRequest) -> Result<AccountingContactsPage> {
    let only = request.kind.as_ref().map(|kind| match kind {
        ContactKind::Customer => "IsCustomer==true".to_owned(),
        ContactKind::Supplier => "IsSupplier==true".to_owned(),
    });
    let wanted = Wanted { since_ms: request.changed_from_ms, only, ..all() };
    let (found, next) = api::page(wanted, api::number(request.cursor.as_deref())?, request.limit)?;
    Ok(AccountingContactsPage { items: api::all(found, contact)?, next })
}

/// All contacts.
pub(crate) fn all() -> Wanted<'static> {
    let more = vec![("includeArchived", "true".to_owned())];
    Wanted { list: LIST, since_ms: None, only: None, more, by_change: false }
}

#[inline(never)]
fn record(texts: [(&str, Option<String>); 7], phone: Option<String>, address: Option<&Address>) -> Object {
    let mut record = Object::new();
    for (name, text) in texts {
        record = record.set_some(name, text);
    }
    if let Some(phone) = phone {
        let phone = Object::new().set("PhoneType", "DEFAULT").set("PhoneNumber", phone);
        record = record.set("Phones", vec![Value::from(phone)]);
    }
    match address {
        Some(address) => record.set("Addresses", vec![Value::from(in_its_words(address))]),
        None => record,
    }
}

/// Invoices are addressed to what Xero calls the post box.
#[inline(never)]
fn in_its_words(address: &Address) -> Object {
    let mut record = Object::new().set("AddressType", "POBOX");
    let names = ["AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4"];
    for (place, name) in names.into_iter().enumerate() {
        // The last one takes what is left.
        let line = match address.lines.get(place..).unwrap_or_default() {
            [] => String::new(),
            rest if place + 1 == names.len() => joined(rest),
            [line, ..] => line.clone(),
        };
        record = record.set(name, line);
    }
    record
        .set("City", address.city.clone().unwrap_or_default())
        .set("Region", address.region.clone().unwrap_or_default())
        .set("PostalCode", address.postal_code.clone().unwrap_or_default())
        .set("Country", address.country.clone().unwrap_or_default())
}

fn joined(lines: &[String]) -> String {
    let mut joined = String::new();
    for line in lines {
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(line);
    }
    joined
}

/// The JSON of a contact, for records and look-ups. Out of line: one writer for each.
#[inline(never)]
pub(crate) fn text(contact: &AccountingContact) -> String {
    json::text(&Object::of(contact).into())
}

/// Reads a contact.
#[inline(never)]
pub(crate) fn contact(contact: &Value) -> core::result::Result<AccountingContact, Mismatch> {
    read_value(contact, in_our_words)
}

fn in_our_words(contact: &Fields<'_>) -> AccountingContact {
    let mut kinds = Vec::new();
    if contact.flag("IsCustomer") {
        kinds.push(ContactKind::Customer);
    }
    if contact.flag("IsSupplier") {
        kinds.push(ContactKind::Supplier);
    }
    AccountingContact {
        id: contact.text("ContactID"),
        name: contact.text_some("Name").unwrap_or_default(),
        kinds,
        first_name: api::text(contact, "FirstName"),
        last_name: api::text(contact, "LastName"),
        email: api::text(contact, "EmailAddress"),
        phone: phone(contact),
        tax_number: api::text(contact, "TaxNumber"),
        address: address(contact),
        currency: api::text(contact, "DefaultCurrency"),
        reference: api::text(contact, "ContactNumber"),
        active: contact.str_some("ContactStatus").is_none_or(|status| status == "ACTIVE"),
        updated_at_ms: api::moment(contact, "UpdatedDateUTC"),
    }
}

/// An entry of a list by its kind.
fn entry<'a>(contact: &Fields<'a>, list: &str, kind: (&str, &str)) -> Option<&'a Value> {
    contact.items(list).iter().find(|entry| entry.get(kind.0).and_then(Value::as_str) == Some(kind.1))
}

/// The number with its codes, as one dials it.
fn phone(contact: &Fields<'_>) -> Option<String> {
    let entry = entry(contact, "Phones", ("PhoneType", "DEFAULT"))?;
    let mut phone = String::new();
    for name in ["PhoneCountryCode", "PhoneAreaCode", "PhoneNumber"] {
        let part = entry.get(name).and_then(Value::as_str).unwrap_or_default();
        if !phone.is_empty() && !part.is_empty() {
            phone.push(' ');
        }
        phone.push_str(part);
    }
    Some(phone).filter(|phone| !phone.is_empty())
}

/// The address, where it has anything. Xero's country is any text, ours a code.
fn address(contact: &Fields<'_>) -> Option<Address> {
    let entry = entry(contact, "Addresses", ("AddressType", "POBOX"))?;
    let read = read_value(entry, |address| {
        let mut lines = Vec::new();
        for name in ["AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4"] {
            lines.extend(api::text(address, name));
        }
        let is_code = |text: &String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        Address {
            lines,
            city: api::text(address, "City"),
            region: api::text(address, "Region"),
            postal_code: api::text(address, "PostalCode"),
            country: api::text(address, "Country").filter(is_code),
        }
    });
    read.ok().filter(|address| !address.lines.is_empty() || address.city.is_some() || address.postal_code.is_some())
}

/// What is written of a contact that is pushed.
pub(crate) fn pushed(record: &Fields<'_>) -> Object {
    let mut wanted = Object::new();
    for (ours, theirs) in [
        ("name", "Name"),
        ("first_name", "FirstName"),
        ("last_name", "LastName"),
        ("email", "EmailAddress"),
        ("tax_number", "TaxNumber"),
        ("currency", "DefaultCurrency"),
    ] {
        wanted = wanted.set_some(theirs, record.text_some(ours));
    }
    if let Some(phone) = record.text_some("phone") {
        let phone = Object::new().set("PhoneType", "DEFAULT").set("PhoneNumber", phone);
        wanted = wanted.set("Phones", vec![Value::from(phone)]);
    }
    let address = record.inner("address", |address| {
        let lines = address.items("lines").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        in_its_words(&Address {
            lines,
            city: address.text_some("city"),
            region: address.text_some("region"),
            postal_code: address.text_some("postal_code"),
            country: address.text_some("country"),
        })
    });
    match address {
        Some(address) => wanted.set("Addresses", vec![Value::from(address)]),
        None => wanted,
    }
}

/// Refuses a contact that can not be told apart.
pub(crate) fn named(record: &Object) -> Result<()> {
    if record.is_empty() {
        Err(Error::invalid_input("the contact has no field; give at least its name"))
    } else {
        Ok(())
    }
}
