//! Movements on the balance: `GET /v1/balance_transactions`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::payments::transactions::{Transaction, TransactionKind, TransactionsPage, TransactionsRequest};
use gatehouse_sdk::{Error, Result};

use crate::api::{self, Page, Settings};

/// Reads a page of movements, newest first. The cursor is the id of the last one on the page before.
pub(crate) fn list(request: &TransactionsRequest) -> Result<TransactionsPage> {
    if request.limit == Some(0) {
        return Err(Error::invalid_input("`limit` is 0; give 1 to 100"));
    }
    let get = Request::get("/v1/balance_transactions")
        .query_some("limit", request.limit.map(|limit| limit.min(api::LARGEST_PAGE)))
        .query_some("starting_after", request.cursor.as_deref())
        .query_some("created[gte]", request.created_from_ms.map(seconds))
        .query_some("created[lt]", request.created_until_ms.map(seconds));
    let (items, next) = Page::each(&api::send(get, &Settings::load()?)?, transaction)?;
    Ok(TransactionsPage { items, next })
}

/// The first whole second at or after a moment: Stripe's moments are whole seconds, so this keeps
/// exactly those that were wanted, at both ends.
fn seconds(ms: u64) -> u64 {
    ms.div_ceil(1000)
}

fn transaction(moved: &Fields<'_>) -> Transaction {
    let fee = moved.get("fee").map(|_| api::money(moved, "fee").minor_units);
    Transaction {
        id: moved.text("id"),
        kind: kind(&moved.text("type"), moved.str_some("reporting_category")),
        amount: api::money(moved, "amount"),
        fee_minor_units: fee.unwrap_or_default(),
        net_minor_units: api::money(moved, "net").minor_units,
        source: api::id_of(moved, "source"),
        description: moved.text_some("description"),
        created_at_ms: api::made_at(moved),
        available_at_ms: api::moment(moved, "available_on"),
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
