//! What lines of invoices name: items, tax codes and the accounts of the ledger. Lists hold those out of use as well;
//! their cursor is the place of the first one.

use gatehouse_sdk::accounting::accounting_items::{
    AccountingItem, AccountingItemRequest, AccountingItemsPage, AccountingItemsRequest, Guest as Items,
};
use gatehouse_sdk::accounting::ledger_accounts::{
    Guest as Accounts, LedgerAccount, LedgerAccountKind, LedgerAccountsPage, LedgerAccountsRequest,
};
use gatehouse_sdk::accounting::tax_rates::{Guest as TaxRates, TaxRate, TaxRatesPage, TaxRatesRequest};
use gatehouse_sdk::json::{Fields, Mismatch, Object, Value, decimal, read_value};
use gatehouse_sdk::records::{self, Ours};
use gatehouse_sdk::{Error, Money, Result, books, money, text};

use crate::table::{self, CHANGED, Table, Wanted};
use crate::{QuickBooks, api, connection};

/// Items in answers and queries.
pub(crate) static ITEMS: Table = Table {
    name: "Item",
    prefix: "",
    retires: true,
    read: |found, currency| {
        let item = item(found, currency)?;
        let data = Object::of(&item).into();
        Ok(Ours { id: item.id, updated_at_ms: item.updated_at_ms, gone: !item.active, data })
    },
};

impl Items for QuickBooks {
    /// Creates an item, as a service: of it nothing is counted. Its price is in the currency of the books.
    fn create_accounting_item(request: AccountingItemRequest) -> Result<AccountingItem> {
        let Some(account) = request.ledger_account.as_deref() else {
            return Err(Error::invalid_input(
                "`ledger_account` is absent; name the account that its sales are booked on",
            ));
        };
        let currency = connection::currency()?;
        let price = books::price_in(request.unit_price.as_ref(), &currency, "quickbooks")?;
        let record = Object::new()
            .set("Name", request.name)
            .set("Type", "Service")
            .set("IncomeAccountRef", api::named(account))
            .set_some("Sku", request.code)
            .set_some("Description", request.description)
            .set_some("UnitPrice", price)
            .set_some("SalesTaxCodeRef", request.tax_rate.as_deref().map(api::named));
        let response = api::create("item", &record)?;
        let found = api::first(&response, ITEMS.name)?;
        item(&found, &currency).map_err(|problem| records::misshaped(&response, &problem))
    }

    fn sync_accounting_items(request: AccountingItemsRequest) -> Result<AccountingItemsPage> {
        let currency = connection::currency()?;
        let wanted = Wanted::of(&ITEMS).since(CHANGED, request.changed_from_ms);
        let page = table::page(&wanted, request.cursor.as_deref(), request.limit)?;
        let mut items = Vec::new();
        for found in page.found.iter().filter(|found| is_sold(found)) {
            items.push(item(found, &currency).map_err(records::odd)?);
        }
        Ok(AccountingItemsPage { items, next: page.next })
    }
}

/// Categories stand in the list of items, and nobody can buy one.
#[inline(never)]
pub(crate) fn is_sold(found: &Value) -> bool {
    found.get("Type").and_then(Value::as_str) != Some("Category")
}

/// Reads an item.
#[inline(never)]
pub(crate) fn item(item: &Value, currency: &str) -> core::result::Result<AccountingItem, Mismatch> {
    read_value(item, |item| AccountingItem {
        id: item.text("Id"),
        name: item.text("Name"),
        code: item.filled("Sku"),
        description: item.filled("Description"),
        unit_price: item.price("UnitPrice", currency),
        ledger_account: api::reference(item, "IncomeAccountRef"),
        active: item.flag_unless_absent("Active"),
        updated_at_ms: api::moment(item, CHANGED),
    })
}

impl TaxRates for QuickBooks {
    /// Reads tax codes, which is what lines name, and the rates that each consists of.
    fn list_tax_rates(request: TaxRatesRequest) -> Result<TaxRatesPage> {
        let codes = table::page(&Wanted::with_inactive("TaxCode"), request.cursor.as_deref(), request.limit)?;
        let rates = rates(&codes.found)?;
        let mut items = Vec::new();
        for code in &codes.found {
            items.push(read_value(code, |found| tax_code(found, code, &rates)).map_err(records::odd)?);
        }
        Ok(TaxRatesPage { items, next: codes.next })
    }
}

/// Reads the rates that codes consist of.
fn rates(codes: &[Value]) -> Result<Vec<Value>> {
    let (mut known, mut ids) = (Vec::new(), String::new());
    for code in codes {
        for rate in rates_of(code) {
            if rate.is_plain() && !known.contains(&rate.id) {
                known.push(rate.id);
                text::append(&mut ids, ", ", &format!("'{}'", rate.id));
            }
        }
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(table::most(&Wanted::with_inactive("TaxRate").only(&format!("Id IN ({ids})")))?.found)
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
        active: code.flag_unless_absent("Active"),
    }
}

/// The sum of the rates; none where one is not known, or is a part of another tax.
fn percent(parts: &[Part<'_>], rates: &[Value]) -> Option<String> {
    // In thousandths of a per cent, as sums of floats are not what they seem.
    let mut sum = 0_i64;
    for part in parts {
        let rate = rates.iter().find(|rate| rate.get("Id").and_then(Value::as_str) == Some(part.id))?;
        let value = rate.get("RateValue").and_then(decimal).filter(|_| part.on_amount)?;
        sum = sum.checked_add(money::from_decimal(&value, THOUSANDTHS).ok()?.minor_units)?;
    }
    let text = money::to_decimal(&Money::new(sum, THOUSANDTHS));
    let text = text.trim_end_matches('0').trim_end_matches('.');
    (!parts.is_empty()).then(|| text.to_owned())
}

/// A currency with three decimals, to count thousandths with.
const THOUSANDTHS: &str = "KWD";

impl Accounts for QuickBooks {
    fn list_ledger_accounts(request: LedgerAccountsRequest) -> Result<LedgerAccountsPage> {
        let mut page = table::page(&Wanted::with_inactive("Account"), request.cursor.as_deref(), request.limit)?;
        // Nothing is booked on accounts that are in no class, such as those of quotes.
        page.found.retain(|found| found.get("Classification").is_some_and(Value::is_string));
        Ok(LedgerAccountsPage { items: page.items(|found| read_value(found, ledger_account))?, next: page.next })
    }
}

fn ledger_account(account: &Fields<'_>) -> LedgerAccount {
    LedgerAccount {
        id: account.text("Id"),
        code: account.filled("AcctNum"),
        name: account.text("Name"),
        kind: kind(account),
        currency: api::reference(account, "CurrencyRef"),
        active: account.flag_unless_absent("Active"),
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
