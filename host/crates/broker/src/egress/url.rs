//! From the text a gateway gives to the one URL that is judged and sent. The text is parsed
//! once, and whatever two parsers could read differently is refused.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::{Host, Url};

use super::policy::{Base, Policy};
use super::template;
use crate::message::SendError;

/// No longer URL leaves.
const MAX_URL: usize = 8 << 10;

/// Everything but the unreserved characters of RFC 3986 §2.3.
pub(crate) const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a request leads.
#[derive(Debug)]
pub(crate) struct Target {
    /// What is sent to.
    pub(crate) url: Url,
    /// The host that the rules judge.
    pub(crate) host: String,
    /// The path that the rules judge.
    pub(crate) path: String,
}

/// The target of `text`, which is a path under the base or an absolute URL.
pub(crate) fn resolve(policy: &Policy, text: &str) -> Result<Target, SendError> {
    check_characters(text)?;
    let (place, query) = text.split_once('?').map_or((text, None), |(place, query)| (place, Some(query)));
    let base = &policy.base;
    let target = if place.starts_with('/') {
        let path = [base.prefix.as_str(), &base.path, place].concat();
        check_path(&path)?;
        parse(base, &base.origin, &path, query)?
    } else {
        let (origin, path) = split(place)?;
        check_path(path)?;
        parse(base, &check_origin(base, origin)?, path, query)?
    };
    Ok(target)
}

/// Adds the pairs to the URL, encoded so that nothing in them can be read as syntax.
pub(crate) fn add_query(url: &mut Url, pairs: &[(String, String)]) -> Result<(), SendError> {
    let mut query = url.query().unwrap_or_default().to_owned();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.extend(utf8_percent_encode(name, ENCODED));
        query.push('=');
        query.extend(utf8_percent_encode(value, ENCODED));
        if query.len() > MAX_URL {
            return Err(too_long());
        }
    }
    if !query.is_empty() {
        url.set_query(Some(&query));
    }
    if url.as_str().len() > MAX_URL { Err(too_long()) } else { Ok(()) }
}

/// Refuses a query in which one of the `reserved` parameters occurs, however it is spelt.
pub(crate) fn check_parameters(url: &Url, reserved: &[&str]) -> Result<(), SendError> {
    // Some servers part pairs at `;` as well, and some read `name[]` as `name`.
    for pair in url.query().unwrap_or_default().split(['&', ';']) {
        let name = pair.split('=').next().unwrap_or_default().replace('+', " ");
        let name = percent_decode_str(&name).decode_utf8_lossy().trim().to_ascii_lowercase();
        let bare = name.split('[').next().unwrap_or_default();
        if reserved.iter().any(|reserved| *reserved == name || *reserved == bare) {
            return Err(denied(format!("the query parameter `{bare}` is set by the host; leave it out")));
        }
    }
    Ok(())
}

/// Refuses a path that could mean another one to the server.
pub(crate) fn check_path(path: &str) -> Result<(), SendError> {
    if path.contains("//") {
        return Err(denied("a path may not hold `//`; write it with single slashes"));
    }
    check_escapes(path)?;
    let is_dots = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
    if path.split('/').any(is_dots) {
        return Err(denied("a path may not hold the segments `.` or `..`; write the path that is meant"));
    }
    Ok(())
}

fn check_escapes(path: &str) -> Result<(), SendError> {
    for (_, rest) in path.match_indices('%').map(|(at, _)| path.split_at(at + 1)) {
        let byte = rest.get(..2).and_then(hex_byte);
        let again = rest.get(2..4).and_then(hex_byte).is_some();
        match byte {
            None => return Err(denied("a `%` in a path must begin an escape such as `%20`")),
            Some(b'.' | b'/' | b'\\') => return Err(denied("a path may not hold an encoded dot or slash")),
            Some(0..0x20 | 0x7f) => return Err(denied("a path may not hold an encoded control character")),
            Some(b'%') if again => return Err(denied("a path may not be percent-encoded twice")),
            Some(_) => {}
        }
    }
    Ok(())
}

fn hex_byte(text: &str) -> Option<u8> {
    let is_hex = text.len() == 2 && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex.then(|| u8::from_str_radix(text, 16).ok()).flatten()
}

fn check_characters(text: &str) -> Result<(), SendError> {
    if text.len() > MAX_URL {
        return Err(too_long());
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(denied("a URL may hold printable ASCII only; percent-encode everything else"));
    }
    match text.find(['\\', '#']) {
        Some(_) => Err(denied("a URL may hold neither `\\` nor `#`; percent-encode them")),
        None => Ok(()),
    }
}

/// The origin and the path of an absolute URL, as they are written.
fn split(place: &str) -> Result<(&str, &str), SendError> {
    let after = place.find("://").map(|at| at + 3);
    let rest = after.and_then(|after| place.get(after..)).ok_or_else(|| {
        SendError::Invalid("the URL is neither a path that begins with `/` nor absolute with `https://`".to_owned())
    })?;
    let path = rest.find('/').map_or("", |slash| rest.get(slash..).unwrap_or_default());
    Ok((place.strip_suffix(path).unwrap_or(place), path))
}

/// The origin as it will be compared, once it can mean one thing only.
fn check_origin(base: &Base, origin: &str) -> Result<String, SendError> {
    let origin = origin.to_ascii_lowercase();
    if base.by_operator {
        return if origin == base.origin {
            Ok(origin)
        } else {
            Err(denied(format!(
                "this integration's `base_url` is {}; nothing else may be reached from it",
                base.origin
            )))
        };
    }
    let host = origin.strip_prefix("https://").ok_or_else(|| denied("only https:// may be used"))?;
    if host.contains('@') {
        return Err(denied("a URL may not hold a user name or password; name an auth scheme instead"));
    }
    if host.contains(':') {
        return Err(denied("a URL may not name a port or an IPv6 address; use the provider's name on port 443"));
    }
    if !host.contains('.') || !host.split('.').all(template::is_label) {
        return Err(denied(
            "the host must be a plain DNS name: no trailing dot, no `xn--`, nothing but letters, digits and inner dashes",
        ));
    }
    Ok(origin)
}

/// Puts the parts together, parses them once, and makes sure that the parser read what was checked.
fn parse(base: &Base, origin: &str, path: &str, query: Option<&str>) -> Result<Target, SendError> {
    let mark = if query.is_some() { "?" } else { "" };
    let url = Url::parse(&[origin, path, mark, query.unwrap_or_default()].concat())
        .map_err(|error| SendError::Invalid(format!("the URL does not parse: {error}")))?;
    if url.origin().ascii_serialization() != origin || !url.username().is_empty() || url.password().is_some() {
        return Err(denied("the URL's host must be a plain DNS name, not a form of an address"));
    }
    if !base.by_operator && !matches!(url.host(), Some(Host::Domain(_))) {
        return Err(denied("an address may not be used in place of the provider's name"));
    }
    let host = if base.by_operator { base.host.clone() } else { url.host_str().unwrap_or_default().to_owned() };
    let under = url.path().strip_prefix(base.prefix.as_str()).filter(|rest| rest.starts_with('/'));
    let path = under.map(str::to_owned).ok_or_else(|| {
        denied(format!("this integration's `base_url` is {}{}; stay under it", base.origin, base.prefix))
    })?;
    Ok(Target { url, host, path })
}

fn too_long() -> SendError {
    denied(format!("a URL may have at most {MAX_URL} bytes; send the values in the body"))
}

fn denied(text: impl Into<String>) -> SendError {
    SendError::Denied(text.into())
}

#[cfg(test)]
mod tests;
