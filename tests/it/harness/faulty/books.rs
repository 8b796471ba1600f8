//! The provider's books: each payment it really made, and what it remembers of each key.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::Rules;
use super::fault::Fault;

/// What a provider has done.
#[derive(Default)]
pub(crate) struct Books {
    /// Every payment in the order in which it was made, declined ones too.
    payments: Vec<Value>,
    kept: BTreeMap<String, Kept>,
    running: BTreeSet<String>,
    seen: BTreeMap<String, u32>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Books {
    /// The ids of the payments in which money moved, by their description.
    pub(crate) fn effects(&self) -> BTreeMap<String, Vec<String>> {
        let mut effects: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for payment in self.payments.iter().filter(|payment| payment["status"] == "succeeded") {
            let text = |name: &str| payment[name].as_str().unwrap().to_owned();
            effects.entry(text("description")).or_default().push(text("id"));
        }
        effects
    }

    /// How many requests are taken up and not laid down.
    pub(super) fn at_work(&self) -> usize {
        self.running.len()
    }

    /// How often a key was seen before.
    pub(super) fn see(&mut self, key: &str) -> u32 {
        let seen = self.seen.entry(key.to_owned()).or_default();
        *seen += 1;
        *seen - 1
    }

    /// Takes up a request; not while the first one of its key is at work.
    pub(super) fn begin(&mut self, key: &str) -> bool {
        self.running.insert(key.to_owned())
    }

    /// Lays a request down.
    pub(super) fn end(&mut self, key: &str) {
        self.running.remove(key);
    }

    /// Does what is asked, or what the fault makes of it, and answers.
    pub(super) fn carry_out(&mut self, key: &str, form: &BTreeMap<String, String>, fault: Fault, rules: Rules) -> Kept {
        if let Some(kept) = self.kept.get(key).filter(|_| rules.remembers_keys) {
            return kept.clone();
        }
        let failed = || Kept { status: 500, body: json!({ "error": { "type": "api_error", "message": "oops" } }) };
        let (answered, remembered) = match fault {
            Fault::Fail500Before => return failed(),
            Fault::Saved500Before => (failed(), failed()),
            Fault::Saved500After => {
                self.make(form, true);
                (failed(), failed())
            }
            Fault::Decline | Fault::DeclineLost => {
                self.make(form, false);
                let error = json!({ "type": "card_error", "code": "card_declined", "message": "no money" });
                let kept = Kept { status: 402, body: json!({ "error": error }) };
                (kept.clone(), kept)
            }
            _ => {
                let kept = Kept { status: 200, body: self.make(form, true) };
                (kept.clone(), kept)
            }
        };
        self.kept.insert(key.to_owned(), remembered);
        answered
    }

    fn make(&mut self, form: &BTreeMap<String, String>, paid: bool) -> Value {
        let amount: i64 = form["amount"].parse().unwrap();
        let error = (!paid).then(|| json!({ "type": "card_error", "code": "card_declined" }));
        let payment = json!({
            "id": format!("pi_{:05}", self.payments.len() + 1), "object": "payment_intent", "livemode": false,
            "created": SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs(),
            "status": if paid { "succeeded" } else { "requires_payment_method" },
            "amount": amount, "amount_received": if paid { amount } else { 0 }, "currency": form["currency"],
            "description": form["description"], "last_payment_error": error,
            "metadata": { "gatehouse_key": form["metadata[gatehouse_key]"] },
        });
        self.payments.push(payment.clone());
        payment
    }

    /// A page of the list, as the provider's own rules cut it.
    pub(super) fn page(&self, query: &BTreeMap<String, String>) -> Value {
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<u64>().ok());
        let (from, until) = (number("created[gte]").unwrap_or(0), number("created[lte]").unwrap_or(u64::MAX));
        let limit = usize::try_from(number("limit").unwrap_or(10)).unwrap();
        let in_time = |payment: &&Value| (from..=until).contains(&payment["created"].as_u64().unwrap());
        let mut found: Vec<&Value> = self.payments.iter().rev().filter(in_time).collect();
        if let Some(after) = query.get("starting_after") {
            let place = found.iter().position(|payment| payment["id"] == after.as_str()).unwrap();
            found.drain(..=place);
        }
        let more = found.len() > limit;
        found.truncate(limit);
        json!({ "object": "list", "data": found, "has_more": more })
    }
}
