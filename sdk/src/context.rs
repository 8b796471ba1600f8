//! What this call is about: the integration's settings, the key that makes its writes safe to
//! repeat, and how long it may take. It holds no credential.

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::{Account, Error, Result, imports, json};

/// The integration's settings, which the host has checked against the manifest's schema.
///
/// # Errors
/// `invalid-input` where they do not have the shape of `T`: then the schema and `T` differ.
pub fn settings<T: DeserializeOwned>() -> Result<T> {
    json::from_bytes(imports::settings().as_bytes()).map_err(|problem| misshaped(&problem))
}

/// The integration's settings, taken by name; see [`json::read`].
///
/// # Errors
/// As [`settings`].
pub fn read_settings<T>(with: impl FnOnce(&json::Fields<'_>) -> T) -> Result<T> {
    json::read(imports::settings().as_bytes(), with).map_err(|problem| misshaped(&problem))
}

#[cold]
#[inline(never)]
fn misshaped(problem: &json::Mismatch) -> Error {
    Error::invalid_input(format!("the settings do not have the expected shape: {problem}"))
}

/// The key that makes this call's writes safe to repeat: the same for every attempt.
pub fn idempotency_key() -> String {
    imports::idempotency_key()
}

/// The key for one of several writes of this call: the same for every attempt, and different
/// for every label.
pub fn idempotency_key_for(label: &str) -> String {
    labelled(imports::idempotency_key(), label)
}

pub(crate) fn labelled(mut key: String, label: &str) -> String {
    key.push(':');
    key.push_str(label);
    key
}

/// Which attempt this is, from 1.
pub fn attempt() -> u32 {
    imports::attempt()
}

/// How long this call may still take.
pub fn remaining() -> Duration {
    Duration::from_millis(imports::remaining_ms())
}

/// The account that the last connection test found.
pub fn account() -> Option<Account> {
    imports::account()
}
