//! Signature Version 4: proves by the header `Authorization` who sent exactly this method, path, query and body, and
//! when. It signs what is otherwise complete, and no byte of it may change afterwards.

use gatehouse_domain::manifest::AuthScheme;
use gatehouse_domain::manifest::auth::{Placement, Sigv4};
use gatehouse_domain::time::Timestamp;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, percent_decode, percent_encode};
use ring::digest::{SHA256, digest};
use ring::hmac;
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

use super::attach::{Secrets, field_of, put};
use super::template;
use super::url::ENCODED;
use crate::message::{Method, SendError};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const CONTENT_HASH: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// The parameters by which a query would carry a signature, in lower case.
pub(crate) const PARAMETERS: [&str; 7] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

/// What stays as it is in a path.
const IN_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// What a signature is made with.
pub(crate) struct Signing<'s> {
    /// The opened fields of the credential.
    pub(crate) secrets: &'s Secrets,
    /// The integration's settings, of which one may hold the region.
    pub(crate) settings: &'s Map<String, Value>,
    /// The moment of the signature.
    pub(crate) now: Timestamp,
}

impl Signing<'_> {
    /// Signs the request where `scheme` says so; others are left alone. The query is put in the order and the
    /// spelling that are signed.
    pub(crate) fn sign(
        &self,
        scheme: &AuthScheme,
        method: Method,
        url: &mut Url,
        headers: &mut HeaderMap,
        body: &[u8],
    ) -> Result<(), SendError> {
        let Placement::Sigv4(rules) = &scheme.placement else { return Ok(()) };
        let scope = self.scope(scheme, rules)?;
        if let Some(query) = url.query().map(canonical_query) {
            url.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
        }
        let content = hex(digest(&SHA256, body).as_ref());
        headers.insert(DATE, plain(&scope.moment)?);
        headers.insert(CONTENT_HASH, plain(&content)?);
        if let Some(token) = rules.session_token.as_deref().and_then(|field| self.secrets.get(field)) {
            put(headers, scheme, TOKEN, &[token.expose()])?;
        }
        let secret = field_of(self.secrets, scheme, &rules.secret_access_key)?;
        let (signed, signature) = scope.signature(secret, method, url, headers, &content);
        let id = field_of(self.secrets, scheme, &rules.access_key_id)?;
        let rest = format!("/{}, SignedHeaders={signed}, Signature={signature}", scope.text());
        put(headers, scheme, AUTHORIZATION, &[ALGORITHM.as_bytes(), b" Credential=", id, rest.as_bytes()])
    }

    fn scope<'r>(&self, scheme: &AuthScheme, rules: &'r Sigv4) -> Result<Scope<'r>, SendError> {
        let region = template::expand_label(&rules.region, self.settings).map_err(|unfilled| {
            SendError::Denied(format!("the auth scheme `{}` has no region: {}", scheme.name, unfilled.message))
        })?;
        Ok(Scope { moment: self.now.strftime("%Y%m%dT%H%M%SZ").to_string(), region, service: &rules.service })
    }
}

/// Where and when a signature counts.
struct Scope<'r> {
    /// Such as `20150830T123600Z`.
    moment: String,
    region: String,
    service: &'r str,
}

impl Scope<'_> {
    fn day(&self) -> &str {
        self.moment.split('T').next().unwrap_or_default()
    }

    fn text(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.day(), self.region, self.service)
    }

    /// The names of the signed headers and the signature.
    fn signature(
        &self,
        secret: &[u8],
        method: Method,
        url: &Url,
        headers: &HeaderMap,
        content: &str,
    ) -> (String, String) {
        let (names, lines) = canonical_headers(url, headers);
        let path = percent_encode(url.path().as_bytes(), IN_PATH);
        let query = url.query().unwrap_or_default();
        let request = format!("{}\n{path}\n{query}\n{lines}\n{names}\n{content}", method.as_str());
        let request = hex(digest(&SHA256, request.as_bytes()).as_ref());
        let text = format!("{ALGORITHM}\n{}\n{}\n{request}", self.moment, self.text());
        let mut key = Zeroizing::new([b"AWS4", secret].concat());
        for part in [self.day(), &self.region, self.service, "aws4_request"] {
            key = Zeroizing::new(mac(&key, part));
        }
        (names, hex(&mac(&key, &text)))
    }
}

/// Names and lines of the headers that are signed: the host, the type of the body, and all of the scheme's kind.
fn canonical_headers(url: &Url, headers: &HeaderMap) -> (String, String) {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    let mut signed = vec![("host", format!("{}{port}", url.host_str().unwrap_or_default()))];
    for name in headers.keys().filter(|name| **name == CONTENT_TYPE || name.as_str().starts_with("x-amz-")) {
        let values = headers.get_all(name).into_iter().map(|value| folded(value.as_bytes()));
        signed.push((name.as_str(), values.collect::<Vec<_>>().join(",")));
    }
    signed.sort_unstable();
    let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
    let lines = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    (names.join(";"), lines)
}

/// A header's value without spaces at its ends, and with single ones within.
fn folded(value: &[u8]) -> String {
    String::from_utf8_lossy(value).split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The pairs by name and value, everything but the unreserved characters of RFC 3986 encoded. A `+` is a space here,
/// as servers read it.
fn canonical_query(query: &str) -> String {
    let again = |text: &str| {
        let bytes: Vec<u8> = percent_decode(text.replace('+', " ").as_bytes()).collect();
        percent_encode(&bytes, ENCODED).to_string()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (again(name), again(value)))
        .collect();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn plain(text: &str) -> Result<HeaderValue, SendError> {
    HeaderValue::from_str(text).map_err(|_| SendError::Invalid("a part of the signature is no header".to_owned()))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
