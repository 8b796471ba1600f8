//! Movements on the balance: `GET /v1/settlements/recon/combined`, a month of settlements at a time, from the
//! newest month that has one. `GET /v1/settlements` tells which that is, and which comes before it.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::payments::transactions::{Transaction, TransactionKind, TransactionsPage, TransactionsRequest};
use gatehouse_sdk::{Error, Money, Result, paging, time};

use crate::api::{self, Settings};

/// The most that Razorpay puts on a page, and what we ask for where nothing is said.
const LARGEST_PAGE: u32 = 1000;
const USUAL_PAGE: u32 = 100;
/// Razorpay's months are those of Indian Standard Time.
const OFFSET_MS: u64 = 19_800_000;

/// Reads a page of movements. The cursor is a month and how many of its movements were read: `2026-03.100`.
pub(crate) fn list(request: &TransactionsRequest) -> Result<TransactionsPage> {
    let settings = Settings::load()?;
    let count = paging::limit(request.limit, USUAL_PAGE, LARGEST_PAGE)?;
    let begun = request.cursor.as_deref().map(Place::parse).transpose()?;
    let newest = || newest_before(None, &settings);
    let Some(place) = begun.map_or_else(newest, |place| Ok(Some(place)))? else { return Ok(page(Vec::new(), None)) };
    let (year, month) = place.month.split_once('-').unwrap_or_default();
    let get = Request::get("/v1/settlements/recon/combined")
        .query("year", year)
        .query("month", month)
        .query("count", count)
        .query("skip", place.skip);
    let mut items = api::send(get, &settings)?.read(|list| list.each("items", movement))?;
    let next = match paging::after_offset(place.skip, items.len(), count, None) {
        Some(skip) => Some(format!("{}.{skip}", place.month)),
        None => earlier(&place, request.created_from_ms, &settings)?.map(|place| format!("{}.0", place.month)),
    };
    let (from, until) = (request.created_from_ms.unwrap_or(0), request.created_until_ms.unwrap_or(u64::MAX));
    items.retain(|item| item.created_at_ms >= from && item.created_at_ms < until);
    Ok(page(items, next))
}

/// Where reading has got to.
struct Place {
    month: String,
    skip: u64,
}

impl Place {
    fn parse(cursor: &str) -> Result<Self> {
        let (month, skip) = cursor.split_once('.').unwrap_or((cursor, "x"));
        let skip = paging::number(Some(skip), 0)?;
        if time::parse_date(&format!("{month}-01")).is_none() {
            return Err(Error::invalid_input("`cursor` is not one of this list; give `next` of the page before"));
        }
        Ok(Self { month: month.to_owned(), skip })
    }

    /// When the month begins, in milliseconds since 1970.
    fn begins_at_ms(&self) -> u64 {
        time::parse_date(&format!("{}-01", self.month)).unwrap_or_default().saturating_sub(OFFSET_MS)
    }
}

/// The month with settlements before this one. Nothing is settled before it was made, so that months before the
/// wanted time hold nothing that is wanted.
fn earlier(place: &Place, from_ms: Option<u64>, settings: &Settings) -> Result<Option<Place>> {
    let begins = place.begins_at_ms();
    if from_ms.is_some_and(|from| from >= begins) {
        return Ok(None);
    }
    newest_before(Some(begins), settings)
}

/// The month of the newest settlement, or of the newest before a moment.
fn newest_before(moment: Option<u64>, settings: &Settings) -> Result<Option<Place>> {
    let to = moment.map(|ms| (ms / 1000).saturating_sub(1));
    let get = Request::get("/v1/settlements").query("count", 1).query_some("to", to);
    let found = api::send(get, settings)?.read(|list| list.each("items", |found| api::moment(found, "created_at")))?;
    let date = found.first().map(|ms| time::format_date(ms.saturating_add(OFFSET_MS)));
    Ok(date.and_then(|date| Some(Place { month: date.get(..7)?.to_owned(), skip: 0 })))
}

fn page(items: Vec<Transaction>, next: Option<String>) -> TransactionsPage {
    TransactionsPage { items, next }
}

/// Razorpay keeps `fee`, its tax included, of what it credits, and adds it to what it debits.
#[inline(never)]
fn movement(found: &Fields<'_>) -> Transaction {
    let net = found.integer("credit").saturating_sub(found.integer("debit"));
    let amount = found.integer("amount");
    Transaction {
        id: found.text("entity_id"),
        kind: match (found.str_some("dispute_id"), found.str_some("type").unwrap_or_default()) {
            (Some(_), _) => TransactionKind::Dispute,
            (_, "payment") => TransactionKind::Payment,
            (_, "refund") => TransactionKind::Refund,
            (_, "settlement" | "settlement.ondemand") => TransactionKind::Payout,
            (_, "adjustment") => TransactionKind::Adjustment,
            _ => TransactionKind::Other,
        },
        amount: Money::new(if net < 0 { -amount } else { amount }, found.text("currency")),
        fee_minor_units: found.integer_some("fee").unwrap_or_default(),
        net_minor_units: net,
        source: found.text_some("payment_id").or_else(|| found.text_some("order_id")),
        description: found.text_some("description"),
        created_at_ms: api::moment(found, "created_at"),
        available_at_ms: found.count_some("settled_at").map(time::from_seconds),
    }
}
