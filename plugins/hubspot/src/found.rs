//! An object as Hubspot has it: what is read of it, and the same as a record for the host's sync and look-ups.

use gatehouse_sdk::crm::opportunities::OpportunityStatus;
use gatehouse_sdk::json::{self, Fields, Object, Value};
use gatehouse_sdk::{Money, context, time};

use crate::api::Kind;

/// Properties that Hubspot adds by itself.
const ADDED: &[&str] = &["createdate", "hs_createdate", "hs_lastmodifieddate", "hs_object_id", "lastmodifieddate"];

/// An object.
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) url: Option<String>,
    pub(crate) archived: bool,
    pub(crate) created_at_ms: Option<u64>,
    pub(crate) updated_at_ms: Option<u64>,
    /// What only a deal has.
    pub(crate) amount: Option<Money>,
    pub(crate) people: Option<Vec<String>>,
    pub(crate) status: Option<OpportunityStatus>,
    values: Vec<(String, String)>,
}

impl Found {
    /// A property.
    #[inline(never)]
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Takes a property out.
    #[inline(never)]
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.values.iter().position(|(known, _)| known == name)?;
        Some(self.values.remove(place).1)
    }

    /// Sets a property that was taken out.
    pub(crate) fn put(&mut self, name: &str, value: String) {
        self.values.push((name.to_owned(), value));
    }

    /// The properties that are left, without those that Hubspot adds.
    #[inline(never)]
    pub(crate) fn rest(&mut self) -> Option<Vec<(String, String)>> {
        let mut rest = Vec::new();
        for (name, value) in core::mem::take(&mut self.values) {
            if !ADDED.contains(&name.as_str()) {
                rest.push((name, value));
            }
        }
        Some(rest).filter(|rest| !rest.is_empty())
    }

    /// Its fields as our records write them.
    #[inline(never)]
    pub(crate) fn data(&mut self, kind: &Kind) -> Object {
        let mut data = Object::new();
        for (ours, theirs) in kind.fields {
            data = data.set_some(ours, self.take(theirs));
        }
        if let Some(amount) = &self.amount {
            data = data.set_money("amount", amount);
        }
        let mut rest = Vec::new();
        for (name, value) in self.rest().into_iter().flatten() {
            rest.push(Value::from(vec![Value::from(name), Value::from(value)]));
        }
        let rest = Some(rest).filter(|rest| !rest.is_empty());
        data.set_some("contacts", self.people.take()).set_some("properties", rest)
    }

    /// The whole of it, as the capability that creates it answers.
    #[inline(never)]
    pub(crate) fn record(mut self, kind: &Kind) -> Object {
        let status = self.status.as_ref().map(|status| match status {
            OpportunityStatus::Open => "open",
            OpportunityStatus::Won => "won",
            OpportunityStatus::Lost => "lost",
        });
        let fields = self.data(kind);
        Object::new()
            .set("id", self.id)
            .set("fields", fields)
            .set_some("status", status)
            .set_some("url", self.url)
            .set("archived", self.archived)
            .set_some("created_at_ms", self.created_at_ms)
            .set_some("updated_at_ms", self.updated_at_ms)
    }
}

/// Reads an object. A property without a value counts as absent.
#[inline(never)]
pub(crate) fn read(kind: &Kind, object: &Fields<'_>) -> Found {
    let mut values = Vec::new();
    for (name, value) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let text = match value {
            Value::Null => continue,
            other => text(other),
        };
        if !text.is_empty() {
            values.push((name.clone(), text));
        }
    }
    let id = object.text("id");
    let page = |portal: String| format!("https://app.hubspot.com/contacts/{portal}/record/{}/{id}", kind.number);
    Found {
        url: object.text_some("url").or_else(|| context::account().map(|account| page(account.id))),
        id,
        archived: object.flag("archived"),
        created_at_ms: moment(object, "createdAt"),
        updated_at_ms: moment(object, "updatedAt"),
        amount: None,
        people: None,
        status: None,
        values,
    }
}

/// A value as text: some ids are numbers, some texts.
#[inline(never)]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| json::text(value), str::to_owned)
}

#[inline(never)]
fn moment(object: &Fields<'_>, name: &str) -> Option<u64> {
    let text = object.str_some(name)?;
    let moment = time::parse_rfc3339(text);
    if moment.is_none() {
        object.wrong(name, "this is no moment");
    }
    moment
}
