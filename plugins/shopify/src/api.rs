//! The Admin API in GraphQL as this gateway uses it: one place that sends, and what products, orders and customers
//! have in common when they are read.

use gatehouse_sdk::commerce::Address;
use gatehouse_sdk::http::{Request, Response};
use gatehouse_sdk::json::{self, Fields, Object, Value};
use gatehouse_sdk::{Error, Money, Result, graphql, money, time};

use crate::error;

/// Where every document goes. Versions are named by quarters.
const ENDPOINT: &str = "/admin/api/2026-07/graphql.json";
/// What is read of an address.
pub(crate) const ADDRESS: &str =
    " fragment address on MailingAddress{name company address1 address2 city province zip countryCodeV2 phone}";
/// What is read of an amount that is kept in the shop's currency and in the buyer's.
pub(crate) const MONEY: &str = " fragment money on MoneyBag{shopMoney{amount currencyCode}}";

/// Sends a document and reads the fields of its `data`.
#[inline(never)]
pub(crate) fn read(document: &str, variables: Object) -> Result<Answer> {
    send(graphql::query(ENDPOINT, document, &variables))
}

/// Sends a mutation and reads the fields of its `data`.
#[inline(never)]
pub(crate) fn write(document: &str, variables: Object) -> Result<Answer> {
    send(graphql::mutation(ENDPOINT, document, &variables))
}

#[inline(never)]
fn send(request: Request) -> Result<Answer> {
    let response = request.send()?;
    if !response.is_success() {
        return Err(error::from_response(&response));
    }
    let data = graphql::value(&response).map_err(error::from_document)?;
    Ok(Answer { data, response })
}

/// The `data` of an answer.
pub(crate) struct Answer {
    data: Value,
    response: Response,
}

impl Answer {
    /// What `with` takes of it.
    ///
    /// # Errors
    /// See [`Response::senseless`], where it does not fit.
    pub(crate) fn take<T>(&self, with: impl FnOnce(&Fields<'_>) -> T) -> Result<T> {
        json::read_value(&self.data, with).map_err(|problem| self.misshaped(&problem))
    }

    /// An object that is null where there is none with this id.
    ///
    /// # Errors
    /// `not-found` where it is null; as [`Answer::take`] where it is not there at all.
    pub(crate) fn one<T>(&self, name: &str, id: &str, with: impl FnOnce(&Fields<'_>) -> T) -> Result<T> {
        match self.data.get(name) {
            Some(Value::Null) => Err(missing(name, id)),
            _ => self.part(name, with),
        }
    }

    /// An object that is always there.
    pub(crate) fn part<T>(&self, name: &str, with: impl FnOnce(&Fields<'_>) -> T) -> Result<T> {
        self.take(|data| data.inner(name, with))?.ok_or_else(|| self.absent(name))
    }

    /// What a mutation has against its input, under the name of the list of errors.
    ///
    /// # Errors
    /// See [`error::refused`].
    pub(crate) fn accepted(&self, mutation: &str, errors: &str, refusal: error::Refusal) -> Result<()> {
        let given = |payload: &Fields<'_>| {
            payload.get(errors).is_none().then(|| payload.wrong(errors, "is not there"));
            payload.each(errors, error::user_error)
        };
        error::refused(&self.part(mutation, given)?, refusal)
    }

    #[cold]
    #[inline(never)]
    fn absent(&self, name: &str) -> Error {
        self.response.senseless(format!("shopify's answer has no `{name}`"))
    }

    #[cold]
    #[inline(never)]
    fn misshaped(&self, problem: &json::Mismatch) -> Error {
        self.response.senseless(format!("shopify's data does not have the expected shape: {problem}"))
    }
}

/// The id of a record as Shopify writes it: `gid://shopify/Order/1`. The number alone, as webhooks and addresses of
/// pages have it, will do.
///
/// # Errors
/// `invalid-input` for any other text.
#[inline(never)]
pub(crate) fn gid(kind: &str, id: &str) -> Result<String> {
    let start = format!("gid://shopify/{kind}/");
    let number = id.strip_prefix(&start).unwrap_or(id);
    if (1..=20).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(start + number);
    }
    Err(Error::invalid_input(format!("`{id}` is no id of shopify's; give one such as {start}1")))
}

/// Which records to read.
pub(crate) struct Wanted<'a> {
    pub(crate) cursor: Option<&'a str>,
    pub(crate) first: u32,
    pub(crate) changed_from_ms: Option<u64>,
    /// A further condition of Shopify's search.
    pub(crate) condition: Option<String>,
}

impl Wanted<'_> {
    /// The variables of a list.
    #[inline(never)]
    pub(crate) fn variables(&self) -> Object {
        let changed = self.changed_from_ms.map(|from| format!("updated_at:>='{}'", time::format_rfc3339(from)));
        let query = match (changed, self.condition.clone()) {
            (Some(changed), Some(condition)) => Some(format!("{changed} AND {condition}")),
            (one, other) => one.or(other),
        };
        Object::new().set("first", self.first).set_some("after", self.cursor).set_some("query", query)
    }
}

/// What `with` reads of each record of a list, and where it goes on.
pub(crate) fn page<T>(list: &Fields<'_>, with: impl FnMut(&Fields<'_>) -> T) -> (Vec<T>, Option<String>) {
    if list.get("nodes").is_none() {
        list.wrong("nodes", "is not there");
    }
    (list.each("nodes", with), after(list))
}

/// Where a list goes on.
#[inline(never)]
pub(crate) fn after(list: &Fields<'_>) -> Option<String> {
    list.inner("pageInfo", |info| info.text_some("endCursor").filter(|_| info.flag("hasNextPage"))).flatten()
}

/// A moment that has to be there.
#[inline(never)]
pub(crate) fn moment(record: &Fields<'_>, name: &str) -> u64 {
    let moment = time::parse_rfc3339(&record.text(name));
    if moment.is_none() {
        record.wrong(name, "is no moment");
    }
    moment.unwrap_or_default()
}

/// A text that is not empty.
#[inline(never)]
pub(crate) fn some(record: &Fields<'_>, name: &str) -> Option<String> {
    record.text_some(name).filter(|text| !text.is_empty())
}

/// The id of a record that another one names.
#[inline(never)]
pub(crate) fn id_of(record: &Fields<'_>, name: &str) -> Option<String> {
    record.inner(name, |other| other.text("id"))
}

/// An amount in the shop's currency.
#[inline(never)]
pub(crate) fn shop_money(record: &Fields<'_>, name: &str) -> Option<Money> {
    let of = |money: &Fields<'_>| amount(money, "amount", &money.text("currencyCode"));
    record.inner(name, |bag| bag.inner("shopMoney", of).flatten()).flatten()
}

/// An amount as decimal text.
#[inline(never)]
pub(crate) fn amount(record: &Fields<'_>, name: &str, currency: &str) -> Option<Money> {
    match money::from_decimal(&record.text(name), currency) {
        Ok(amount) => Some(amount),
        Err(error) => {
            record.wrong(name, error.message);
            None
        }
    }
}

/// An address.
#[inline(never)]
pub(crate) fn address(record: &Fields<'_>, name: &str) -> Option<Address> {
    record.inner(name, |address| Address {
        name: some(address, "name"),
        company: some(address, "company"),
        lines: ["address1", "address2"].iter().filter_map(|line| some(address, line)).collect(),
        city: some(address, "city"),
        region: some(address, "province"),
        postal_code: some(address, "zip"),
        country: some(address, "countryCodeV2"),
        phone: some(address, "phone"),
    })
}

#[cold]
#[inline(never)]
pub(crate) fn missing(kind: &str, id: &str) -> Error {
    Error::not_found(format!("shopify has no {kind} `{id}`, or the token may not see it"))
}
