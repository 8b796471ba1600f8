//! `Refund`: money given back.

use gatehouse_sdk::payments::refunds::{self, RefundStatus};
use serde::Deserialize;

use super::reference::{Expandable, Identified, Metadata, id_of, reference_in};
use super::{milliseconds, money_from_stripe};

/// A refund.
#[derive(Debug, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    /// Null for some refunds that only move a balance.
    status: Option<String>,
    amount: i64,
    currency: String,
    created: u64,
    payment_intent: Option<Expandable<Identified>>,
    charge: Option<Expandable<Identified>>,
    #[serde(default)]
    metadata: Metadata,
}

impl Refund {
    /// The refund in our words.
    ///
    /// # Errors
    /// A text where Stripe's status is one that we do not know.
    pub(crate) fn to_refund(&self) -> Result<refunds::Refund, String> {
        Ok(refunds::Refund {
            id: self.id.clone(),
            payment: id_of(&self.payment_intent).or_else(|| id_of(&self.charge)).unwrap_or_default(),
            status: self.refund_status()?,
            amount: money_from_stripe(self.amount, &self.currency),
            reference: reference_in(&self.metadata),
            created_at_ms: milliseconds(self.created),
        })
    }

    fn refund_status(&self) -> Result<RefundStatus, String> {
        Ok(match self.status.as_deref() {
            Some("pending" | "requires_action") | None => RefundStatus::Pending,
            Some("succeeded") => RefundStatus::Succeeded,
            Some("failed") => RefundStatus::Failed,
            Some("canceled") => RefundStatus::Canceled,
            Some(other) => return Err(format!("the refund {} has the unknown status `{other}`", self.id)),
        })
    }
}
