//! Customers and vendors: `/customer` and `/vendor`. Their names are unique over both, their ids are not, so that a
//! vendor's is written `vendor-56` here.

use gatehouse_sdk::accounting::Address;
use gatehouse_sdk::accounting::accounting_contacts::{
    AccountingContact, AccountingContactChange, AccountingContactRequest, AccountingContactsPage,
    AccountingContactsRequest, ContactKind,
};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{self, Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::{Error, Result};

use crate::api::{self, CHANGED, Wanted};

/// One of the two kinds of contacts.
pub(crate) struct Kind {
    /// Its name in answers and queries.
    pub(crate) table: &'static str,
    /// Its name in paths.
    pub(crate) entity: &'static str,
    /// What its ids begin with here.
    prefix: &'static str,
    /// Where its number for taxes stands.
    tax_number: &'static str,
    /// How it is read.
    pub(crate) read: api::Read<AccountingContact>,
}

/// Who buys.
pub(crate) static CUSTOMER: Kind = Kind {
    table: "Customer",
    entity: "customer",
    prefix: "",
    tax_number: "PrimaryTaxIdentifier",
    read: |found| contact(found, &CUSTOMER),
};
/// Whom one buys from.
pub(crate) static VENDOR: Kind = Kind {
    table: "Vendor",
    entity: "vendor",
    prefix: "vendor-",
    tax_number: "TaxIdentifier",
    read: |found| contact(found, &VENDOR),
};

impl Kind {
    /// The kind that an id of ours is of, and `QuickBooks`' own id.
    pub(crate) fn of(id: &str) -> (&'static Self, &str) {
        match id.strip_prefix(VENDOR.prefix) {
            Some(id) => (&VENDOR, id),
            None => (&CUSTOMER, id),
        }
    }

    /// The id as we tell it.
    pub(crate) fn id(&self, id: &str) -> String {
        format!("{}{id}", self.prefix)
    }
}

fn kind(kind: Option<&ContactKind>) -> &'static Kind {
    if matches!(kind, Some(ContactKind::Supplier)) { &VENDOR } else { &CUSTOMER }
}

/// Creates a contact. Only vendors have a place for our reference.
pub(crate) fn create(request: AccountingContactRequest) -> Result<AccountingContact> {
    let kind = kind(request.kind.as_ref());
    let texts = [
        ("DisplayName", Some(request.name)),
        ("GivenName", request.first_name),
        ("FamilyName", request.last_name),
        (kind.tax_number, request.tax_number),
        ("AcctNum", request.reference.filter(|_| kind.entity == VENDOR.entity)),
    ];
    let record = record(texts, request.email, request.phone, request.address.as_ref());
    let record = record.set_some("CurrencyRef", request.currency.as_deref().map(api::named));
    api::one(&api::create(kind.entity, &record)?, kind.table, kind.read)
}

/// Changes a contact. The same change again changes nothing.
pub(crate) fn update(change: AccountingContactChange) -> Result<AccountingContact> {
    let (kind, id) = Kind::of(&change.id);
    let texts = [
        ("DisplayName", change.name),
        ("GivenName", change.first_name),
        ("FamilyName", change.last_name),
        (kind.tax_number, change.tax_number),
        ("AcctNum", None),
    ];
    save(kind, id, record(texts, change.email, change.phone, change.address.as_ref()))
}

/// Changes what is given of a contact. `QuickBooks` asks for the version that is changed, so it is read first.
#[inline(never)]
pub(crate) fn save(kind: &Kind, id: &str, record: Object) -> Result<AccountingContact> {
    let response = api::send(Request::get(api::path(&[kind.entity, id])?))?;
    let version = api::one(&response, kind.table, |found| read_value(found, |found| found.text("SyncToken")))?;
    change(kind, id, &version, record)
}

/// Changes what is given of one version of a contact.
#[inline(never)]
pub(crate) fn change(kind: &Kind, id: &str, version: &str, record: Object) -> Result<AccountingContact> {
    let record = record.set("Id", id).set("SyncToken", version).set("sparse", true);
    let response = api::send(Request::post(api::path(&[kind.entity])?).json(&record))?;
    api::one(&response, kind.table, kind.read)
}

/// Reads a contact.
pub(crate) fn get(id: &str) -> Result<AccountingContact> {
    let (kind, id) = Kind::of(id);
    api::one(&api::send(Request::get(api::path(&[kind.entity, id])?))?, kind.table, kind.read)
}

/// Finds a contact by its name, with its version.
pub(crate) fn by_name(kind: &Kind, name: &str) -> Result<Option<Value>> {
    let wanted = Wanted::with_inactive(kind.table).equal("DisplayName", name);
    Ok(api::page(&wanted, None, None)?.found.into_iter().next())
}

/// Reads a page of contacts, those out of use as well: customers, then vendors. The cursor is the place of the first
/// one.
pub(crate) fn list(request: &AccountingContactsRequest) -> Result<AccountingContactsPage> {
    let cursor = request.cursor.as_deref();
    let (kind, place) = match cursor.and_then(|cursor| cursor.strip_prefix(VENDOR.prefix)) {
        Some(place) => (&VENDOR, Some(place)),
        None => (kind(request.kind.as_ref()), cursor),
    };
    let wanted = Wanted::with_inactive(kind.table).since(CHANGED, request.changed_from_ms);
    let page = api::page(&wanted, place, request.limit)?;
    let vendors_follow = request.kind.is_none() && kind.entity == CUSTOMER.entity;
    let next = match page.next {
        Some(next) => Some(kind.id(&next)),
        None => vendors_follow.then(|| VENDOR.id("1")),
    };
    Ok(AccountingContactsPage { items: api::all(&page.found, kind.read)?, next })
}

#[inline(never)]
fn record(
    texts: [(&str, Option<String>); 5],
    email: Option<String>,
    phone: Option<String>,
    address: Option<&Address>,
) -> Object {
    let mut record = Object::new();
    for (name, text) in texts {
        record = record.set_some(name, text);
    }
    record
        .set_some("PrimaryEmailAddr", email.map(|email| Object::new().set("Address", email)))
        .set_some("PrimaryPhone", phone.map(|phone| Object::new().set("FreeFormNumber", phone)))
        .set_some("BillAddr", address.map(in_its_words))
}

const LINES: [&str; 5] = ["Line1", "Line2", "Line3", "Line4", "Line5"];

#[inline(never)]
fn in_its_words(address: &Address) -> Object {
    let mut record = Object::new();
    for (place, name) in LINES.into_iter().enumerate() {
        // The last one takes what is left.
        let line = match address.lines.get(place..).unwrap_or_default() {
            [] => None,
            rest if place + 1 == LINES.len() => Some(rest.join(", ")),
            [line, ..] => Some(line.clone()),
        };
        record = record.set_some(name, line);
    }
    record
        .set_some("City", address.city.as_deref())
        .set_some("CountrySubDivisionCode", address.region.as_deref())
        .set_some("PostalCode", address.postal_code.as_deref())
        .set_some("Country", address.country.as_deref())
}

/// The JSON of a contact, for records and look-ups. Out of line: one writer for each.
#[inline(never)]
pub(crate) fn text(contact: &AccountingContact) -> String {
    json::text(&Object::of(contact).into())
}

/// Reads a contact.
#[inline(never)]
fn contact(found: &Value, kind: &Kind) -> core::result::Result<AccountingContact, Mismatch> {
    read_value(found, |contact| AccountingContact {
        id: kind.id(&contact.text("Id")),
        name: contact.text("DisplayName"),
        kinds: vec![if kind.prefix.is_empty() { ContactKind::Customer } else { ContactKind::Supplier }],
        first_name: api::text(contact, "GivenName"),
        last_name: api::text(contact, "FamilyName"),
        email: api::within(contact, "PrimaryEmailAddr", "Address"),
        phone: api::within(contact, "PrimaryPhone", "FreeFormNumber"),
        // QuickBooks shows the end of it alone.
        tax_number: api::text(contact, kind.tax_number).filter(|number| !number.starts_with("XX")),
        address: contact.inner("BillAddr", address).flatten(),
        currency: api::reference(contact, "CurrencyRef"),
        reference: api::text(contact, "AcctNum").filter(|_| !kind.prefix.is_empty()),
        active: contact.get("Active").is_none() || contact.flag("Active"),
        updated_at_ms: api::moment(contact, CHANGED),
    })
}

/// The address, where it has anything. `QuickBooks`' country is any text, ours a code.
fn address(address: &Fields<'_>) -> Option<Address> {
    let mut lines = Vec::new();
    for name in LINES {
        lines.extend(api::text(address, name));
    }
    let is_code = |text: &String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let address = Address {
        lines,
        city: api::text(address, "City"),
        region: api::text(address, "CountrySubDivisionCode"),
        postal_code: api::text(address, "PostalCode"),
        country: api::text(address, "Country").filter(is_code),
    };
    Some(address).filter(|address| !address.lines.is_empty() || address.city.is_some() || address.postal_code.is_some())
}

/// What is written of a contact that is pushed.
pub(crate) fn pushed(given: &Fields<'_>, kind: &Kind) -> Object {
    let texts = [
        ("DisplayName", given.text_some("name")),
        ("GivenName", given.text_some("first_name")),
        ("FamilyName", given.text_some("last_name")),
        (kind.tax_number, given.text_some("tax_number")),
        ("AcctNum", given.text_some("reference").filter(|_| !kind.prefix.is_empty())),
    ];
    let address = given.inner("address", |address| Address {
        lines: address.items("lines").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        city: address.text_some("city"),
        region: address.text_some("region"),
        postal_code: address.text_some("postal_code"),
        country: address.text_some("country"),
    });
    record(texts, given.text_some("email"), given.text_some("phone"), address.as_ref())
}

/// Which kind a new contact that is pushed is of: a vendor where it only sells.
pub(crate) fn pushed_kind(given: &Fields<'_>) -> &'static Kind {
    let mut kinds = given.items("kinds").iter().filter_map(Value::as_str);
    match (kinds.next(), kinds.next()) {
        (Some("supplier"), None) => &VENDOR,
        _ => &CUSTOMER,
    }
}

/// Refuses what can not be written.
pub(crate) fn some(record: &Object) -> Result<()> {
    if record.is_empty() {
        Err(Error::invalid_input("the contact has no field; give at least its name"))
    } else {
        Ok(())
    }
}
