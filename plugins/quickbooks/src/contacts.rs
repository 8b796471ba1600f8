//! Customers and vendors: `/customer` and `/vendor`. Their names are unique over both, their ids are not, so that a
//! vendor's is written `vendor-56` here.

use gatehouse_sdk::accounting::accounting_contacts::{
    AccountingContact, AccountingContactChange, AccountingContactRequest, AccountingContactsPage,
    AccountingContactsRequest, ContactKind, Guest,
};
use gatehouse_sdk::books::Postal;
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::records::{self, Ours, Read};
use gatehouse_sdk::{Error, Result};

use crate::table::{self, CHANGED, Table, Wanted};
use crate::{QuickBooks, api};

/// One of the two kinds of contacts.
pub(crate) struct Kind {
    pub(crate) table: Table,
    /// Its name in paths.
    pub(crate) entity: &'static str,
    /// Where its number for taxes stands.
    tax_number: &'static str,
    /// How it is read.
    pub(crate) read: Read<AccountingContact>,
}

/// Who buys.
pub(crate) static CUSTOMER: Kind = Kind {
    table: Table { name: "Customer", prefix: "", retires: true, read: |found, _| ours(found, &CUSTOMER) },
    entity: "customer",
    tax_number: "PrimaryTaxIdentifier",
    read: |found| contact(found, &CUSTOMER),
};
/// Whom one buys from.
pub(crate) static VENDOR: Kind = Kind {
    table: Table { name: "Vendor", prefix: "vendor-", retires: true, read: |found, _| ours(found, &VENDOR) },
    entity: "vendor",
    tax_number: "TaxIdentifier",
    read: |found| contact(found, &VENDOR),
};

const ADDRESS: Postal = Postal {
    lines: &["Line1", "Line2", "Line3", "Line4", "Line5"],
    city: "City",
    region: "CountrySubDivisionCode",
    postal_code: "PostalCode",
    country: "Country",
};

impl Kind {
    /// The kind that an id of ours is of, and `QuickBooks`' own id.
    pub(crate) fn of(id: &str) -> (&'static Self, &str) {
        match id.strip_prefix(VENDOR.table.prefix) {
            Some(id) => (&VENDOR, id),
            None => (&CUSTOMER, id),
        }
    }

    /// Vendors where it is one from whom is bought.
    pub(crate) fn supplying(is_supplier: bool) -> &'static Self {
        if is_supplier { &VENDOR } else { &CUSTOMER }
    }

    fn is_vendor(&self) -> bool {
        !self.table.prefix.is_empty()
    }
}

impl Guest for QuickBooks {
    /// Creates a contact.
    fn create_accounting_contact(request: AccountingContactRequest) -> Result<AccountingContact> {
        let kind = Kind::supplying(request.kind == Some(ContactKind::Supplier));
        let record =
            written(Object::of(&request), kind)?.set_some("CurrencyRef", request.currency.as_deref().map(api::named));
        api::one(&api::create(kind.entity, &record)?, kind.table.name, kind.read)
    }

    /// Changes a contact. The same change again changes nothing.
    fn update_accounting_contact(change: AccountingContactChange) -> Result<AccountingContact> {
        let (kind, id) = Kind::of(&change.id);
        save(kind, id, written(Object::of(&change), kind)?)
    }

    fn get_accounting_contact(id: String) -> Result<AccountingContact> {
        let (kind, id) = Kind::of(&id);
        api::one(&api::get(&[kind.entity, id])?, kind.table.name, kind.read)
    }

    /// Reads a page of contacts, those out of use as well: customers, then vendors. The cursor is the place of the
    /// first one.
    fn sync_accounting_contacts(request: AccountingContactsRequest) -> Result<AccountingContactsPage> {
        let cursor = request.cursor.as_deref();
        let (kind, place) = match cursor.and_then(|cursor| cursor.strip_prefix(VENDOR.table.prefix)) {
            Some(place) => (&VENDOR, Some(place)),
            None => (Kind::supplying(request.kind == Some(ContactKind::Supplier)), cursor),
        };
        let wanted = Wanted::of(&kind.table).since(CHANGED, request.changed_from_ms);
        let page = table::page(&wanted, place, request.limit)?;
        let vendors_follow = request.kind.is_none() && !kind.is_vendor();
        let items = page.items(kind.read)?;
        let next = match page.next {
            Some(next) => Some(kind.table.id(&next)),
            None => vendors_follow.then(|| VENDOR.table.id("1")),
        };
        Ok(AccountingContactsPage { items, next })
    }
}

/// What is written of a request; nothing where it has nothing.
#[inline(never)]
fn written(request: Object, kind: &Kind) -> Result<Object> {
    read_value(&request.into(), |given| record(given, kind)).map_err(records::wrong)
}

/// What is written of a contact of ours, given as JSON. Only vendors have a place for our reference.
#[inline(never)]
fn record(given: &Fields<'_>, kind: &Kind) -> Object {
    let mut record = Object::new();
    for (ours, theirs) in [
        ("name", "DisplayName"),
        ("first_name", "GivenName"),
        ("last_name", "FamilyName"),
        ("tax_number", kind.tax_number),
    ] {
        record = record.set_some(theirs, given.text_some(ours));
    }
    for (ours, theirs, field) in [("email", "PrimaryEmailAddr", "Address"), ("phone", "PrimaryPhone", "FreeFormNumber")]
    {
        record = record.set_some(theirs, given.text_some(ours).map(|text| Object::new().set(field, text)));
    }
    record
        .set_some("AcctNum", given.text_some("reference").filter(|_| kind.is_vendor()))
        .set_some("BillAddr", given.inner("address", |address| ADDRESS.written(address, false)))
}

/// Changes what is given of a contact. `QuickBooks` asks for the version that is changed, so it is read first.
#[inline(never)]
pub(crate) fn save(kind: &Kind, id: &str, record: Object) -> Result<AccountingContact> {
    let version = |found: &Value| read_value(found, |found| found.text("SyncToken"));
    let version = api::one(&api::get(&[kind.entity, id])?, kind.table.name, version)?;
    change(kind, id, &version, record)
}

/// Changes what is given of one version of a contact.
#[inline(never)]
pub(crate) fn change(kind: &Kind, id: &str, version: &str, record: Object) -> Result<AccountingContact> {
    let record = record.set("Id", id).set("SyncToken", version).set("sparse", true);
    let response = api::send(Request::post(api::path(&[kind.entity])?).json(&record))?;
    api::one(&response, kind.table.name, kind.read)
}

/// The contacts with a name, of which there is at most one.
pub(crate) fn of_name(kind: &Kind, name: &str) -> Wanted {
    Wanted::of(&kind.table).equal("DisplayName", name)
}

/// What is written of a contact that is pushed.
///
/// # Errors
/// `invalid-input` where there is nothing.
#[inline(never)]
pub(crate) fn pushed(given: &Value, kind: &Kind) -> Result<Object> {
    let record = read_value(given, |given| record(given, kind)).map_err(records::wrong)?;
    if record.is_empty() {
        return Err(Error::invalid_input("the contact has no field; give at least its name"));
    }
    Ok(record)
}

#[inline(never)]
fn ours(found: &Value, kind: &Kind) -> core::result::Result<Ours, Mismatch> {
    let contact = contact(found, kind)?;
    let data = Object::of(&contact).into();
    Ok(Ours { id: contact.id, updated_at_ms: contact.updated_at_ms, gone: !contact.active, data })
}

/// Reads a contact.
#[inline(never)]
fn contact(found: &Value, kind: &Kind) -> core::result::Result<AccountingContact, Mismatch> {
    read_value(found, |contact| AccountingContact {
        id: kind.table.id(&contact.text("Id")),
        name: contact.text("DisplayName"),
        kinds: vec![if kind.is_vendor() { ContactKind::Supplier } else { ContactKind::Customer }],
        first_name: contact.filled("GivenName"),
        last_name: contact.filled("FamilyName"),
        email: contact.filled_in("PrimaryEmailAddr", "Address"),
        phone: contact.filled_in("PrimaryPhone", "FreeFormNumber"),
        // QuickBooks shows the end of it alone.
        tax_number: contact.filled(kind.tax_number).filter(|number| !number.starts_with("XX")),
        address: contact.inner("BillAddr", |address| ADDRESS.read(address)).flatten(),
        currency: api::reference(contact, "CurrencyRef"),
        reference: contact.filled("AcctNum").filter(|_| kind.is_vendor()),
        active: contact.flag_unless_absent("Active"),
        updated_at_ms: api::moment(contact, CHANGED),
    })
}
