//! Movements on the balance: `GET /v1/balance_transactions`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::payments::transactions::{Transaction, TransactionKind, TransactionsPage, TransactionsRequest};
use gatehouse_sdk::{Error, Result};

use crate::api::{self, BalanceTransaction, List, Settings};

/// The most that Stripe puts on a page.
const LARGEST_PAGE: u32 = 100;

/// Reads a page of movements, newest first. The cursor is the id of the last one on the page before.
pub(crate) fn list(request: &TransactionsRequest) -> Result<TransactionsPage> {
    if request.limit == Some(0) {
        return Err(Error::invalid_input("`limit` is 0; give 1 to 100"));
    }
    let get = Request::get("/v1/balance_transactions")
        .query_some("limit", request.limit.map(|limit| limit.min(LARGEST_PAGE)))
        .query_some("starting_after", request.cursor.as_deref())
        .query_some("created[gte]", request.created_from_ms.map(seconds))
        .query_some("created[lt]", request.created_until_ms.map(seconds));
    let page: List<BalanceTransaction> = api::read(&api::send(get, &Settings::load()?)?)?;
    let next = page.data.last().filter(|_| page.has_more).map(|last| last.id.clone());
    Ok(TransactionsPage { items: page.data.iter().map(transaction).collect(), next })
}

/// The first whole second at or after a moment: Stripe's moments are whole seconds, so this keeps
/// exactly those that were wanted, at both ends.
fn seconds(ms: u64) -> u64 {
    ms.div_ceil(1000)
}

fn transaction(found: &BalanceTransaction) -> Transaction {
    let money = |amount| api::money_from_stripe(amount, &found.currency);
    Transaction {
        id: found.id.clone(),
        kind: kind(&found.kind, found.reporting_category.as_deref()),
        amount: money(found.amount),
        fee_minor_units: money(found.fee).minor_units,
        net_minor_units: money(found.net).minor_units,
        source: found.source(),
        description: found.description.clone(),
        created_at_ms: api::milliseconds(found.created),
        available_at_ms: found.available_on.map(api::milliseconds),
    }
}

/// The type says what moved; only disputes are told apart by the reporting category.
fn kind(kind: &str, category: Option<&str>) -> TransactionKind {
    match (kind, category) {
        (_, Some("dispute" | "dispute_reversal")) => TransactionKind::Dispute,
        ("charge" | "payment", _) => TransactionKind::Payment,
        ("refund" | "refund_failure" | "payment_refund" | "payment_failure_refund" | "payment_reversal", _) => {
            TransactionKind::Refund
        }
        ("payout" | "payout_cancel" | "payout_failure", _) => TransactionKind::Payout,
        ("stripe_fee" | "stripe_fx_fee" | "tax_fee" | "application_fee" | "application_fee_refund", _) => {
            TransactionKind::Fee
        }
        ("adjustment", _) => TransactionKind::Adjustment,
        _ => TransactionKind::Other,
    }
}
