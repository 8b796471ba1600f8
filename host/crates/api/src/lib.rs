//! The HTTP API: routes, extractors, problem documents. The only place where a status
//! code is chosen. It decides nothing else: every handler asks the engine.
//!
//! Read in this order: [`router`] has every route in one table, [`table`] says what a route
//! is, `guard` checks keys and permissions, `admit` what every request has to be (`address`: where a request came from, `redact`: what a
//! caller may not see), `routes` has one file a resource.

mod address;
mod admit;
mod answers;
mod body;
mod etag;
mod guard;
mod kinds;
mod metrics;
mod once;
mod openapi;
mod page;
mod page_html;
mod prefer;
mod problem;
mod query;
mod redact;
mod request;
mod routes;
mod status;
mod strict;
mod trace;

pub mod options;
pub mod router;
pub mod table;

pub use metrics::DECLARED as METRICS;
pub use options::{Join, Options};
pub use router::{App, serve_api};
