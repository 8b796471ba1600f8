//! From a gateway's request to the one that leaves: every rule is asked before the credential
//! is added, and nothing changes after.

use bytes::Bytes;
use gatehouse_domain::capability::Effect;
use gatehouse_domain::manifest::Idempotency;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use ring::digest::{Context, SHA256};
use url::Url;

use super::Session;
use crate::egress::carry::Way;
use crate::egress::client::Owner;
use crate::egress::sigv4::Signing;
use crate::egress::{attach, body, headers, url as egress_url};
use crate::message::{Method, Request, SendError};

pub(crate) const AGENT: &str = concat!("gatehouse/", env!("CARGO_PKG_VERSION"));

/// A request that may leave.
pub(super) struct Outgoing {
    pub(super) method: Method,
    /// Whether it can only look.
    pub(super) reads: bool,
    pub(super) request: reqwest::Request,
    /// Scheme, host and path, for the record.
    pub(super) shown: String,
    /// The body's size.
    pub(super) bytes: u64,
    /// The path, as the manifest's rules know it.
    pub(super) path: String,
}

impl Session {
    /// Judges `request` and completes it.
    pub(super) fn prepare(&self, request: Request) -> Result<Outgoing, SendError> {
        let method = request.method;
        let mut target = egress_url::resolve(&self.policy, &request.url)?;
        self.policy.check(method, &target.host, &target.path)?;
        let scheme = self.policy.scheme(request.auth.as_deref(), &self.secrets)?;

        egress_url::add_query(&mut target.url, &request.query)?;
        egress_url::check_parameters(&target.url, &self.reserved_parameters())?;
        let mut headers = self.check_headers(&request.headers)?;
        let body = match &self.passing {
            Some(passing) => passing.give(method.as_str(), &target.path, request.body)?,
            None => request.body,
        };
        let (bytes, content_type) = body::encode(method, body, self.limits.request_bytes)?;
        let reads = method.is_safe() || self.policy.reads(method, &target, &bytes);
        self.check_effect(method, reads)?;
        complete(&mut headers, content_type)?;
        if bytes.is_empty() && matches!(method, Method::Post | Method::Put | Method::Patch) {
            // RFC 9110 §8.6; without it some servers answer 411.
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }

        let shown = self.shown(&target.url);
        self.add_idempotency(method, request.idempotency_key, &bytes, &mut target.url, &mut headers)?;
        if let Some(scheme) = scheme {
            attach::attach(scheme, &self.secrets, &mut target.url, &mut headers)?;
            let signing = Signing { secrets: &self.secrets, settings: self.policy.settings(), now: self.now() };
            signing.sign(scheme, method, &mut target.url, &mut headers, &bytes)?;
        }
        let size = bytes.len() as u64;
        let path = target.path;
        Ok(Outgoing { method, reads, request: assemble(method, target.url, headers, bytes)?, shown, bytes: size, path })
    }

    /// How this session's requests get to their server.
    pub(super) fn way(&self) -> Result<Way, SendError> {
        let base = &self.policy.base;
        let origin = base.by_operator.then(|| base.origin.clone());
        let owner = Owner { tenant: self.tenant, integration: Some(self.integration), origin };
        self.shared.clients.way_of(&owner).map_err(SendError::Connect)
    }

    fn check_effect(&self, method: Method, reads: bool) -> Result<(), SendError> {
        if self.effect == Effect::Read && !reads {
            return Err(SendError::Denied(format!(
                "a pull and a capability that the manifest declares as `effect = \"read\"` only read, so a {} may \
                 not be sent; use GET or HEAD, declare the capability as `effect = \"write\"`, or say in \
                 `egress.allow` by what a POST to this path only reads: `reads = \"path\"` or, for queries, \
                 `reads = \"graphql\"`",
                method.as_str()
            )));
        }
        Ok(())
    }

    fn check_headers(&self, given: &[(String, String)]) -> Result<HeaderMap, SendError> {
        let mut reserved: Vec<&str> = self.policy.credential_headers.iter().map(String::as_str).collect();
        let folded;
        if let Idempotency::Header { name } = &self.idempotency {
            folded = headers::folded(name);
            reserved.push(&folded);
        }
        headers::check(given, &reserved)
    }

    fn reserved_parameters(&self) -> Vec<&str> {
        let mut reserved: Vec<&str> = self.policy.credential_parameters.iter().map(String::as_str).collect();
        if let Idempotency::Query { name } = &self.idempotency {
            reserved.push(name);
        }
        reserved
    }

    /// Scheme, host and path. A path may hold what a provider echoed.
    fn shown(&self, url: &Url) -> String {
        let place = [url.origin().ascii_serialization().as_str(), url.path()].concat();
        self.scrub_text(&place)
    }

    /// Puts the key that makes a repeated write harmless where the manifest says.
    fn add_idempotency(
        &self,
        method: Method,
        given: Option<String>,
        body: &[u8],
        url: &mut Url,
        headers: &mut HeaderMap,
    ) -> Result<(), SendError> {
        let place = &self.idempotency;
        if matches!(place, Idempotency::None | Idempotency::Body) || (given.is_none() && method.is_safe()) {
            return Ok(());
        }
        let key = given.unwrap_or_else(|| self.own_key(method, url, body));
        let wrong =
            || SendError::Invalid("an idempotency key must have 1 to 255 printable ASCII characters".to_owned());
        if !(1..=255).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(wrong());
        }
        match place {
            Idempotency::Header { name } => {
                let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                    SendError::Denied(format!("the manifest's idempotency header `{name}` is not a header name"))
                })?;
                headers.insert(name, HeaderValue::from_str(&key).map_err(|_| wrong())?);
            }
            Idempotency::Query { name } => egress_url::add_query(url, &[(name.clone(), key)])?,
            Idempotency::None | Idempotency::Body => {}
        }
        Ok(())
    }

    /// The session's key for the first write without a key, and for its repeats. A second,
    /// different write gets one of its own: under the same key a provider would refuse it or,
    /// worse, answer it with the first one's result.
    fn own_key(&self, method: Method, url: &Url, body: &[u8]) -> String {
        let mut content = Context::new(&SHA256);
        for part in [method.as_str().as_bytes(), b"\n", url.as_str().as_bytes(), b"\n", body] {
            content.update(part);
        }
        let digest = content.finish();
        if self.usage.is_first_write(digest.as_ref()) {
            return self.idempotency_key.clone();
        }
        let suffix: String = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let room = self.idempotency_key.get(..200).unwrap_or(&self.idempotency_key);
        format!("{room}-{suffix}")
    }
}

fn complete(headers: &mut HeaderMap, content_type: Option<HeaderValue>) -> Result<(), SendError> {
    if let Some(content_type) = content_type {
        if headers.contains_key(CONTENT_TYPE) {
            let text = "the host sets `content-type` for a JSON or form body; leave it out, or send the body as bytes";
            return Err(SendError::Invalid(text.to_owned()));
        }
        headers.insert(CONTENT_TYPE, content_type);
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    Ok(())
}

fn assemble(method: Method, url: Url, headers: HeaderMap, bytes: Bytes) -> Result<reqwest::Request, SendError> {
    // The text is never shown: by now it can hold a credential.
    Uri::try_from(url.as_str()).map_err(|_| {
        SendError::Invalid("the URL holds a character that can not be sent; percent-encode it".to_owned())
    })?;
    let method = match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
        Method::Head => http::Method::HEAD,
    };
    let mut request = reqwest::Request::new(method, url);
    *request.headers_mut() = headers;
    *request.body_mut() = Some(bytes.into());
    Ok(request)
}
