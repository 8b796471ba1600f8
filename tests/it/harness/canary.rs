//! Secrets that must never be seen again, and the search for them.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// The API secret that every story uses.
pub(crate) const SECRET_KEY: &str = "sk_test_51canaryYmVlcGJlZXBub2JvZHlob21l7Q";
/// The webhook secret that every story uses.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_canaryc2luZ2luZ2luYWNvYWxtaW5l9Z";

/// Fails where `bytes` hold a secret in any of the forms it could leak in.
pub(crate) fn check(place: &str, bytes: &[u8]) {
    for secret in [SECRET_KEY, WEBHOOK_SECRET] {
        check_for(secret, place, bytes);
    }
}

/// Fails where a file under `folder` holds a secret.
pub(crate) fn check_folder(folder: &Path) {
    in_files(folder, &check);
}

/// Fails where a file under `folder` holds this secret.
pub(crate) fn check_folder_for(secret: &str, folder: &Path) {
    in_files(folder, &|place, bytes| check_for(secret, place, bytes));
}

fn check_for(secret: &str, place: &str, bytes: &[u8]) {
    for (form, needle) in forms(secret) {
        assert!(memchr::memmem::find(bytes, needle.as_bytes()).is_none(), "{place} holds a secret as {form}");
    }
}

fn in_files(folder: &Path, check: &dyn Fn(&str, &[u8])) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            in_files(&path, check);
        } else if let Ok(bytes) = std::fs::read(&path) {
            check(&path.display().to_string(), &bytes);
        }
    }
}

fn forms(secret: &str) -> Vec<(&'static str, String)> {
    // Without the first and last characters base64 does not depend on what stands around it.
    let core = |text: String| text.get(4..text.len() - 4).unwrap().to_owned();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    vec![
        ("text", secret.to_owned()),
        ("base64", core(STANDARD.encode(secret))),
        ("base64url", core(URL_SAFE_NO_PAD.encode(secret))),
        ("basic", core(STANDARD.encode(format!("{secret}:")))),
        ("hexadecimal", hex),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "holds a secret as text")]
    fn the_search_finds_what_is_there() {
        check("here", format!("…{SECRET_KEY}…").as_bytes());
    }
}
