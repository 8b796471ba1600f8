//! The Gatehouse plugin SDK: what an author needs to write a gateway in Rust, compile it to
//! a component and test it offline. It never opens a socket and never sees a secret.
//!
//! Read in this order: [`connection`], [`webhook`], [`sync`], [`outcomes`], [`registrations`], [`backfill`] and the packages of the
//! domains, such as [`payments`], are the contracts a gateway implements; [`export_gateway!`] exports them; [`http`],
//! [`context`] and [`log`] are what the host lends; [`Error`] is how a gateway fails; [`money`], [`time`],
//! [`paging`], [`records`], [`books`], [`text`], [`graphql`], [`mime`] and [`base64`] are what gateways share; `harness` plays fixtures.

#[doc(hidden)]
pub mod bindings;
mod contracts;
mod export;

pub mod context;
mod error;
pub mod http;
mod imports;
pub mod log;
#[cfg(target_arch = "wasm32")]
mod no_wasi;

mod outcome;

pub mod base64;
pub mod books;
pub mod graphql;
pub mod json;
pub mod mime;
pub mod money;
pub mod paging;
pub mod records;
pub mod text;
pub mod time;

#[cfg(all(feature = "conformance", not(target_arch = "wasm32")))]
pub mod conformance;
#[cfg(not(target_arch = "wasm32"))]
pub mod harness;

pub use bindings::backfill::exports::gatehouse::plugin::backfill;
pub use bindings::connection::exports::gatehouse::plugin::connection;
pub use bindings::host::gatehouse::plugin::types::{Account, Error, ErrorKind, Money};
pub use bindings::outcomes::exports::gatehouse::plugin::outcomes;
pub use bindings::registrations::exports::gatehouse::plugin::registrations;
pub use bindings::sync::exports::gatehouse::plugin::sync;
pub use bindings::webhook::exports::gatehouse::plugin::webhook;
pub use contracts::{
    accounting, automation, calendar, commerce, crm, documents, email, marketing, messaging, payments,
};

/// The answer of every exported function: a value, or an [`Error`] of a closed kind.
pub type Result<T> = core::result::Result<T, Error>;
