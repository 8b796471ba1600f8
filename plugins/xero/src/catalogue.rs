//! What lines of invoices name: items, tax rates and ledger accounts. Xero does not cut these lists into pages:
//! their cursor is how many were read.

use gatehouse_sdk::accounting::accounting_items::{
    AccountingItem, AccountingItemRequest, AccountingItemsPage, AccountingItemsRequest, Guest,
};
use gatehouse_sdk::accounting::ledger_accounts::{
    Guest as Accounts, LedgerAccount, LedgerAccountKind, LedgerAccountsPage, LedgerAccountsRequest,
};
use gatehouse_sdk::accounting::tax_rates::{Guest as TaxRates, TaxRate, TaxRatesPage, TaxRatesRequest};
use gatehouse_sdk::http::{Request, Response};
use gatehouse_sdk::json::{Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::records;
use gatehouse_sdk::{Error, Result, books};

use crate::api::{self, DECIMALS, Wanted};
use crate::{Xero, connection};

/// The list of items.
const ITEMS: &str = "Items";

impl Guest for Xero {
    /// Creates an item. Its prices are in the currency of the books.
    fn create_accounting_item(request: AccountingItemRequest) -> Result<AccountingItem> {
        let Some(code) = request.code else {
            return Err(Error::invalid_input("`code` is absent; xero knows an item by it"));
        };
        let currency = connection::currency()?;
        let price = books::price_in(request.unit_price.as_ref(), &currency, "xero")?;
        let sales = Object::new()
            .set_some("AccountCode", request.ledger_account)
            .set_some("TaxType", request.tax_rate)
            .set_some("UnitPrice", price);
        let record = Object::new()
            .set("Code", code)
            .set("Name", request.name)
            .set_some("Description", request.description)
            .set("SalesDetails", sales);
        one(&api::create(ITEMS, record)?, &currency)
    }

    fn sync_accounting_items(request: AccountingItemsRequest) -> Result<AccountingItemsPage> {
        let currency = connection::currency()?;
        let wanted = Wanted { since_ms: request.changed_from_ms, ..Wanted::all(ITEMS).with(DECIMALS.0, DECIMALS.1) };
        let page = api::whole(wanted, request.cursor.as_deref(), request.limit)?;
        let mut items = Vec::new();
        for record in &page.found {
            items.push(item(record, &currency).map_err(records::odd)?);
        }
        Ok(AccountingItemsPage { items, next: page.next })
    }
}

/// Reads an item by its code.
pub(crate) fn get_item(code: &str) -> Result<AccountingItem> {
    let currency = connection::currency()?;
    let request = Request::get(api::path(&[ITEMS, code])?).query(DECIMALS.0, DECIMALS.1);
    one(&api::send(request)?, &currency)
}

#[inline(never)]
fn one(response: &Response, currency: &str) -> Result<AccountingItem> {
    item(&api::first(response, ITEMS)?, currency).map_err(|problem| records::misshaped(response, &problem))
}

/// A line names an item by its code, which therefore is its id.
#[inline(never)]
fn item(item: &Value, currency: &str) -> core::result::Result<AccountingItem, Mismatch> {
    read_value(item, |item| in_our_words(item, currency))
}

fn in_our_words(item: &Fields<'_>, currency: &str) -> AccountingItem {
    let code = item.text("Code");
    let sales = item.inner("SalesDetails", |sales| (sales.price("UnitPrice", currency), sales.filled("AccountCode")));
    let (unit_price, ledger_account) = sales.unwrap_or_default();
    AccountingItem {
        id: code.clone(),
        name: item.filled("Name").unwrap_or_else(|| code.clone()),
        code: Some(code),
        description: item.filled("Description"),
        unit_price,
        ledger_account,
        active: item.flag_unless_absent("IsSold"),
        updated_at_ms: api::changed_at(item),
    }
}

impl TaxRates for Xero {
    fn list_tax_rates(request: TaxRatesRequest) -> Result<TaxRatesPage> {
        let page = api::whole(Wanted::all("TaxRates"), request.cursor.as_deref(), request.limit)?;
        Ok(TaxRatesPage { items: page.items(|found| read_value(found, tax_rate))?, next: page.next })
    }
}

fn tax_rate(rate: &Fields<'_>) -> TaxRate {
    TaxRate {
        id: rate.text("TaxType"),
        name: rate.text("Name"),
        percent: rate.decimal("EffectiveRate"),
        active: api::is_active(rate, "Status"),
    }
}

impl Accounts for Xero {
    fn list_ledger_accounts(request: LedgerAccountsRequest) -> Result<LedgerAccountsPage> {
        let page = api::whole(Wanted::all("Accounts"), request.cursor.as_deref(), request.limit)?;
        Ok(LedgerAccountsPage { items: page.items(|found| read_value(found, ledger_account))?, next: page.next })
    }
}

fn ledger_account(account: &Fields<'_>) -> LedgerAccount {
    let code = account.filled("Code");
    LedgerAccount {
        id: code.clone().unwrap_or_else(|| account.text("AccountID")),
        code,
        name: account.text("Name"),
        kind: kind(account),
        currency: account.filled("CurrencyCode"),
        active: api::is_active(account, "Status"),
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
