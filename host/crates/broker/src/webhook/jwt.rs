//! JSON Web Tokens: compact JWS (RFC 7515) under an algorithm that the manifest lists, with claims
//! that the manifest asks for (RFC 7519). What the token itself says of keys is never followed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_domain::manifest::webhook::{Jwt, JwtAlgorithm, JwtBodyHash, Place};
use gatehouse_domain::time::Timestamp;
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use super::fields::{Fields, is_same};
use super::render::render;
use super::request::{Read, malformed};
use super::{Refusal, RefusalReason, refuse, signature};

/// No longer token is read.
const MAX_TOKEN: usize = 16 << 10;

/// A token's head.
#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// A set of keys (RFC 7517 §5).
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// A key. Those of other kinds are passed over.
#[derive(Deserialize)]
struct WebKey {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

pub(super) fn verify(
    rules: &Jwt,
    fields: &Fields<'_>,
    read: &Read<'_>,
    keys: &[u8],
    now: Timestamp,
) -> Result<(), Refusal> {
    let token = token(rules, read)?;
    let (signed, signature) = token.rsplit_once('.').ok_or_else(no_token)?;
    let (head, claims) = signed.split_once('.').ok_or_else(no_token)?;
    let signature = decode(signature).ok_or_else(no_token)?;
    let head: Head = decode(head).and_then(|json| serde_json::from_slice(&json).ok()).ok_or_else(no_token)?;
    // RFC 7515 §4.1.11: what must be understood and is not refuses.
    let algorithm = rules.algorithms.iter().find(|algorithm| algorithm.name() == head.alg);
    let Some(algorithm) = algorithm.copied().filter(|_| head.crit.is_none()) else {
        return Err(malformed("the token's algorithm is not one that the manifest lists"));
    };
    if algorithm.is_symmetric() {
        check_shared(rules, algorithm, fields, signed.as_bytes(), &signature)?;
    } else {
        check_public(algorithm, &head, keys, signed.as_bytes(), &signature)?;
    }
    let claims = decode(claims).and_then(|json| serde_json::from_slice::<Map<String, Value>>(&json).ok());
    check_claims(rules, &claims.ok_or_else(no_token)?, fields, read, now)
}

fn token(rules: &Jwt, read: &Read<'_>) -> Result<String, Refusal> {
    let place = rules.header.clone().unwrap_or_else(|| Place::Header("authorization".to_owned()));
    let value = read.one(&place)?;
    let bearer = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = match (bearer, &rules.header) {
        (Some((_, token)), _) => token.trim().to_owned(),
        (None, Some(_)) => value,
        (None, None) => return Err(malformed("the header `authorization` holds no bearer token")),
    };
    if token.len() <= MAX_TOKEN {
        Ok(token)
    } else {
        Err(malformed(format!("the token is longer than {MAX_TOKEN} bytes")))
    }
}

fn check_shared(
    rules: &Jwt,
    algorithm: JwtAlgorithm,
    fields: &Fields<'_>,
    signed: &[u8],
    given: &[u8],
) -> Result<(), Refusal> {
    let hash = if algorithm == JwtAlgorithm::HS512 { hmac::HMAC_SHA512 } else { hmac::HMAC_SHA256 };
    let lines = fields.lines(rules.secret.as_deref().unwrap_or_default())?;
    let fits = |line: &&[u8]| hmac::verify(&hmac::Key::new(hash, line), signed, given).is_ok();
    if lines.iter().any(fits) { Ok(()) } else { Err(mismatch()) }
}

fn check_public(algorithm: JwtAlgorithm, head: &Head, keys: &[u8], signed: &[u8], given: &[u8]) -> Result<(), Refusal> {
    let set: KeySet = serde_json::from_slice(keys)
        .map_err(|_| refuse(RefusalReason::Unreachable, "the provider's keys are no JSON Web Key Set"))?;
    let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<WebKey>(key).ok());
    let mut fitting = keys.filter(|key| key.may(algorithm) && (head.kid.is_none() || key.kid == head.kid));
    let unknown = || refuse(RefusalReason::UnknownKey, "the provider has published no such key");
    let key = fitting.next().ok_or_else(unknown)?;
    // Without a name there has to be no choice.
    if fitting.next().is_some() {
        return Err(unknown());
    }
    if key.holds(algorithm, signed, given) { Ok(()) } else { Err(mismatch()) }
}

impl WebKey {
    fn may(&self, algorithm: JwtAlgorithm) -> bool {
        let kind = if algorithm == JwtAlgorithm::ES256 { "EC" } else { "RSA" };
        self.kty == kind
            && self.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.alg.as_deref().is_none_or(|alg| alg == algorithm.name())
            && (kind == "RSA" || self.crv.as_deref() == Some("P-256"))
    }

    fn holds(&self, algorithm: JwtAlgorithm, signed: &[u8], given: &[u8]) -> bool {
        let rsa = |parameters: &'static RsaParameters| {
            let (n, e) = (part(self.n.as_ref())?, part(self.e.as_ref())?);
            Some(RsaPublicKeyComponents { n, e }.verify(parameters, signed, given).is_ok())
        };
        let ec = || {
            let (x, y) = (part(self.x.as_ref())?, part(self.y.as_ref())?);
            let point = [&[4][..], &x, &y].concat();
            Some(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, given).is_ok())
        };
        let fits = match algorithm {
            JwtAlgorithm::RS256 => rsa(&RSA_PKCS1_2048_8192_SHA256),
            JwtAlgorithm::PS256 => rsa(&RSA_PSS_2048_8192_SHA256),
            JwtAlgorithm::ES256 => ec(),
            JwtAlgorithm::HS256 | JwtAlgorithm::HS512 => None,
        };
        fits.unwrap_or(false)
    }
}

fn check_claims(
    rules: &Jwt,
    claims: &Map<String, Value>,
    fields: &Fields<'_>,
    read: &Read<'_>,
    now: Timestamp,
) -> Result<(), Refusal> {
    check_times(rules, claims, now.as_second())?;
    let issuer = claims.get("iss").and_then(Value::as_str);
    if !rules.issuers.is_empty() && !issuer.is_some_and(|issuer| rules.issuers.iter().any(|known| known == issuer)) {
        return Err(refuse(RefusalReason::Mismatch, "the token is of another issuer"));
    }
    if let Some(audience) = &rules.audience {
        let wanted = render(audience, read, None, fields)?;
        let given = claims.get("aud");
        let listed = given.and_then(Value::as_array).into_iter().flatten().chain(given);
        if !listed.filter_map(Value::as_str).any(|given| is_same(given.as_bytes(), &wanted)) {
            return Err(refuse(RefusalReason::Mismatch, "the token is for another audience"));
        }
    }
    for (name, wanted) in &rules.claims {
        let wanted = render(wanted, read, None, fields)?;
        let given = claims.get(name).and_then(|given| match given {
            Value::String(text) => Some(text.clone()),
            Value::Bool(_) | Value::Number(_) => Some(given.to_string()),
            _ => None,
        });
        if !given.is_some_and(|given| is_same(given.as_bytes(), &wanted)) {
            return Err(refuse(RefusalReason::Mismatch, format!("the token's claim `{name}` is another one")));
        }
    }
    rules.body_hash.as_ref().map_or(Ok(()), |hash| check_body(hash, claims, read))
}

/// A token has an end, or it is young.
fn check_times(rules: &Jwt, claims: &Map<String, Value>, now: i64) -> Result<(), Refusal> {
    let leeway = i64::from(rules.tolerance_seconds);
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .or_else(|| value.as_f64().filter(|seconds| seconds.abs() < 1e12).map(|seconds| seconds.floor() as i64))
            .map(Some)
            .ok_or_else(|| malformed(format!("the token's `{name}` is no time"))),
    };
    let (ends, begins, issued) = (time("exp")?, time("nbf")?, time("iat")?);
    let over = ends.or(issued).ok_or_else(|| malformed("the token has neither an end nor a beginning"))?;
    if now.saturating_sub(over) > leeway {
        return Err(refuse(RefusalReason::Stale, "the token is no longer valid"));
    }
    if begins.into_iter().chain(issued).any(|begins| begins.saturating_sub(now) > leeway) {
        return Err(refuse(RefusalReason::Future, "the token is not valid yet"));
    }
    Ok(())
}

fn check_body(hash: &JwtBodyHash, claims: &Map<String, Value>, read: &Read<'_>) -> Result<(), Refusal> {
    let given = claims.get(&hash.claim).and_then(Value::as_str);
    let given = given.ok_or_else(|| malformed(format!("the token's claim `{}` is missing", hash.claim)))?;
    let given = signature::decode(hash.encoding, given)?;
    if given.ct_eq(digest(&SHA256, read.request.body).as_ref()).into() { Ok(()) } else { Err(mismatch()) }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn part(text: Option<&String>) -> Option<Vec<u8>> {
    decode(text?).filter(|bytes| !bytes.is_empty())
}

fn no_token() -> Refusal {
    malformed("the token is not a JSON Web Token")
}

fn mismatch() -> Refusal {
    refuse(RefusalReason::Mismatch, "the token does not fit its signature or the body")
}
