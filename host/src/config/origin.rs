//! Origins: where a request may go, as scheme, host and port.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use gatehouse_domain::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::{Host, Url};

/// Scheme, host and, where it is not the scheme's own, port (RFC 6454 §6.1): `http://127.0.0.1:8420`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(Url);

impl Origin {
    /// The origin as a URL with the path `/`.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            Error::invalid(format!("`{text}` {why}; write scheme, host and port, such as http://127.0.0.1:8420"))
        };
        let url = Url::parse(text.trim()).map_err(|error| wrong(&format!("is not an origin ({error})")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("holds a user name or a password"));
        }
        if url.host_str().is_none_or(|host| host.contains('*')) {
            return Err(wrong("does not name one host"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("has something behind the port"));
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(wrong("would send secrets unencrypted; use https, or http on loopback only"));
        }
        Ok(Self(url))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads a list of what stands as text, or one text with commas between as a variable has it.
pub(super) fn list<'de, D: Deserializer<'de>, T: FromStr<Err = Error>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    let texts = match OneOrMany::deserialize(deserializer).map_err(|_| de::Error::custom("not a list of texts"))? {
        OneOrMany::One(text) => text.split(',').map(str::to_owned).collect(),
        OneOrMany::Many(texts) => texts,
    };
    let given = texts.iter().filter(|text| !text.trim().is_empty());
    given.map(|text| text.parse().map_err(de::Error::custom)).collect()
}

/// A text as it stands, without space around it.
pub(super) struct Text(pub(super) String);

impl FromStr for Text {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(Self(text.trim().to_owned()))
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn origins_are_normalised_or_refused() {
        let check = |text: &str, expect: std::result::Result<&str, &str>| match (text.parse::<Origin>(), expect) {
            (Ok(origin), Ok(expect)) => assert_eq!(origin.to_string(), expect),
            (Err(error), Err(expect)) => assert!(error.to_string().contains(expect), "{error}"),
            (got, _) => panic!("{text}: {got:?}"),
        };
        check("http://127.0.0.1:8420", Ok("http://127.0.0.1:8420"));
        check(" HTTPS://API.Example.com:443/ ", Ok("https://api.example.com"));
        check("http://[::1]:1", Ok("http://[::1]:1"));
        check("http://localhost", Ok("http://localhost"));
        check("http://10.0.0.1", Err("unencrypted"));
        check("http://localhost.example.com", Err("unencrypted"));
        check("https://example.com/v1", Err("behind the port"));
        check("https://example.com?", Err("behind the port"));
        check("https://me:pw@example.com", Err("user name"));
        check("ftp://example.com", Err("neither http nor https"));
        check("example.com", Err("not an origin"));
        check("https://*.example.com", Err("does not name one host"));
    }
}
