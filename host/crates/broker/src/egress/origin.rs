//! Origins that the operator allows beyond the manifests' own hosts, such as a sandbox on
//! loopback. Nothing else may be reached without TLS or at an address literal.

use std::collections::BTreeSet;
use std::net::IpAddr;

use gatehouse_domain::{Error, Result};
use url::{Host, Url};

use super::address;

/// The allowed origins, in the form in which two of them compare.
#[derive(Debug, Default)]
pub(crate) struct Origins(BTreeSet<String>);

impl Origins {
    pub(crate) fn new(texts: &[String]) -> Result<Self> {
        texts.iter().map(|text| check(text)).collect::<Result<_>>().map(Self)
    }

    /// Whether the origin of `url` is one of them.
    pub(crate) fn allow(&self, url: &Url) -> bool {
        self.0.contains(&url.origin().ascii_serialization())
    }
}

fn check(text: &str) -> Result<String> {
    let refused = |why: &str| Error::invalid(format!("the allowed origin `{text}` {why}"));
    let url = Url::parse(text).map_err(|_| refused("is not a URL; write it as `http://127.0.0.1:8420`"))?;
    let bare = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    if !bare {
        return Err(refused("must be scheme, host and port only, such as `http://127.0.0.1:8420`"));
    }
    if literal(&url).is_some_and(address::is_never_allowed) {
        return Err(refused("is a metadata, link-local, multicast or unspecified address, which nothing may reach"));
    }
    Ok(url.origin().ascii_serialization())
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
        Host::Ipv6(ip) => Some(ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)),
        Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_compared_exactly() {
        let origins =
            Origins::new(&["http://127.0.0.1:8420".to_owned(), "https://Sandbox.Example:443".to_owned()]).unwrap();
        for (text, allowed) in [
            ("http://127.0.0.1:8420/v1", true),
            ("http://127.0.0.1:8421/", false),
            ("https://127.0.0.1:8420/", false),
            ("http://localhost:8420/", false),
            ("https://sandbox.example/x", true),
            ("http://sandbox.example:443/", false),
        ] {
            assert_eq!(origins.allow(&Url::parse(text).unwrap()), allowed, "{text}");
        }
    }

    #[test]
    fn what_is_no_bare_origin_is_refused() {
        for text in [
            "127.0.0.1:8420",
            "ftp://127.0.0.1",
            "http://user@127.0.0.1",
            "http://127.0.0.1/path",
            "http://127.0.0.1/?q",
            "http://169.254.169.254",
            "http://[::ffff:169.254.169.254]",
            "http://168.63.129.16",
            "http://0.0.0.0:80",
            "http://[ff02::1]",
        ] {
            assert!(Origins::new(&[text.to_owned()]).is_err(), "{text}");
        }
    }
}
