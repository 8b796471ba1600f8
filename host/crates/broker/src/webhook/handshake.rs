//! Answers a provider's test of an endpoint from what the manifest says. Nothing of it reaches a gateway.

use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::manifest::webhook::{Answer, Handshake, HandshakeMethod};
use serde_json::{Map, Value};

use super::fields::{Fields, is_same};
use super::request::{Inbound, Read, malformed};
use super::{Refusal, RefusalReason, certificate, hmac, refuse, signature};
use crate::credentials::Credentials;

/// The most bytes of a challenge.
const MAX_CHALLENGE: usize = 4 << 10;

/// A request that was found to be a handshake.
#[derive(Debug)]
pub struct Handshaken {
    /// What to answer, with 200.
    pub reply: Reply,
    /// Whether the request has to verify as a delivery does before it is answered.
    pub verified: bool,
    /// What is to be kept of it.
    pub keep: Option<Keep>,
    /// An address to be asked, once, before it is answered.
    pub confirm: Option<String>,
}

/// A challenge that is to be kept as the endpoint's own secret.
#[derive(Debug)]
pub struct Keep {
    /// The challenge, under the name of its field.
    pub secret: Credentials,
    /// Whether the field has a value already, and whether that is this very challenge.
    pub known: Known,
}

/// What a field has that a challenge is to be kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nothing.
    Nothing,
    /// The same.
    Same,
    /// Something else, which only a request that verifies with it may replace.
    Other,
}

/// The answer to a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The media type; none for an answer without a body.
    pub media_type: Option<&'static str>,
    /// The body.
    pub body: String,
}

/// The handshake that a request is; none where it is something else.
pub(crate) fn find(
    rules: &WebhookRules,
    fields: &Fields<'_>,
    request: Inbound<'_>,
) -> Result<Option<Handshaken>, Refusal> {
    let read = Read::new(request);
    for handshake in &rules.handshakes {
        if let Some(challenge) = matches(handshake, &read)? {
            return answered(handshake, &challenge, fields, &read).map(Some);
        }
    }
    Ok(None)
}

fn keep(field: &str, challenge: &str, fields: &Fields<'_>) -> Keep {
    let known = match fields.whole(field) {
        Err(_) => Known::Nothing,
        Ok(kept) if is_same(kept, challenge.as_bytes()) => Known::Same,
        Ok(_) => Known::Other,
    };
    Keep { secret: Credentials::from_pairs([(field, challenge)]), known }
}

/// The challenge, where the request is this handshake; empty where it needs none.
fn matches(handshake: &Handshake, read: &Read<'_>) -> Result<Option<String>, Refusal> {
    let method = match handshake.method {
        HandshakeMethod::Get => matches!(read.request.method, "GET" | "HEAD"),
        HandshakeMethod::Post => read.request.method == "POST",
    };
    if !method {
        return Ok(None);
    }
    if let Some(when) = &handshake.when
        && !read.values(&when.at)?.contains(&when.equals)
    {
        return Ok(None);
    }
    let Some(take) = &handshake.take else { return Ok(Some(String::new())) };
    if read.values(take)?.is_empty() {
        return Ok(None);
    }
    let challenge = read.one(take)?;
    if challenge.is_empty() || challenge.len() > MAX_CHALLENGE {
        return Err(malformed(format!("a challenge has 1 to {MAX_CHALLENGE} bytes")));
    }
    Ok(Some(challenge))
}

fn answered(
    handshake: &Handshake,
    challenge: &str,
    fields: &Fields<'_>,
    read: &Read<'_>,
) -> Result<Handshaken, Refusal> {
    if let Some(token) = &handshake.token
        && !fields.holds(&token.secret, read.one(&token.at)?.as_bytes())?
    {
        return Err(refuse(RefusalReason::Mismatch, "the handshake's token is another one"));
    }
    let hash = match &handshake.hash {
        None => String::new(),
        Some(hash) => {
            let tag = hmac::tag(hash.algorithm, fields.first(&hash.secret)?, challenge.as_bytes());
            signature::encode(hash.encoding, tag.as_ref())
        }
    };
    let confirm = handshake.confirm.as_ref();
    let confirm = confirm.map(|confirm| certificate::pinned(&read.one(&confirm.url)?, &confirm.hosts)).transpose()?;
    let keep = handshake.keep.as_ref().map(|field| keep(field, challenge, fields));
    Ok(Handshaken { reply: reply(&handshake.answer, challenge, &hash), verified: handshake.verified, keep, confirm })
}

fn reply(answer: &Answer, challenge: &str, hash: &str) -> Reply {
    match answer {
        Answer::Empty => Reply { media_type: None, body: String::new() },
        Answer::Text(text) => {
            Reply { media_type: Some("text/plain; charset=utf-8"), body: fill(text, challenge, hash) }
        }
        Answer::Json(fields) => {
            let fields = fields.iter().map(|(name, text)| (name.clone(), Value::from(fill(text, challenge, hash))));
            let body = Value::Object(fields.collect::<Map<_, _>>()).to_string();
            Reply { media_type: Some("application/json"), body }
        }
    }
}

/// In one pass, so that a challenge that looks like a placeholder stays as it is.
fn fill(template: &str, challenge: &str, hash: &str) -> String {
    let mut text = String::with_capacity(template.len() + challenge.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        rest = if let Some(after) = from.strip_prefix("{challenge}") {
            text.push_str(challenge);
            after
        } else if let Some(after) = from.strip_prefix("{hash}") {
            text.push_str(hash);
            after
        } else {
            text.push('{');
            from.get(1..).unwrap_or_default()
        };
    }
    text.push_str(rest);
    text
}
