//! A request's way out, in the order in which it is judged: target, headers, body, credential,
//! address, connection, answer.

pub(crate) mod origin;
pub(crate) mod policy;
pub(crate) mod receiver;
pub(crate) mod template;
pub(crate) mod url;

pub(crate) mod body;
pub(crate) mod graphql;
pub(crate) mod headers;

pub(crate) mod attach;
pub(crate) mod sigv4;

pub(crate) mod address;
pub(crate) mod carry;
pub(crate) mod client;
pub(crate) mod resolve;
pub(crate) mod tls;
pub(crate) mod waiting;

pub(crate) mod rate;
pub(crate) mod receive;
