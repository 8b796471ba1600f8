//! One request to a host app: judged, signed, sent and heard within bounds. It follows no
//! redirect, and what it reads of the answer is little and free of the secrets it was signed with.

use std::time::Duration;

use gatehouse_domain::id::TenantId;
use gatehouse_domain::{Error, Problem, Result};
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::{Instant, timeout_at};

use crate::broker::{Broker, Shared};
use crate::egress::carry::Way;
use crate::egress::client::Owner;
use crate::egress::receiver::{self, Receiver};
use crate::egress::{headers, rate};
use crate::message::SendError;
use crate::scrub::Scrubber;
use crate::session::{AGENT, head_of};
use crate::vault::Vault;
use crate::vault::signing::{SealedSecret, Signer};

/// The most bytes of an answer's body that are read.
const MOST_READ: usize = 64 << 10;
/// How long is waited for the rest of a body once the status is known.
const BODY_WAIT: Duration = Duration::from_secs(2);
/// The most bytes of an excerpt.
const EXCERPT: usize = 512;
/// How long a look-up may take before a URL is kept.
const LOOK_UP: Duration = Duration::from_secs(3);

/// A request to a subscription's receiver.
pub struct Notice<'n> {
    /// Whose subscription it is.
    pub tenant: TenantId,
    /// Where it goes.
    pub url: &'n str,
    /// Further headers.
    pub headers: &'n [(String, String)],
    /// `webhook-id`: the same with every attempt.
    pub id: String,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: i64,
    /// The JSON document.
    pub body: Vec<u8>,
    /// What signs it, the newest first.
    pub secrets: &'n [SealedSecret],
    /// How long resolving, connecting, sending and the answer's head may take together.
    pub timeout: Duration,
}

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The status.
    pub status: u16,
    /// How long it asks to be left alone, in milliseconds, at most an hour.
    pub retry_after_ms: Option<u64>,
    /// The beginning of the body, as text and without secrets.
    pub excerpt: Option<String>,
}

impl Broker {
    /// Checks that requests may be sent to a URL with these headers, before both are kept. A name
    /// that leads nowhere at the moment is kept: it is looked up with every request.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] at `$.url` or `$.headers`.
    pub async fn check_receiver(&self, url: &str, given: &[(String, String)]) -> Result<()> {
        let refused = |path: &str, error: SendError| {
            let (SendError::Denied(why) | SendError::Invalid(why)) = error else {
                return Error::internal("a receiver was refused for no reason");
            };
            Error::problems("the subscription does not fit", vec![Problem::at(path, why)])
        };
        let receiver = receiver::judge(url, &self.shared.origins).map_err(|error| refused("$.url", error))?;
        headers::check(given, &[]).map_err(|error| refused("$.headers", error))?;
        let Some(url::Host::Domain(host)) = receiver.url.host() else { return Ok(()) };
        let looked_up = self.shared.receivers.look_up(host.to_owned(), receiver.origin.is_some());
        match tokio::time::timeout(LOOK_UP, looked_up).await {
            Ok(Err(why)) => Err(refused("$.url", SendError::Denied(why))),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Sends a request to a receiver and hears the answer. A redirect is an answer.
    ///
    /// # Errors
    /// Why there is none; [`SendError::Denied`] where the URL, or an address that its name leads
    /// to, may not be reached.
    pub async fn notify(&self, vault: &Vault, notice: Notice<'_>) -> Result<Heard, SendError> {
        let until = Instant::now() + notice.timeout;
        let receiver = receiver::judge(notice.url, &self.shared.origins)?;
        let signers = open(vault, notice.secrets)?;
        let way = way(&self.shared, notice.tenant, &receiver)?;
        let request = signed(notice, receiver, &signers)?;
        let mut response = head_of(&way, request, until).await?;
        let status = response.status().as_u16();
        let retry_after_ms = rate::seen(None, status, response.headers()).and_then(|seen| seen.retry_after_ms);
        let body = read(&mut response, until.min(Instant::now() + BODY_WAIT)).await;
        Ok(Heard { status, retry_after_ms, excerpt: excerpt(&body, &signers) })
    }
}

fn open(vault: &Vault, secrets: &[SealedSecret]) -> Result<Vec<Signer>, SendError> {
    let open = |secret| vault.open_signing(secret).map_err(|error| SendError::Invalid(error.message));
    secrets.iter().map(open).collect()
}

fn way(shared: &Shared, tenant: TenantId, receiver: &Receiver) -> Result<Way, SendError> {
    let owner = Owner { tenant, integration: None, origin: receiver.origin.clone() };
    shared.receivers.way_of(&owner).map_err(SendError::Connect)
}

fn signed(notice: Notice<'_>, receiver: Receiver, signers: &[Signer]) -> Result<reqwest::Request, SendError> {
    let mut all = headers::check(notice.headers, &[])?;
    let timestamp = notice.timestamp.to_string();
    let content = [notice.id.as_bytes(), b".", timestamp.as_bytes(), b".", &notice.body].concat();
    let signatures: Result<Vec<String>> = signers.iter().map(|signer| signer.sign(&content)).collect();
    let signatures = signatures.map_err(|error| SendError::Invalid(error.message))?.join(" ");
    put(&mut all, HeaderName::from_static("webhook-id"), &notice.id)?;
    put(&mut all, HeaderName::from_static("webhook-timestamp"), &timestamp)?;
    put(&mut all, HeaderName::from_static("webhook-signature"), &signatures)?;
    all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    all.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    let mut request = reqwest::Request::new(http::Method::POST, receiver.url);
    *request.headers_mut() = all;
    *request.body_mut() = Some(notice.body.into());
    Ok(request)
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), SendError> {
    let value = HeaderValue::from_str(value)
        .map_err(|_| SendError::Invalid(format!("the header `{name}` holds what no header may")))?;
    headers.insert(name, value);
    Ok(())
}

/// As much of the body as comes in time and fits. The status counts whatever becomes of the rest.
async fn read(response: &mut reqwest::Response, until: Instant) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Ok(Some(chunk))) = timeout_at(until, response.chunk()).await {
        let room = MOST_READ - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() >= room {
            break;
        }
    }
    body
}

/// Cut after secrets are taken out, so that no part of one is left at the end.
fn excerpt(body: &[u8], signers: &[Signer]) -> Option<String> {
    let forms: Vec<_> = signers.iter().flat_map(Signer::forms).collect();
    let scrubber = Scrubber::new(forms.iter().map(|form| form.as_slice()));
    let clean = scrubber.scrub(body);
    let text = String::from_utf8_lossy(clean.as_deref().unwrap_or(body));
    let shown = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    let mut text: String = text.chars().take(EXCERPT).map(shown).collect();
    text.truncate(text.floor_char_boundary(EXCERPT));
    let text = text.trim().to_owned();
    (!text.is_empty()).then_some(text)
}
