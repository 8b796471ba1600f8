//! Orders with their lines. Amounts are those in the shop's own currency.

use gatehouse_sdk::commerce::orders::{OrdersPage, OrdersRequest};
use gatehouse_sdk::commerce::{Order, OrderFulfilment, OrderLine, OrderPayment, OrderStatus};
use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::{Money, Result, paging};

use crate::api::{self, ADDRESS, Answer, MONEY, Wanted};
use crate::lines::{self, Inner};

const USUAL_PAGE: u32 = 25;
const LARGEST_PAGE: u32 = 50;

const GET: &str = "query($id:ID!){order(id:$id){...order}}";
const LIST: &str = "query($first:Int!$after:String$query:String){\
    orders(first:$first after:$after query:$query sortKey:UPDATED_AT){nodes{...order}pageInfo{hasNextPage endCursor}}}";
/// What is read of an order, for documents that end in one.
pub(crate) const ORDER: &str = " fragment order on Order{id name cancelledAt closed email note processedAt updatedAt \
    displayFinancialStatus displayFulfillmentStatus customer{id}totalPriceSet{...money}totalTaxSet{...money}\
    totalShippingPriceSet{...money}totalDiscountsSet{...money}shippingAddress{...address}billingAddress{...address}\
    lineItems(first:50){nodes{...line}pageInfo{hasNextPage endCursor}}}";
const LINE: &str = " fragment line on LineItem{id name sku quantity product{id}variant{id}\
    originalUnitPriceSet{...money}discountedTotalSet(withCodeDiscounts:true){...money}}";
const LINES: Inner = Inner {
    of: "order",
    list: "lineItems",
    document: "query($id:ID!$after:String!){order(id:$id){lineItems(first:250 after:$after)\
        {nodes{...line}pageInfo{hasNextPage endCursor}}}}",
    fragments: &[LINE, MONEY],
};

/// An order, and where its lines go on.
pub(crate) type Found = (Order, Option<String>);

/// Reads an order.
pub(crate) fn get(id: &str) -> Result<Order> {
    by_gid(&api::gid("Order", id)?)
}

/// Reads an order by the id as Shopify writes it.
#[inline(never)]
pub(crate) fn by_gid(id: &str) -> Result<Order> {
    let answer = api::read(&document(GET), Object::new().set("id", id))?;
    one(&answer, id)
}

/// A document with all that it needs to read orders.
#[inline(never)]
pub(crate) fn document(text: &str) -> String {
    [text, ORDER, LINE, MONEY, ADDRESS].concat()
}

/// The order in an answer, whole.
#[inline(never)]
pub(crate) fn one(answer: &Answer, id: &str) -> Result<Order> {
    whole(answer.one("order", id, order)?)
}

/// Reads a page of orders, oldest change first.
pub(crate) fn list(request: &OrdersRequest) -> Result<OrdersPage> {
    let status = request.status.map(|status| match status {
        OrderStatus::Open => "status:open",
        OrderStatus::Completed => "status:closed",
        OrderStatus::Cancelled => "status:cancelled",
    });
    let (items, next) = page(&Wanted {
        cursor: request.cursor.as_deref(),
        first: paging::limit(request.limit, USUAL_PAGE, LARGEST_PAGE)?,
        changed_from_ms: request.changed_from_ms,
        condition: status.map(str::to_owned),
    })?;
    Ok(OrdersPage { items, next })
}

/// Reads a page of orders, of at most 50.
#[inline(never)]
pub(crate) fn page(wanted: &Wanted<'_>) -> Result<(Vec<Order>, Option<String>)> {
    let condition = wanted.condition.clone();
    let variables = Wanted { first: wanted.first.min(LARGEST_PAGE), condition, ..*wanted }.variables();
    let answer = api::read(&document(LIST), variables)?;
    let (found, next) = answer.part("orders", |list| api::page(list, order))?;
    let mut items = Vec::new();
    for one in found {
        items.push(whole(one)?);
    }
    Ok((items, next))
}

/// Reads the lines that did not fit.
#[inline(never)]
pub(crate) fn whole((mut order, more): Found) -> Result<Order> {
    lines::rest(&LINES, &order.id, more, &mut order.lines, line)?;
    Ok(order)
}

/// Reads an order, without what [`whole`] adds.
#[inline(never)]
pub(crate) fn order(record: &Fields<'_>) -> Found {
    let lines = record.inner("lineItems", |list| api::page(list, line));
    let (lines, more) = lines.unwrap_or_default();
    let order = Order {
        id: record.text("id"),
        number: Some(record.text("name")),
        status: match (record.get("cancelledAt"), record.flag("closed")) {
            (Some(_), _) => OrderStatus::Cancelled,
            (None, true) => OrderStatus::Completed,
            (None, false) => OrderStatus::Open,
        },
        payment: record.str_some("displayFinancialStatus").and_then(payment),
        fulfilment: record.str_some("displayFulfillmentStatus").map(fulfilment),
        customer: api::id_of(record, "customer"),
        email: api::some(record, "email"),
        lines,
        total: needed(record, "totalPriceSet"),
        tax: api::shop_money(record, "totalTaxSet"),
        shipping: api::shop_money(record, "totalShippingPriceSet"),
        discount: api::shop_money(record, "totalDiscountsSet"),
        shipping_address: api::address(record, "shippingAddress"),
        billing_address: api::address(record, "billingAddress"),
        note: api::some(record, "note"),
        placed_at_ms: api::moment(record, "processedAt"),
        updated_at_ms: Some(api::moment(record, "updatedAt")),
    };
    (order, more)
}

#[inline(never)]
fn line(record: &Fields<'_>) -> OrderLine {
    let quantity = record.count_some("quantity").and_then(|quantity| u32::try_from(quantity).ok());
    if quantity.is_none() {
        record.wrong("quantity", "is no quantity");
    }
    OrderLine {
        id: record.text("id"),
        product: api::id_of(record, "product"),
        variant: api::id_of(record, "variant"),
        sku: api::some(record, "sku"),
        title: record.text("name"),
        quantity: quantity.unwrap_or_default(),
        unit_price: needed(record, "originalUnitPriceSet"),
        total: api::shop_money(record, "discountedTotalSet"),
    }
}

/// An amount that has to be there.
#[inline(never)]
fn needed(record: &Fields<'_>, name: &str) -> Money {
    let amount = api::shop_money(record, name);
    if amount.is_none() {
        record.wrong(name, "is not there");
    }
    amount.unwrap_or_else(|| Money::new(0, ""))
}

fn payment(status: &str) -> Option<OrderPayment> {
    Some(match status {
        "PENDING" | "EXPIRED" | "VOIDED" => OrderPayment::Unpaid,
        "AUTHORIZED" => OrderPayment::Authorized,
        "PARTIALLY_PAID" => OrderPayment::PartlyPaid,
        "PAID" => OrderPayment::Paid,
        "PARTIALLY_REFUNDED" => OrderPayment::PartlyRefunded,
        "REFUNDED" => OrderPayment::Refunded,
        _ => return None,
    })
}

/// What is on its way to be sent, held or sent back counts as not sent.
fn fulfilment(status: &str) -> OrderFulfilment {
    match status {
        "FULFILLED" => OrderFulfilment::Fulfilled,
        "PARTIALLY_FULFILLED" => OrderFulfilment::PartlyFulfilled,
        _ => OrderFulfilment::Unfulfilled,
    }
}
