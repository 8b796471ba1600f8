//! Lines for the person who runs the integration. The host removes secrets from them; a gateway
//! still never logs bodies or personal data.

pub use crate::bindings::host::gatehouse::plugin::log::Level;
use crate::imports;

/// Writes a line that only helps when something is being looked into.
pub fn debug(message: &str, fields: &[(&str, &str)]) {
    write(Level::Debug, message, fields);
}

/// Writes a line about the ordinary course of things.
pub fn info(message: &str, fields: &[(&str, &str)]) {
    write(Level::Info, message, fields);
}

/// Writes a line about something that a person should look at some time.
pub fn warn(message: &str, fields: &[(&str, &str)]) {
    write(Level::Warn, message, fields);
}

/// Writes a line about something that a person should look at now.
pub fn error(message: &str, fields: &[(&str, &str)]) {
    write(Level::Error, message, fields);
}

fn write(level: Level, message: &str, fields: &[(&str, &str)]) {
    let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    imports::write_log(level, message, &fields);
}
