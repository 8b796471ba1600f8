//! Requests to the provider, typed. The host attaches the credential, checks the target and
//! sends; nothing here can name or read a secret.

mod form;
mod path;
mod request;
mod response;

pub use crate::bindings::host::gatehouse::plugin::http::{HttpError, Method};
pub use crate::error::Effect;
pub use form::Form;
pub use path::path;
pub use request::Request;
pub use response::Response;
