//! The gateways that are called, what with, and what their provider answers.

use gatehouse_domain::manifest::Manifest;
use gatehouse_runtime::package;
use serde_json::{Value, json};
use wasmtime::component::Val;

use crate::artefacts;
use crate::execute::upstream;

/// A gateway and one call of it, in both forms: as JSON and as the component takes it.
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) is_small: bool,
    pub(super) bytes: Vec<u8>,
    pub(super) capability: &'static str,
    pub(super) parameters: Value,
    pub(super) interface: &'static str,
    pub(super) function: &'static str,
    pub(super) arguments: Vec<Val>,
    /// The body of the provider's answer.
    pub(super) answer: String,
}

/// One that sends its request and does nothing else.
pub(super) fn small() -> Subject {
    let manifest = artefacts::root().join("host/crates/runtime/tests/guests/plain/plugin.toml");
    let manifest = Manifest::from_toml(&std::fs::read_to_string(manifest).unwrap()).unwrap();
    Subject {
        name: "a small gateway",
        is_small: true,
        bytes: package(&artefacts::small_guest(), &manifest, &[], &Value::Null).unwrap(),
        capability: "MISBEHAVE",
        parameters: json!({ "behaviour": "send", "text": "/" }),
        interface: "test:hostile/probe@1.0.0",
        function: "misbehave",
        arguments: vec![record([
            ("behaviour", Val::Enum("send".to_owned())),
            ("count", Val::Option(None)),
            ("text", some("/")),
        ])],
        answer: "fine".to_owned(),
    }
}

/// One that builds a form, reads a large JSON answer and turns it into a payment.
pub(super) fn real() -> Subject {
    let amount = record([("minor-units", Val::S64(1999)), ("currency", Val::String("EUR".to_owned()))]);
    let absent = ["customer", "payment-method", "reference"].map(|name| (name, Val::Option(None)));
    let more = ["payer-email", "return-url", "capture", "metadata"].map(|name| (name, Val::Option(None)));
    let fields = std::iter::once(("amount", amount)).chain(absent).chain([("description", some("a book"))]).chain(more);
    Subject {
        name: "the Stripe gateway",
        is_small: false,
        bytes: artefacts::gateway("stripe"),
        capability: "PROCESS_PAYMENT",
        parameters: upstream::payment(),
        interface: "gatehouse:payments/charges@0.1.0",
        function: "process-payment",
        arguments: vec![record(fields)],
        answer: upstream::answer().to_string(),
    }
}

fn record(fields: impl IntoIterator<Item = (&'static str, Val)>) -> Val {
    Val::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn some(text: &str) -> Val {
    Val::Option(Some(Box::new(Val::String(text.to_owned()))))
}
