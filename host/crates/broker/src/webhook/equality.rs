//! Proofs by a text that only the provider and we know: the sender is known, its bytes are not signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::manifest::webhook::{Basic, Place, Token};
use zeroize::Zeroizing;

use super::fields::Fields;
use super::request::{Read, malformed};
use super::{Refusal, RefusalReason, refuse};

pub(super) fn token(rules: &Token, fields: &Fields<'_>, read: &Read<'_>) -> Result<(), Refusal> {
    let mut fits = true;
    for value in read.all(&rules.header)? {
        let given = match &rules.prefix {
            Some(prefix) => value.strip_prefix(prefix.as_str()),
            None => Some(value.as_str()),
        };
        let given = given.ok_or_else(|| malformed("the token does not begin as the manifest says"))?;
        fits &= fields.holds(&rules.secret, given.as_bytes())?;
    }
    if fits { Ok(()) } else { Err(refuse(RefusalReason::Mismatch, "the token is another one")) }
}

pub(super) fn basic(rules: &Basic, fields: &Fields<'_>, read: &Read<'_>) -> Result<(), Refusal> {
    let value = Zeroizing::new(read.one(&Place::Header("authorization".to_owned()))?);
    let wrong = || malformed("the header `authorization` is not that of HTTP Basic");
    let (scheme, encoded) = value.split_once(' ').ok_or_else(wrong)?;
    let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"));
    let decoded = Zeroizing::new(decoded.ok_or_else(wrong)?);
    let colon = decoded.iter().position(|byte| *byte == b':').ok_or_else(wrong)?;
    let (name, password) = (decoded.get(..colon).unwrap_or_default(), decoded.get(colon + 1..).unwrap_or_default());
    // Both are compared, so that time does not tell which one is wrong.
    let (name, password) = (fields.holds(&rules.username, name)?, fields.holds(&rules.password, password)?);
    if name & password { Ok(()) } else { Err(refuse(RefusalReason::Mismatch, "name or password is another one")) }
}
