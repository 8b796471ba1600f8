//! The contracts of the domains as gateways name them: one module a package, one trait an interface.

/// Keeping the books: the interfaces of `gatehouse:accounting`.
pub mod accounting {
    pub use crate::bindings::accounting::accounting_contacts::exports::gatehouse::accounting::accounting_contacts;
    pub use crate::bindings::accounting::accounting_items::exports::gatehouse::accounting::accounting_items;
    pub use crate::bindings::accounting::invoice_payments::exports::gatehouse::accounting::invoice_payments;
    pub use crate::bindings::accounting::invoice_sending::exports::gatehouse::accounting::invoice_sending;
    pub use crate::bindings::accounting::invoice_voiding::exports::gatehouse::accounting::invoice_voiding;
    pub use crate::bindings::accounting::invoices::exports::gatehouse::accounting::invoices;
    pub use crate::bindings::accounting::ledger_accounts::exports::gatehouse::accounting::ledger_accounts;
    pub use crate::bindings::accounting::tax_rates::exports::gatehouse::accounting::tax_rates;
    pub use crate::bindings::accounting::types::gatehouse::accounting::types::{
        Address, Date, Invoice, InvoiceLine, InvoiceStatus, TaxMode,
    };
}

/// Workflows and declared operations: the interfaces of `gatehouse:automation`.
pub mod automation {
    pub use crate::bindings::automation::operations::exports::gatehouse::automation::operations;
    pub use crate::bindings::automation::triggers::exports::gatehouse::automation::triggers;
    pub use crate::bindings::automation::workflows::exports::gatehouse::automation::workflows;
}

/// Calendars, free time and bookings: the interfaces of `gatehouse:calendar`.
pub mod calendar {
    pub use crate::bindings::calendar::availability::exports::gatehouse::calendar::availability;
    pub use crate::bindings::calendar::bookings::exports::gatehouse::calendar::bookings;
    pub use crate::bindings::calendar::calendar_cancelling::exports::gatehouse::calendar::calendar_cancelling;
    pub use crate::bindings::calendar::calendar_reading::exports::gatehouse::calendar::calendar_reading;
    pub use crate::bindings::calendar::calendar_writing::exports::gatehouse::calendar::calendar_writing;
    pub use crate::bindings::calendar::calendars::exports::gatehouse::calendar::calendars;
    pub use crate::bindings::calendar::types::gatehouse::calendar::types::{
        Attendance, Attendee, CalendarEvent, CalendarEventStatus, Date, DaySpan, TimedSpan, When,
    };
}

/// Shops: the interfaces of `gatehouse:commerce`.
pub mod commerce {
    pub use crate::bindings::commerce::customer_data::exports::gatehouse::commerce::customer_data;
    pub use crate::bindings::commerce::inventory::exports::gatehouse::commerce::inventory;
    pub use crate::bindings::commerce::order_cancelling::exports::gatehouse::commerce::order_cancelling;
    pub use crate::bindings::commerce::order_fulfilling::exports::gatehouse::commerce::order_fulfilling;
    pub use crate::bindings::commerce::orders::exports::gatehouse::commerce::orders;
    pub use crate::bindings::commerce::products::exports::gatehouse::commerce::products;
    pub use crate::bindings::commerce::store_subscription_changes::exports::gatehouse::commerce::store_subscription_changes;
    pub use crate::bindings::commerce::store_subscriptions::exports::gatehouse::commerce::store_subscriptions;
    pub use crate::bindings::commerce::types::gatehouse::commerce::types::{
        Address, Order, OrderFulfilment, OrderLine, OrderPayment, OrderStatus, StoreSubscription,
        StoreSubscriptionStatus,
    };
}

/// People, companies and deals: the interfaces of `gatehouse:crm`.
pub mod crm {
    pub use crate::bindings::crm::companies::exports::gatehouse::crm::companies;
    pub use crate::bindings::crm::contact_search::exports::gatehouse::crm::contact_search;
    pub use crate::bindings::crm::contact_upserts::exports::gatehouse::crm::contact_upserts;
    pub use crate::bindings::crm::contacts::exports::gatehouse::crm::contacts;
    pub use crate::bindings::crm::notes::exports::gatehouse::crm::notes;
    pub use crate::bindings::crm::opportunities::exports::gatehouse::crm::opportunities;
    pub use crate::bindings::crm::pipelines::exports::gatehouse::crm::pipelines;
    pub use crate::bindings::crm::types::gatehouse::crm::types::{Contact, ContactFields, Properties};
}

/// Documents that people sign: the interfaces of `gatehouse:documents`.
pub mod documents {
    pub use crate::bindings::documents::envelope_changes::exports::gatehouse::documents::envelope_changes;
    pub use crate::bindings::documents::envelopes::exports::gatehouse::documents::envelopes;
    pub use crate::bindings::documents::signed_documents::exports::gatehouse::documents::signed_documents;
    pub use crate::bindings::documents::signing_links::exports::gatehouse::documents::signing_links;
    pub use crate::bindings::documents::template_envelopes::exports::gatehouse::documents::template_envelopes;
    pub use crate::bindings::documents::types::gatehouse::documents::types::{
        Envelope, EnvelopeStatus, Signer, SignerStatus,
    };
}

/// Electronic mail: the interfaces of `gatehouse:email`.
pub mod email {
    pub use crate::bindings::email::email_templates::exports::gatehouse::email::email_templates;
    pub use crate::bindings::email::emails::exports::gatehouse::email::emails;
    pub use crate::bindings::email::mailboxes::exports::gatehouse::email::mailboxes;
    pub use crate::bindings::email::suppressions::exports::gatehouse::email::suppressions;
    pub use crate::bindings::email::template_emails::exports::gatehouse::email::template_emails;
    pub use crate::bindings::email::types::gatehouse::email::types::{Attachment, MailAddress, SentEmail};
}

/// Audiences and what is sent to them: the interfaces of `gatehouse:marketing`.
pub mod marketing {
    pub use crate::bindings::marketing::audiences::exports::gatehouse::marketing::audiences;
    pub use crate::bindings::marketing::campaign_reports::exports::gatehouse::marketing::campaign_reports;
    pub use crate::bindings::marketing::campaigns::exports::gatehouse::marketing::campaigns;
    pub use crate::bindings::marketing::subscriber_events::exports::gatehouse::marketing::subscriber_events;
    pub use crate::bindings::marketing::subscriber_tags::exports::gatehouse::marketing::subscriber_tags;
    pub use crate::bindings::marketing::subscribers::exports::gatehouse::marketing::subscribers;
}

/// Short messages to people and channels: the interfaces of `gatehouse:messaging`.
pub mod messaging {
    pub use crate::bindings::messaging::channels::exports::gatehouse::messaging::channels;
    pub use crate::bindings::messaging::message_edits::exports::gatehouse::messaging::message_edits;
    pub use crate::bindings::messaging::message_history::exports::gatehouse::messaging::message_history;
    pub use crate::bindings::messaging::messages::exports::gatehouse::messaging::messages;
    pub use crate::bindings::messaging::template_messages::exports::gatehouse::messaging::template_messages;
    pub use crate::bindings::messaging::types::gatehouse::messaging::types::{Message, MessageStatus};
    pub use crate::bindings::messaging::workspace_members::exports::gatehouse::messaging::workspace_members;
}

/// Taking and giving back money: the interfaces of `gatehouse:payments`.
pub mod payments {
    pub use crate::bindings::payments::captures::exports::gatehouse::payments::captures;
    pub use crate::bindings::payments::charges::exports::gatehouse::payments::charges;
    pub use crate::bindings::payments::customers::exports::gatehouse::payments::customers;
    pub use crate::bindings::payments::links::exports::gatehouse::payments::links;
    pub use crate::bindings::payments::payment_cancelling::exports::gatehouse::payments::payment_cancelling;
    pub use crate::bindings::payments::refunds::exports::gatehouse::payments::refunds;
    pub use crate::bindings::payments::transactions::exports::gatehouse::payments::transactions;
    pub use crate::bindings::payments::types::gatehouse::payments::types::{Metadata, Payment, PaymentStatus};
}
