//! `Checkout Session`: a page of Stripe's on which a payer pays.

use gatehouse_sdk::Money;
use serde::Deserialize;

use super::money_from_stripe;
use super::reference::{Expandable, Identified, Metadata, id_of, reference_in};

/// A checkout session.
#[derive(Debug, Deserialize)]
pub(crate) struct CheckoutSession {
    pub(crate) id: String,
    /// Null once it can no longer be paid.
    pub(crate) url: Option<String>,
    amount_total: Option<i64>,
    currency: Option<String>,
    pub(crate) expires_at: Option<u64>,
    pub(crate) payment_status: Option<String>,
    client_reference_id: Option<String>,
    payment_intent: Option<Expandable<Identified>>,
    customer: Option<Expandable<Identified>>,
    #[serde(default)]
    metadata: Metadata,
}

impl CheckoutSession {
    /// What is to be paid in all.
    pub(crate) fn total(&self) -> Option<Money> {
        Some(money_from_stripe(self.amount_total?, self.currency.as_deref()?))
    }

    /// Our reference.
    pub(crate) fn reference(&self) -> Option<String> {
        reference_in(&self.metadata).or_else(|| self.client_reference_id.clone())
    }

    /// The id of the payment made on it.
    pub(crate) fn payment(&self) -> Option<String> {
        id_of(&self.payment_intent)
    }

    /// The id of its payer.
    pub(crate) fn customer(&self) -> Option<String> {
        id_of(&self.customer)
    }
}
