//! Customers and suppliers: `/Contacts`.

use gatehouse_sdk::accounting::Address;
use gatehouse_sdk::accounting::accounting_contacts::{
    AccountingContact, AccountingContactChange, AccountingContactRequest, AccountingContactsPage,
    AccountingContactsRequest, ContactKind, Guest,
};
use gatehouse_sdk::books::Postal;
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::records::{self, Ours};
use gatehouse_sdk::{Result, context, text};

use crate::Xero;
use crate::api::{self, Wanted};

/// The list of contacts.
pub(crate) const LIST: &str = "Contacts";
/// Their name as synchronised records.
pub(crate) const ENTITY: &str = "contacts";
/// How long a contact's number may be.
const NUMBER: usize = 50;
/// Invoices are addressed to what Xero calls the post box.
const ADDRESS: Postal = Postal {
    lines: &["AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4"],
    city: "City",
    region: "Region",
    postal_code: "PostalCode",
    country: "Country",
};

impl Guest for Xero {
    /// Creates a contact. Its number is our reference, or the call's key.
    fn create_accounting_contact(request: AccountingContactRequest) -> Result<AccountingContact> {
        let record = written(&Object::of(&request).into())?;
        let reference = request.reference.unwrap_or_else(|| number(&context::idempotency_key()));
        api::one(&api::create(LIST, record.set("ContactNumber", reference))?, LIST, contact)
    }

    /// Changes a contact. The same change again changes nothing.
    fn update_accounting_contact(change: AccountingContactChange) -> Result<AccountingContact> {
        let record = written(&Object::of(&change).into())?;
        save(&[LIST, &change.id], record.set("ContactID", change.id.as_str()))
    }

    fn get_accounting_contact(id: String) -> Result<AccountingContact> {
        api::one(&api::get(&[LIST, &id])?, LIST, contact)
    }

    /// Reads a page of contacts, archived ones as well. The cursor is the page's number.
    fn sync_accounting_contacts(request: AccountingContactsRequest) -> Result<AccountingContactsPage> {
        let only = request.kind.map(|kind| match kind {
            ContactKind::Customer => "IsCustomer==true".to_owned(),
            ContactKind::Supplier => "IsSupplier==true".to_owned(),
        });
        let wanted = Wanted { since_ms: request.changed_from_ms, only, ..all() };
        let page = api::list(wanted, request.cursor.as_deref(), request.limit)?;
        Ok(AccountingContactsPage { items: page.items(contact)?, next: page.next })
    }
}

/// The end of a key, as a contact's number has 50 characters. What the host gives differs there.
pub(crate) fn number(key: &str) -> String {
    text::end(key, NUMBER).to_owned()
}

/// Writes a contact: by its id below the list, by its number at the list.
#[inline(never)]
pub(crate) fn save(segments: &[&str], record: Object) -> Result<AccountingContact> {
    let response = api::send(Request::post(api::path(segments)?).json(&api::body(LIST, record)))?;
    api::one(&response, LIST, contact)
}

/// All contacts.
pub(crate) fn all() -> Wanted<'static> {
    Wanted::all(LIST).with("includeArchived", "true")
}

/// What is written of a contact of ours, given as JSON.
///
/// # Errors
/// `invalid-input` where it does not fit.
#[inline(never)]
pub(crate) fn written(given: &Value) -> Result<Object> {
    read_value(given, in_its_words).map_err(records::wrong)
}

fn in_its_words(given: &Fields<'_>) -> Object {
    let mut record = Object::new();
    for (ours, theirs) in [
        ("name", "Name"),
        ("first_name", "FirstName"),
        ("last_name", "LastName"),
        ("email", "EmailAddress"),
        ("tax_number", "TaxNumber"),
        ("currency", "DefaultCurrency"),
    ] {
        record = record.set_some(theirs, given.text_some(ours));
    }
    let phone = given.text_some("phone");
    let phone = phone.map(|phone| Object::new().set("PhoneType", "DEFAULT").set("PhoneNumber", phone));
    let address = given.inner("address", |address| ADDRESS.written(address, true).set("AddressType", "POBOX"));
    record.set_some("Phones", phone.map(listed)).set_some("Addresses", address.map(listed))
}

fn listed(record: Object) -> Vec<Value> {
    vec![record.into()]
}

/// A contact in our words, for all that tells it.
#[inline(never)]
pub(crate) fn ours(found: &Value) -> core::result::Result<Ours, Mismatch> {
    let contact = contact(found)?;
    let data = Object::of(&contact).into();
    Ok(Ours { id: contact.id, updated_at_ms: contact.updated_at_ms, gone: !contact.active, data })
}

/// Reads a contact.
#[inline(never)]
fn contact(contact: &Value) -> core::result::Result<AccountingContact, Mismatch> {
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
        first_name: contact.filled("FirstName"),
        last_name: contact.filled("LastName"),
        email: contact.filled("EmailAddress"),
        phone: phone(contact),
        tax_number: contact.filled("TaxNumber"),
        address: address(contact),
        currency: contact.filled("DefaultCurrency"),
        reference: contact.filled("ContactNumber"),
        active: api::is_active(contact, "ContactStatus"),
        updated_at_ms: api::changed_at(contact),
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
        text::append(&mut phone, " ", entry.get(name).and_then(Value::as_str).unwrap_or_default());
    }
    Some(phone).filter(|phone| !phone.is_empty())
}

fn address(contact: &Fields<'_>) -> Option<Address> {
    let entry = entry(contact, "Addresses", ("AddressType", "POBOX"))?;
    read_value(entry, |address| ADDRESS.read(address)).ok().flatten()
}
