//! What can be done with tokens without a server: making one and checking its form.

use std::fs::File;
use std::io::Read;

use gatehouse_domain::id::KeyId;
use gatehouse_domain::key::KeyEnvironment;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::token::Token;
use gatehouse_domain::{Error, Result};
use serde::Serialize;

use crate::output::Out;

#[derive(Serialize)]
struct Generated {
    token: String,
}

#[derive(Serialize)]
struct Checked {
    well_formed: bool,
}

/// Prints a fresh token.
pub(super) fn generate(json: bool, out: &mut Out<'_>) -> Result<()> {
    let id = KeyId::new(Timestamp::now().as_millisecond(), random()?);
    let token = Token::new(KeyEnvironment::Live, id, random()?).reveal();
    if json { out.json(&Generated { token }) } else { out.line(token) }
}

/// Says whether a token has the right form.
pub(super) fn check(token: &str, json: bool, out: &mut Out<'_>) -> Result<()> {
    let well_formed = Token::parse(token).is_some();
    if json {
        out.json(&Checked { well_formed })?;
    }
    if !well_formed {
        return Err(Error::invalid(
            "this is no token: it is `gh_live_` or `gh_test_`, 22 letters and digits, `_`, and 49 more, the last 6 of \
             them a checksum",
        ));
    }
    if json { Ok(()) } else { out.line("the form is right; only the server knows whether the key exists") }
}

/// From the kernel, which is where every library gets it too.
fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.map_err(|error| Error::unavailable("the system gives no randomness").caused_by(error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(done: impl FnOnce(&mut Out<'_>) -> Result<()>) -> (Result<()>, String) {
        let mut text = Vec::new();
        let done = done(&mut Out::new(&mut text));
        (done, String::from_utf8(text).unwrap())
    }

    #[test]
    fn every_token_is_new_and_well_formed() {
        let (_, one) = answer(|out| generate(false, out));
        let (_, other) = answer(|out| generate(false, out));
        let read = |text: &str| Token::parse(text.trim()).unwrap();
        assert!(read(&one).id != read(&other).id && read(&one).secret() != read(&other).secret(), "{one}{other}");
        let (_, json) = answer(|out| generate(true, out));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(Token::parse(json["token"].as_str().unwrap()).is_some());
        let (good, _) = answer(|out| check(one.trim(), false, out));
        let (bad, told) = answer(|out| check("gh_x", true, out));
        assert!(good.is_ok() && bad.is_err() && told.contains("false"));
    }
}
