//! What lines of invoices name: items, tax rates and ledger accounts. Xero does not cut these lists into pages.

use gatehouse_sdk::accounting::accounting_items::{
    AccountingItem, AccountingItemRequest, AccountingItemsPage, AccountingItemsRequest,
};
use gatehouse_sdk::accounting::ledger_accounts::{
    LedgerAccount, LedgerAccountKind, LedgerAccountsPage, LedgerAccountsRequest,
};
use gatehouse_sdk::accounting::tax_rates::{TaxRate, TaxRatesPage, TaxRatesRequest};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::{Error, Result, money};

use crate::api::{self, DECIMALS, Wanted};
use crate::connection;

/// The list of items.
const ITEMS: &str = "Items";

/// Creates an item. Its prices are in the currency of the books.
pub(crate) fn create_item(request: &AccountingItemRequest) -> Result<AccountingItem> {
    let Some(code) = request.code.as_deref() else {
        return Err(Error::invalid_input("`code` is absent; xero knows an item by it"));
    };
    let currency = connection::currency()?;
    let mut sales = Object::new()
        .set_some("AccountCode", request.ledger_account.as_deref())
        .set_some("TaxType", request.tax_rate.as_deref());
    if let Some(price) = &request.unit_price {
        if money::currency(price)? != currency {
            return Err(Error::invalid_input(format!(
                "the price is in `{}`; xero keeps items in {currency} here",
                price.currency
            )));
        }
        sales = sales.set("UnitPrice", money::to_number(price));
    }
    let record = Object::new()
        .set("Code", code)
        .set("Name", request.name.as_str())
        .set_some("Description", request.description.as_deref())
        .set("SalesDetails", sales);
    let response = api::create(ITEMS, record)?;
    item(&api::first(&response, ITEMS)?, &currency).map_err(|problem| api::misshaped(&response, &problem))
}

/// Reads an item by its code.
pub(crate) fn get_item(code: &str) -> Result<AccountingItem> {
    let currency = connection::currency()?;
    let response = api::send(Request::get(api::path(&[ITEMS, code])?).query(DECIMALS.0, DECIMALS.1))?;
    item(&api::first(&response, ITEMS)?, &currency).map_err(|problem| api::misshaped(&response, &problem))
}

/// Reads items; the cursor is how many were read.
pub(crate) fn items(request: &AccountingItemsRequest) -> Result<AccountingItemsPage> {
    let currency = connection::currency()?;
    let more = vec![(DECIMALS.0, DECIMALS.1.to_owned())];
    let wanted = Wanted { since_ms: request.changed_from_ms, more, ..list(ITEMS) };
    let (found, next) = api::whole(wanted, request.cursor.as_deref(), request.limit)?;
    let mut items = Vec::new();
    for record in found {
        items.push(item(&record, &currency).map_err(|problem| api::odd(&problem))?);
    }
    Ok(AccountingItemsPage { items, next })
}

fn list(name: &str) -> Wanted<'_> {
    Wanted { list: name, since_ms: None, only: None, more: Vec::new(), by_change: false }
}

/// A line names an item by its code, which therefore is its id.
#[inline(never)]
fn item(item: &Value, currency: &str) -> core::result::Result<AccountingItem, Mismatch> {
    read_value(item, |item| in_our_words(item, currency))
}

fn in_our_words(item: &Fields<'_>, currency: &str) -> AccountingItem {
    let code = item.text("Code");
    let sales =
        item.inner("SalesDetails", |sales| (api::price(sales, "UnitPrice", currency), api::text(sales, "AccountCode")));
    let (unit_price, ledger_account) = sales.unwrap_or_default();
    AccountingItem {
        id: code.clone(),
        name: api::text(item, "Name").unwrap_or_else(|| code.clone()),
        code: Some(code),
        description: api::text(item, "Description"),
        unit_price,
        ledger_account,
        active: item.get("IsSold").is_none() || item.flag("IsSold"),
        updated_at_ms: api::moment(item, "UpdatedDateUTC"),
    }
}

/// Reads tax rates; the cursor is how many were read.
pub(crate) fn tax_rates(request: &TaxRatesRequest) -> Result<TaxRatesPage> {
    let (found, next) = api::whole(list("TaxRates"), request.cursor.as_deref(), request.limit)?;
    Ok(TaxRatesPage { items: api::all(found, |found| read_value(found, tax_rate))?, next })
}

fn tax_rate(rate: &Fields<'_>) -> TaxRate {
    TaxRate {
        id: rate.text("TaxType"),
        name: rate.text("Name"),
        percent: rate.get("EffectiveRate").and_then(api::decimal),
        active: rate.str_some("Status").is_none_or(|status| status == "ACTIVE"),
    }
}

/// Reads ledger accounts; the cursor is how many were read.
pub(crate) fn ledger_accounts(request: &LedgerAccountsRequest) -> Result<LedgerAccountsPage> {
    let (found, next) = api::whole(list("Accounts"), request.cursor.as_deref(), request.limit)?;
    Ok(LedgerAccountsPage { items: api::all(found, |found| read_value(found, ledger_account))?, next })
}

fn ledger_account(account: &Fields<'_>) -> LedgerAccount {
    let code = api::text(account, "Code");
    LedgerAccount {
        id: code.clone().unwrap_or_else(|| account.text("AccountID")),
        code,
        name: account.text("Name"),
        kind: kind(account),
        currency: api::text(account, "CurrencyCode"),
        active: account.str_some("Status").is_none_or(|status| status == "ACTIVE"),
    }
}

fn kind(account: &Fields<'_>) -> LedgerAccountKind {
    if account.str_some("Type") == Some("BANK") {
        return LedgerAccountKind::Bank;
    }
    match account.str_some("Class").unwrap_or_default() {
        "ASSET" => LedgerAccountKind::Asset,
        "LIABILITY" => LedgerAccountKind::Liability,
        "EQUITY" => LedgerAccountKind::Equity,
        "REVENUE" => LedgerAccountKind::Income,
        "EXPENSE" => LedgerAccountKind::Expense,
        other => {
            account.wrong("Class", format!("an account can not be `{other}`"));
            LedgerAccountKind::Asset
        }
    }
}
