//! From a function's name and its parameters as JSON to the call of a trait, one module an interface.

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

/// The only parameter `id`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Id {
    /// The provider's id of the record.
    pub id: String,
}

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
    use crate::webhook::{Delivery, Guest};

    /// Its functions.
    pub const FUNCTIONS: &[&str] = &["parse"];

    /// A delivery with its body as text.
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        headers: Vec<(String, String)>,
        body: String,
    }

    /// Calls one of them.
    pub fn call<T: Guest>(function: &str, input: &Value) -> Option<Answer> {
        let parse = |input: Input| T::parse(Delivery { headers: input.headers, body: input.body.into_bytes() });
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

/// `gatehouse:payments/charges`.
pub mod charges {
    use super::{Answer, Id, Value};
    use crate::payments::charges::Guest;

    /// Its functions.
    pub const FUNCTIONS: &[&str] = &["process-payment", "get-payment"];

    /// Calls one of them.
    pub fn call<T: Guest>(function: &str, input: &Value) -> Option<Answer> {
        match function {
            "process-payment" => Some(super::call(input, T::process_payment)),
            "get-payment" => Some(super::call(input, |Id { id }| T::get_payment(id))),
            _ => None,
        }
    }
}

/// An interface with one function that takes one record.
macro_rules! one_function {
    ($module:ident, $interface:literal, $name:literal, $function:ident) => {
        #[doc = concat!("`", $interface, "`.")]
        pub mod $module {
            use super::{Answer, Value};
            use crate::payments::$module::Guest;

            /// Its functions.
            pub const FUNCTIONS: &[&str] = &[$name];

            /// Calls one of them.
            pub fn call<T: Guest>(function: &str, input: &Value) -> Option<Answer> {
                (function == $name).then(|| super::call(input, T::$function))
            }
        }
    };
}

one_function!(refunds, "gatehouse:payments/refunds", "refund-payment", refund_payment);
one_function!(customers, "gatehouse:payments/customers", "create-customer-profile", create_customer_profile);
one_function!(links, "gatehouse:payments/links", "create-payment-link", create_payment_link);
one_function!(transactions, "gatehouse:payments/transactions", "sync-transactions", sync_transactions);
