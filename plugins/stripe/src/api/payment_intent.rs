//! `PaymentIntent`: Stripe's payment, and the charge in which money moves.

use gatehouse_sdk::payments::{Payment, PaymentStatus};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::reference::{Expandable, Identified, Metadata, id_of, reference_in};
use super::{List, milliseconds, money_from_stripe};

/// A payment intent.
#[derive(Debug, Deserialize)]
pub(crate) struct PaymentIntent {
    pub(crate) id: String,
    status: String,
    amount: i64,
    currency: String,
    created: u64,
    /// Absent in old API versions, which have `charges` instead.
    amount_received: Option<i64>,
    latest_charge: Option<Expandable<Charge>>,
    charges: Option<List<Charge>>,
    customer: Option<Expandable<Identified>>,
    description: Option<String>,
    #[serde(default)]
    metadata: Metadata,
    next_action: Option<NextAction>,
    last_payment_error: Option<IgnoredAny>,
}

/// What the payer has to do.
#[derive(Debug, Deserialize)]
struct NextAction {
    redirect_to_url: Option<Target>,
    boleto_display_details: Option<Hosted>,
    konbini_display_details: Option<Hosted>,
    oxxo_display_details: Option<Hosted>,
    alipay_handle_redirect: Option<Target>,
    verify_with_microdeposits: Option<Hosted>,
}

#[derive(Debug, Deserialize)]
struct Target {
    url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Hosted {
    #[serde(alias = "hosted_verification_url")]
    hosted_voucher_url: Option<String>,
}

/// A charge: an attempt to take the money.
#[derive(Debug, Deserialize)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) payment_intent: Option<Expandable<Identified>>,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) amount_captured: Option<i64>,
    pub(crate) amount_refunded: Option<i64>,
    #[serde(default)]
    pub(crate) captured: bool,
    #[serde(default)]
    pub(crate) paid: bool,
    #[serde(default)]
    pub(crate) refunded: bool,
}

impl Charge {
    fn taken(&self) -> i64 {
        match self.amount_captured {
            Some(amount) => amount,
            None if self.captured && self.paid => self.amount,
            None => 0,
        }
    }

    /// The payment it belongs to; a charge made without one stands for itself.
    pub(crate) fn payment(&self) -> String {
        id_of(&self.payment_intent).unwrap_or_else(|| self.id.clone())
    }
}

impl PaymentIntent {
    /// The payment in our words.
    ///
    /// # Errors
    /// A text where Stripe's status is one that we do not know.
    pub(crate) fn to_payment(&self) -> Result<Payment, String> {
        let money = |amount| money_from_stripe(amount, &self.currency);
        Ok(Payment {
            id: self.id.clone(),
            status: self.payment_status()?,
            amount: money(self.amount),
            captured_minor_units: money(self.captured()).minor_units,
            customer: id_of(&self.customer),
            reference: reference_in(&self.metadata),
            description: self.description.clone(),
            next_action_url: self.next_action.as_ref().and_then(NextAction::url),
            created_at_ms: milliseconds(self.created),
        })
    }

    fn payment_status(&self) -> Result<PaymentStatus, String> {
        Ok(match self.status.as_str() {
            // The same status before the first attempt and after one that failed.
            "requires_payment_method" if self.last_payment_error.is_some() => PaymentStatus::Failed,
            "requires_payment_method" | "requires_confirmation" | "requires_action" => PaymentStatus::RequiresAction,
            "processing" => PaymentStatus::Processing,
            "requires_capture" => PaymentStatus::Authorized,
            "succeeded" => PaymentStatus::Succeeded,
            "canceled" => PaymentStatus::Canceled,
            other => return Err(format!("the payment {} has the unknown status `{other}`", self.id)),
        })
    }

    fn captured(&self) -> i64 {
        let charge = match &self.latest_charge {
            Some(Expandable::Object(charge)) => Some(charge.as_ref()),
            _ => self.charges.as_ref().and_then(|charges| charges.data.first()),
        };
        match (self.amount_received, charge) {
            (Some(amount), _) => amount,
            (None, Some(charge)) => charge.taken(),
            (None, None) if self.status == "succeeded" => self.amount,
            (None, None) => 0,
        }
    }
}

impl NextAction {
    fn url(&self) -> Option<String> {
        let redirect = self.redirect_to_url.as_ref().or(self.alipay_handle_redirect.as_ref());
        let hosted = [
            &self.boleto_display_details,
            &self.konbini_display_details,
            &self.oxxo_display_details,
            &self.verify_with_microdeposits,
        ];
        let hosted = hosted.into_iter().flatten().find_map(|hosted| hosted.hosted_voucher_url.clone());
        redirect.and_then(|target| target.url.clone()).or(hosted)
    }
}
