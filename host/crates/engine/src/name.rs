//! Names for people: what every one of them keeps to.

use gatehouse_domain::{Error, Problem, Result};

/// Checks the name of a `what`, such as a tenant.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] at `$.name`.
pub(crate) fn check(what: &str, name: &str) -> Result<()> {
    if (1..=200).contains(&name.trim().len()) {
        return Ok(());
    }
    let problem = Problem::at("$.name", "must have 1 to 200 characters");
    Err(Error::problems(format!("the {what}'s name does not fit"), vec![problem]))
}
