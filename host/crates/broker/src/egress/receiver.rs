//! Where a subscription's requests may go: a public name over TLS, or an origin that the
//! operator allowed. Judged when it is kept, and again with every request.

use url::{Host, Url};

use super::origin::Origins;
use crate::message::SendError;

/// Below this only the standard port may be named, as other services listen there.
const FIRST_FREE_PORT: u16 = 1024;

/// A URL that requests may go to.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) url: Url,
    /// The operator's origin; none for the public network.
    pub(crate) origin: Option<String>,
}

/// Judges the URL; the addresses that its name leads to are judged where they are looked up.
pub(crate) fn judge(text: &str, origins: &Origins) -> Result<Receiver, SendError> {
    if !text.bytes().all(|b| b.is_ascii_graphic()) || text.contains(['\\', '#']) {
        return Err(denied("may hold printable ASCII only, and neither `\\` nor `#`"));
    }
    let url = Url::parse(text).map_err(|_| denied("is not absolute, such as https://app.example.com/hooks"))?;
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err(denied("may not hold a user name or password; verify the signature instead"));
    }
    if origins.allow(&url) {
        let origin = Some(url.origin().ascii_serialization());
        return Ok(Receiver { url, origin });
    }
    judge_public(text, &url)?;
    Ok(Receiver { url, origin: None })
}

fn judge_public(text: &str, url: &Url) -> Result<(), SendError> {
    if url.scheme() != "https" {
        return Err(denied("must begin with https://; an operator can allow other origins by name in `egress.allow`"));
    }
    let Some(Host::Domain(host)) = url.host() else {
        return Err(denied("must hold a public DNS name and no address"));
    };
    // What a resolver would complete from its search list, or the parser made of something else.
    let is_plain = host.contains('.') && !host.ends_with('.') && host.split('.').all(is_label);
    let written = authority(text).split(':').next().unwrap_or_default();
    if !is_plain || !written.eq_ignore_ascii_case(host) {
        return Err(denied("must hold a whole DNS name: letters, digits and inner dashes, with dots between"));
    }
    match url.port() {
        None => Ok(()),
        Some(port) if port >= FIRST_FREE_PORT => Ok(()),
        Some(port) => Err(denied(format!("names the port {port}; use 443, or one from {FIRST_FREE_PORT} on"))),
    }
}

/// What stands between the scheme and the path.
fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len()) && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
}

fn denied(why: impl std::fmt::Display) -> SendError {
    SendError::Denied(format!("the URL {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<Option<&str>, &str>) {
        let origins = Origins::new(&["http://127.0.0.1:8420".to_owned(), "https://hooks.internal".to_owned()]).unwrap();
        match (judge(text, &origins), expect) {
            (Ok(receiver), Ok(origin)) => assert_eq!(receiver.origin.as_deref(), origin, "{text}"),
            (Err(SendError::Denied(why)), Err(part)) => assert!(why.contains(part), "{text}: {why}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn public_names_over_tls_and_what_the_operator_allows() {
        check("https://app.example.com/hooks?a=b%20c", Ok(None));
        check("https://app.example.com", Ok(None));
        check("https://App.Example.com:443/", Ok(None));
        check("https://app.example.com:8443/", Ok(None));
        check("https://xn--bcher-kva.example/", Ok(None));
        check("http://127.0.0.1:8420/x", Ok(Some("http://127.0.0.1:8420")));
        check("https://hooks.internal/x", Ok(Some("https://hooks.internal")));
    }

    #[test]
    fn everything_else_is_refused_with_the_reason() {
        for text in
            ["http://app.example.com/", "ftp://app.example.com/", "http://127.0.0.1:8421/", "http://hooks.internal/"]
        {
            check(text, Err("https://"));
        }
        for text in [
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://169.254.169.254/",
        ] {
            check(text, Err("no address"));
        }
        for text in [
            "https://localhost/",
            "https://intranet/",
            "https://a.example./",
            "https://a_b.example/",
            "https://%61.example/",
        ] {
            check(text, Err("whole DNS name"));
        }
        for text in
            ["https://user@a.example/", "https://u:p@a.example/", "https://@a.example/", "http://a@127.0.0.1:8420/"]
        {
            check(text, Err("user name"));
        }
        for text in ["https://a.example:25/", "https://a.example:80/", "https://a.example:22/"] {
            check(text, Err("names the port"));
        }
        for text in [
            "https://a.example/\r\nx",
            "https://a.example/#x",
            "https:\\\\a.example/",
            "https://ä.example/",
            "https://a b.example/",
        ] {
            check(text, Err("printable"));
        }
        for text in ["", "a.example", "/hooks", "//a.example/", "https://"] {
            check(text, Err("absolute"));
        }
    }
}
