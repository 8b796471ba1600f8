//! What lines of invoices name: items, tax codes and the accounts of the ledger.

use gatehouse_sdk::accounting::accounting_items::{
    AccountingItem, AccountingItemRequest, AccountingItemsPage, AccountingItemsRequest,
};
use gatehouse_sdk::accounting::ledger_accounts::{
    LedgerAccount, LedgerAccountKind, LedgerAccountsPage, LedgerAccountsRequest,
};
use gatehouse_sdk::accounting::tax_rates::{TaxRate, TaxRatesPage, TaxRatesRequest};
use gatehouse_sdk::json::{Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::{Error, Result, money};

use crate::api::{self, CHANGED, Wanted};
use crate::connection;

/// The name of items in answers and queries.
pub(crate) const ITEMS: &str = "Item";

/// Creates an item, as a service: of it nothing is counted. Its price is in the currency of the books.
pub(crate) fn create_item(request: &AccountingItemRequest) -> Result<AccountingItem> {
    let Some(account) = request.ledger_account.as_deref() else {
        return Err(Error::invalid_input("`ledger_account` is absent; name the account that its sales are booked on"));
    };
    let currency = connection::currency()?;
    let price = request.unit_price.as_ref().map(|price| match money::currency(price)? {
        given if given == currency => Ok(money::to_number(price)),
        given => {
            Err(Error::invalid_input(format!("the price is in `{given}`; quickbooks keeps items in {currency} here")))
        }
    });
    let record = Object::new()
        .set("Name", request.name.as_str())
        .set("Type", "Service")
        .set("IncomeAccountRef", api::named(account))
        .set_some("Sku", request.code.as_deref())
        .set_some("Description", request.description.as_deref())
        .set_some("UnitPrice", price.transpose()?)
        .set_some("SalesTaxCodeRef", request.tax_rate.as_deref().map(api::named));
    api::one(&api::create("item", &record)?, ITEMS, |found| item(found, &currency))
}

/// Reads items, those out of use as well. The cursor is the place of the first one.
pub(crate) fn items(request: &AccountingItemsRequest) -> Result<AccountingItemsPage> {
    let currency = connection::currency()?;
    let wanted = Wanted::with_inactive(ITEMS).since(CHANGED, request.changed_from_ms);
    let page = api::page(&wanted, request.cursor.as_deref(), request.limit)?;
    let mut items = Vec::new();
    for found in page.found.iter().filter(|found| is_sold(found)) {
        items.push(item(found, &currency).map_err(|problem| api::odd(&problem))?);
    }
    Ok(AccountingItemsPage { items, next: page.next })
}

/// Categories stand in the list of items, and nobody can buy one.
pub(crate) fn is_sold(found: &Value) -> bool {
    found.get("Type").and_then(Value::as_str) != Some("Category")
}

/// Reads an item.
#[inline(never)]
pub(crate) fn item(item: &Value, currency: &str) -> core::result::Result<AccountingItem, Mismatch> {
    read_value(item, |item| AccountingItem {
        id: item.text("Id"),
        name: item.text("Name"),
        code: api::text(item, "Sku"),
        description: api::text(item, "Description"),
        unit_price: api::price(item, "UnitPrice", currency),
        ledger_account: api::reference(item, "IncomeAccountRef"),
        active: item.get("Active").is_none() || item.flag("Active"),
        updated_at_ms: api::moment(item, CHANGED),
    })
}

/// Reads tax codes, which is what lines name, and the rates that each consists of. The cursor is the place of the
/// first one.
pub(crate) fn tax_rates(request: &TaxRatesRequest) -> Result<TaxRatesPage> {
    let codes = api::page(&Wanted::with_inactive("TaxCode"), request.cursor.as_deref(), request.limit)?;
    let mut ids = Vec::new();
    for code in &codes.found {
        for rate in rates_of(code) {
            let quoted = format!("'{}'", rate.id);
            if rate.is_plain() && !ids.contains(&quoted) {
                ids.push(quoted);
            }
        }
    }
    let rates = if ids.is_empty() {
        Vec::new()
    } else {
        let wanted = Wanted::with_inactive("TaxRate").only(&format!("Id IN ({})", ids.join(", ")));
        api::page(&wanted, None, Some(u32::MAX))?.found
    };
    let mut items = Vec::new();
    for code in &codes.found {
        items.push(read_value(code, |found| tax_code(found, code, &rates)).map_err(|problem| api::odd(&problem))?);
    }
    Ok(TaxRatesPage { items, next: codes.next })
}

/// A rate that a code consists of on sales.
struct Part<'a> {
    id: &'a str,
    /// Whether it is a part of the net amount, and not of another tax.
    on_amount: bool,
}

impl Part<'_> {
    /// Whether it can stand in a query as it is.
    fn is_plain(&self) -> bool {
        self.id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }
}

fn rates_of(code: &Value) -> Vec<Part<'_>> {
    let list = code.get("SalesTaxRateList").and_then(|list| list.get("TaxRateDetail")).and_then(Value::as_array);
    let mut parts = Vec::new();
    for detail in list.into_iter().flatten() {
        let id = detail.get("TaxRateRef").and_then(|named| named.get("value")).and_then(Value::as_str);
        let on = detail.get("TaxTypeApplicable").and_then(Value::as_str);
        parts.extend(id.map(|id| Part { id, on_amount: on.is_none_or(|on| on == "TaxOnAmount") }));
    }
    parts
}

fn tax_code(code: &Fields<'_>, whole: &Value, rates: &[Value]) -> TaxRate {
    TaxRate {
        id: code.text("Id"),
        name: code.text("Name"),
        percent: percent(&rates_of(whole), rates),
        active: code.get("Active").is_none() || code.flag("Active"),
    }
}

/// The sum of the rates; none where one is not known, or is a part of another tax.
fn percent(parts: &[Part<'_>], rates: &[Value]) -> Option<String> {
    // In thousandths of a per cent, as sums of floats are not what they seem.
    let mut sum = 0_i64;
    for part in parts {
        let rate = rates.iter().find(|rate| rate.get("Id").and_then(Value::as_str) == Some(part.id))?;
        let value = rate.get("RateValue").and_then(api::decimal).filter(|_| part.on_amount)?;
        sum = sum.checked_add(money::from_decimal(&value, THOUSANDTHS).ok()?.minor_units)?;
    }
    let text = money::to_decimal(&gatehouse_sdk::Money::new(sum, THOUSANDTHS));
    let text = text.trim_end_matches('0').trim_end_matches('.');
    (!parts.is_empty()).then(|| text.to_owned())
}

/// A currency with three decimals, to count thousandths with.
const THOUSANDTHS: &str = "KWD";

/// Reads the accounts of the ledger, those out of use as well. The cursor is the place of the first one.
pub(crate) fn ledger_accounts(request: &LedgerAccountsRequest) -> Result<LedgerAccountsPage> {
    let page = api::page(&Wanted::with_inactive("Account"), request.cursor.as_deref(), request.limit)?;
    let mut items = Vec::new();
    // Nothing is booked on accounts that are in no class, such as those of quotes.
    for found in page.found.iter().filter(|found| found.get("Classification").is_some_and(Value::is_string)) {
        items.push(read_value(found, ledger_account).map_err(|problem| api::odd(&problem))?);
    }
    Ok(LedgerAccountsPage { items, next: page.next })
}

fn ledger_account(account: &Fields<'_>) -> LedgerAccount {
    LedgerAccount {
        id: account.text("Id"),
        code: api::text(account, "AcctNum"),
        name: account.text("Name"),
        kind: kind(account),
        currency: api::reference(account, "CurrencyRef"),
        active: account.get("Active").is_none() || account.flag("Active"),
    }
}

fn kind(account: &Fields<'_>) -> LedgerAccountKind {
    if matches!(account.str_some("AccountType"), Some("Bank" | "Credit Card")) {
        return LedgerAccountKind::Bank;
    }
    match account.str_some("Classification").unwrap_or_default() {
        "Asset" => LedgerAccountKind::Asset,
        "Liability" => LedgerAccountKind::Liability,
        "Equity" => LedgerAccountKind::Equity,
        "Revenue" => LedgerAccountKind::Income,
        "Expense" => LedgerAccountKind::Expense,
        other => {
            account.wrong("Classification", format!("an account can not be `{other}`"));
            LedgerAccountKind::Asset
        }
    }
}
