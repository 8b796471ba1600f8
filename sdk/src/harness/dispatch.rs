//! From a function's name and its parameters as JSON to the call of a trait, one module an interface.
//! It knows the shape of each call and nothing of what is done.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Error;

/// What a call answered: its value as JSON, or why there is none.
pub type Answer = Result<Value, Failure>;

/// Why a call has no value.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The gateway answered with an error.
    Guest(Error),
    /// The parameters do not have the function's shape, or its value has no JSON form.
    Shape(String),
}

/// Calls a function whose only parameter is a record, or whose parameters `P` names as fields.
pub fn call<P: DeserializeOwned, R: Serialize>(input: &Value, function: impl FnOnce(P) -> crate::Result<R>) -> Answer {
    let parameters = P::deserialize(input).map_err(|error| Failure::Shape(format!("input.json: {error}")))?;
    let value = function(parameters).map_err(Failure::Guest)?;
    serde_json::to_value(value).map_err(|error| Failure::Shape(format!("the value has no JSON form: {error}")))
}

/// No parameters.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The module of an interface: `record` where a function takes one record, the parameter's name
/// where it takes one text, nothing where it takes nothing.
macro_rules! functions {
    (pub $module:ident of $package:ident, $interface:literal { $($name:literal => $function:ident($($kind:ident)?);)+ }) => {
        #[doc = concat!("`", $interface, "`.")]
        pub mod $module {
            use crate::$package::$module::Guest;
            use crate::harness::dispatch::{Answer, Value, call as called};

            /// Its functions.
            pub const FUNCTIONS: &[&str] = &[$($name),+];

            /// Calls one of them.
            pub fn call<T: Guest>(function: &str, input: &Value) -> Option<Answer> {
                match function {
                    $($name => Some(functions!(@call called, input, T::$function, $($kind)?)),)+
                    _ => None,
                }
            }
        }
    };
    (@call $called:ident, $input:ident, $function:path, record) => {
        $called($input, $function)
    };
    (@call $called:ident, $input:ident, $function:path, $name:ident) => {{
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Input {
            $name: String,
        }
        $called($input, |Input { $name }| $function($name))
    }};
    (@call $called:ident, $input:ident, $function:path,) => {
        $called($input, |crate::harness::dispatch::Nothing {}| $function())
    };
}

mod accounting;
mod automation;
mod calendar;
mod commerce;
mod crm;
mod documents;
mod email;
mod marketing;
mod messaging;
mod payments;

pub use accounting::{
    accounting_contacts, accounting_items, invoice_payments, invoice_sending, invoice_voiding, invoices,
    ledger_accounts, tax_rates,
};
pub use automation::{operations, triggers, workflows};
pub use calendar::{availability, bookings, calendar_cancelling, calendar_reading, calendar_writing, calendars};
pub use commerce::{
    customer_data, inventory, order_cancelling, order_fulfilling, orders, products, store_subscription_changes,
    store_subscriptions,
};
pub use crm::{companies, contact_search, contact_upserts, contacts, notes, opportunities, pipelines};
pub use documents::{envelope_changes, envelopes, signed_documents, signing_links, template_envelopes};
pub use email::{email_templates, emails, mailboxes, suppressions, template_emails};
pub use marketing::{audiences, campaign_reports, campaigns, subscriber_events, subscriber_tags, subscribers};
pub use messaging::{channels, message_edits, message_history, messages, template_messages, workspace_members};
pub use payments::{captures, charges, customers, links, payment_cancelling, refunds, transactions};

/// `gatehouse:plugin/connection`.
pub mod connection {
    use super::{Answer, Nothing, Value};
    use crate::connection::Guest;

    /// Its functions.
    pub const FUNCTIONS: &[&str] = &["test"];

    /// Calls one of them.
    pub fn call<T: Guest>(function: &str, input: &Value) -> Option<Answer> {
        (function == "test").then(|| super::call(input, |Nothing {}| T::test()))
    }
}

/// `gatehouse:plugin/webhook`.
pub mod webhook {
    use super::{Answer, Value};
    use crate::webhook::{Delivery, Guest, Trust};

    /// Its functions.
    pub const FUNCTIONS: &[&str] = &["parse"];

    /// A delivery with its body as text.
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        #[serde(default = "verified")]
        trust: Trust,
        headers: Vec<(String, String)>,
        body: String,
    }

    fn verified() -> Trust {
        Trust::Verified
    }

    /// Calls one of them.
    pub fn call<T: Guest>(function: &str, input: &Value) -> Option<Answer> {
        let parse =
            |Input { trust, headers, body }: Input| T::parse(Delivery { trust, headers, body: body.into_bytes() });
        (function == "parse").then(|| super::call(input, parse))
    }
}

/// `gatehouse:plugin/sync`.
pub mod sync {
    use super::{Answer, Value};
    use crate::sync::{Change, Guest};

    /// Its functions.
    pub const FUNCTIONS: &[&str] = &["pull", "push"];

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pull {
        entity: String,
        cursor: Option<String>,
        limit: u32,
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Push {
        entity: String,
        changes: Vec<Change>,
    }

    /// Calls one of them.
    pub fn call<T: Guest>(function: &str, input: &Value) -> Option<Answer> {
        match function {
            "pull" => Some(super::call(input, |p: Pull| T::pull(p.entity, p.cursor, p.limit))),
            "push" => Some(super::call(input, |p: Push| T::push(p.entity, p.changes))),
            _ => None,
        }
    }
}

/// `gatehouse:plugin/registrations`.
pub mod registrations {
    use super::{Answer, Nothing, Value};
    use crate::registrations::{Guest, Registration};

    /// Its functions.
    pub const FUNCTIONS: &[&str] = &["list-registrations", "register", "renew-registration", "unregister"];

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Register {
        url: String,
        events: Vec<String>,
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Renew {
        registration: Registration,
        events: Vec<String>,
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Unregister {
        id: String,
    }

    /// Calls one of them.
    pub fn call<T: Guest>(function: &str, input: &Value) -> Option<Answer> {
        match function {
            "list-registrations" => Some(super::call(input, |Nothing {}| T::list_registrations())),
            "register" => Some(super::call(input, |p: Register| T::register(p.url, p.events))),
            "renew-registration" => {
                Some(super::call(input, |p: Renew| T::renew_registration(p.registration, p.events)))
            }
            "unregister" => Some(super::call(input, |p: Unregister| T::unregister(p.id))),
            _ => None,
        }
    }
}

/// `gatehouse:plugin/backfill`.
pub mod backfill {
    use super::{Answer, Value};
    use crate::backfill::{Guest, ListedEvent};

    /// Its functions.
    pub const FUNCTIONS: &[&str] = &["list-events"];

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        since_ms: u64,
        events: Vec<String>,
        cursor: Option<String>,
    }

    /// A page with its bodies as text.
    #[derive(serde::Serialize)]
    struct Shown {
        events: Vec<ShownEvent>,
        cursor: Option<String>,
    }

    #[derive(serde::Serialize)]
    struct ShownEvent {
        id: String,
        occurred_at_ms: u64,
        body: String,
    }

    /// Calls one of them. A body is shown as the text that it is.
    pub fn call<T: Guest>(function: &str, input: &Value) -> Option<Answer> {
        let shown = |event: ListedEvent| ShownEvent {
            id: event.id,
            occurred_at_ms: event.occurred_at_ms,
            body: String::from_utf8_lossy(&event.body).into_owned(),
        };
        let list = |input: Input| {
            let page = T::list_events(input.since_ms, input.events, input.cursor)?;
            Ok(Shown { events: page.events.into_iter().map(shown).collect(), cursor: page.cursor })
        };
        (function == "list-events").then(|| super::call(input, list))
    }
}

/// `gatehouse:plugin/outcomes`.
pub mod outcomes {
    use super::{Answer, Failure, Value};
    use crate::outcomes::{Guest, Write};

    /// Its functions.
    pub const FUNCTIONS: &[&str] = &["look-up"];

    /// A write with its parameters as they are.
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        capability: String,
        #[serde(default)]
        parameters: serde_json::Map<String, Value>,
        reference: String,
        first_sent_at_ms: u64,
        last_sent_at_ms: u64,
    }

    /// Calls one of them. A result that was found is shown as the JSON that it is.
    pub fn call<T: Guest>(function: &str, input: &Value) -> Option<Answer> {
        let look_up = |input: Input| {
            T::look_up(Write {
                capability: input.capability,
                parameters: Value::Object(input.parameters).to_string(),
                reference: input.reference,
                first_sent_at_ms: input.first_sent_at_ms,
                last_sent_at_ms: input.last_sent_at_ms,
            })
        };
        (function == "look-up").then(|| super::call(input, look_up).and_then(unfolded))
    }

    fn unfolded(finding: Value) -> Answer {
        let Some(text) = finding.get("value").and_then(Value::as_str) else { return Ok(finding) };
        let result: Value = serde_json::from_str(text)
            .map_err(|error| Failure::Shape(format!("the result that was found is not JSON: {error}")))?;
        Ok(serde_json::json!({ "kind": "done", "value": result }))
    }
}
