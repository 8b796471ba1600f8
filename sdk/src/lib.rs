//! The Gatehouse plugin SDK: what an author needs to write a gateway in Rust, compile it to
//! a component and test it offline. It never opens a socket and never sees a secret.
//!
//! Read in this order: [`payments`], [`connection`], [`webhook`] and [`sync`] are the
//! contracts a gateway implements; [`export_gateway!`] exports them; [`http`], [`context`]
//! and [`log`] are what the host lends; [`Error`] is how a gateway fails; `harness` plays fixtures.

#[doc(hidden)]
pub mod bindings;
pub mod context;
mod error;
mod export;
pub mod http;
mod imports;
pub mod json;
pub mod log;
pub mod money;
#[cfg(target_arch = "wasm32")]
mod no_wasi;
pub mod time;

#[cfg(not(target_arch = "wasm32"))]
pub mod harness;

pub use bindings::connection::exports::gatehouse::plugin::connection;
pub use bindings::host::gatehouse::plugin::types::{Account, Error, ErrorKind, Money};
pub use bindings::sync::exports::gatehouse::plugin::sync;
pub use bindings::webhook::exports::gatehouse::plugin::webhook;

/// The answer of every exported function: a value, or an [`Error`] of a closed kind.
pub type Result<T> = core::result::Result<T, Error>;

/// Taking and giving back money: the interfaces of `gatehouse:payments`.
pub mod payments {
    pub use crate::bindings::charges::exports::gatehouse::payments::charges;
    pub use crate::bindings::customers::exports::gatehouse::payments::customers;
    pub use crate::bindings::host::gatehouse::payments::types::{Metadata, Payment, PaymentStatus};
    pub use crate::bindings::links::exports::gatehouse::payments::links;
    pub use crate::bindings::refunds::exports::gatehouse::payments::refunds;
    pub use crate::bindings::transactions::exports::gatehouse::payments::transactions;
}
