//! `Dispute`: a payer's bank asks for the money back.

use gatehouse_sdk::Money;
use serde::Deserialize;

use super::money_from_stripe;
use super::reference::{Expandable, Identified, id_of};

/// A dispute.
#[derive(Debug, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    amount: i64,
    currency: String,
    pub(crate) reason: Option<String>,
    pub(crate) status: Option<String>,
    payment_intent: Option<Expandable<Identified>>,
    charge: Option<Expandable<Identified>>,
}

impl Dispute {
    /// What is in dispute.
    pub(crate) fn money(&self) -> Money {
        money_from_stripe(self.amount, &self.currency)
    }

    /// The id of the disputed payment.
    pub(crate) fn payment(&self) -> Option<String> {
        id_of(&self.payment_intent).or_else(|| id_of(&self.charge))
    }
}
