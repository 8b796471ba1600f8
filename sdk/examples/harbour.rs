//! A gateway to an imagined office suite, for two domains at once: it sends messages, and reads and
//! creates invoices. It shows paging, money as a number and a provider's codes.

use gatehouse_sdk::accounting::invoices::{InvoiceRequest, InvoicesPage, InvoicesRequest};
use gatehouse_sdk::accounting::{Invoice, InvoiceLine, InvoiceStatus, TaxMode, invoices};
use gatehouse_sdk::http::{Request, Response, path};
use gatehouse_sdk::messaging::messages::MessageRequest;
use gatehouse_sdk::messaging::{Message, MessageStatus, messages};
use gatehouse_sdk::{ErrorKind, Result, context, export_gateway, money, paging, time};

/// The gateway.
pub struct Harbour;

/// The codes of the provider that say more than its status.
const KINDS: &[(&str, ErrorKind)] = &[("closed_period", ErrorKind::Conflict), ("no_such_room", ErrorKind::NotFound)];

#[derive(serde::Deserialize)]
struct Failure {
    code: Option<String>,
    message: Option<String>,
}

#[derive(serde::Deserialize)]
struct Sent {
    id: String,
    room: String,
    text: String,
    at: String,
}

#[derive(serde::Deserialize)]
struct Document {
    id: String,
    customer: String,
    currency: String,
    paid: bool,
    total: f64,
    open: f64,
    due: Option<String>,
    changed: String,
}

#[derive(serde::Serialize)]
struct NewDocument<'a> {
    customer: &'a str,
    currency: &'a str,
    lines: Vec<NewLine<'a>>,
    due: Option<&'a str>,
    reference: Option<&'a str>,
}

#[derive(serde::Serialize)]
struct NewLine<'a> {
    text: Option<&'a str>,
    quantity: &'a str,
    price: Option<f64>,
}

fn send(request: Request) -> Result<Response> {
    let response = request.send()?;
    if response.is_success() {
        return Ok(response);
    }
    let failure = response.json::<Failure>().unwrap_or(Failure { code: None, message: None });
    let text = failure.message.unwrap_or_else(|| format!("harbour answered with status {}", response.status()));
    Err(response.error(text).coded(failure.code.as_deref(), KINDS))
}

fn message(response: &Response) -> Result<Message> {
    let sent: Sent = response.json()?;
    let at = time::parse_seconds(&sent.at).ok_or_else(|| response.senseless(format!("`{}` is no moment", sent.at)))?;
    Ok(Message {
        id: sent.id,
        status: MessageStatus::Sent,
        sender: None,
        to: sent.room,
        text: sent.text,
        reply_to: None,
        url: None,
        failure_code: None,
        sent_at_ms: Some(at),
    })
}

impl messages::Guest for Harbour {
    fn send_message(request: MessageRequest) -> Result<Message> {
        #[derive(serde::Serialize)]
        struct New<'a> {
            room: &'a str,
            text: &'a str,
        }
        let new = New { room: &request.to, text: &request.text };
        message(&send(Request::post("/messages").json(&new).idempotency_key(context::idempotency_key_for("message")))?)
    }

    fn get_message(id: String) -> Result<Message> {
        message(&send(Request::get(path(&["messages", &id])?))?)
    }
}

impl Document {
    fn to_invoice(&self) -> Result<Invoice> {
        Ok(Invoice {
            id: self.id.clone(),
            number: None,
            reference: None,
            status: if self.paid { InvoiceStatus::Paid } else { InvoiceStatus::Open },
            contact: self.customer.clone(),
            issued_on: None,
            due_on: self.due.clone(),
            tax_mode: TaxMode::None,
            lines: Vec::new(),
            total: money::from_number(self.total, &self.currency)?,
            tax: None,
            due: money::from_number(self.open, &self.currency)?,
            updated_at_ms: time::parse_dotnet(&self.changed),
        })
    }
}

fn line(line: &InvoiceLine) -> NewLine<'_> {
    NewLine {
        text: line.description.as_deref(),
        quantity: line.quantity.as_deref().unwrap_or("1"),
        price: line.unit_price.as_ref().map(money::to_number),
    }
}

fn invoice(response: &Response) -> Result<Invoice> {
    response.json::<Document>()?.to_invoice().map_err(|error| response.senseless(error.message))
}

impl invoices::Guest for Harbour {
    fn create_invoice(request: InvoiceRequest) -> Result<Invoice> {
        let due = request.due_on.as_deref().map(|day| time::checked_date("due_on", day)).transpose()?;
        let new = NewDocument {
            customer: &request.contact,
            currency: &request.currency,
            lines: request.lines.iter().map(line).collect(),
            due,
            reference: request.reference.as_deref(),
        };
        let key = context::idempotency_key_for("invoice");
        invoice(&send(Request::post("/documents").json(&new).idempotency_key(key))?)
    }

    fn get_invoice(id: String) -> Result<Invoice> {
        invoice(&send(Request::get(path(&["documents", &id])?))?)
    }

    fn sync_invoices(request: InvoicesRequest) -> Result<InvoicesPage> {
        let page = paging::number(request.cursor.as_deref(), 1)?;
        let limit = paging::limit(request.limit, 50, 100)?;
        let get = Request::get("/documents").query("page", page).query("size", limit);
        let found: Vec<Document> =
            send(get.query_some("changed_from", request.changed_from_ms.map(time::format_rfc3339)))?.json()?;
        let items = found.iter().map(Document::to_invoice).collect::<Result<Vec<_>>>()?;
        Ok(InvoicesPage { next: paging::after_full_page(page, items.len(), limit), items })
    }
}

export_gateway!(Harbour: messages, invoices);
