//! Ranges of network addresses, as a key names those that it may be used from.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Addresses in CIDR notation (RFC 4632, RFC 4291 §2.3), such as `203.0.113.0/24` or
/// `2001:db8::/32`; an address alone is a range of one. It is kept without host bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IpRange(IpNet);

impl IpRange {
    /// Whether the range holds an address. One of IPv4 within IPv6 (`::ffff:1.2.3.4`, RFC 4291
    /// §2.5.5.2) is judged as IPv4: it is the same peer, seen through another socket.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether the range holds every address of `other`.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.contains(&other.0)
    }
}

impl FromStr for IpRange {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        let net = net.ok_or_else(|| {
            Error::invalid(format!("`{text}` is not a range of addresses such as 203.0.113.0/24 or 2001:db8::/32"))
        })?;
        canonical(net).map(|net| Self(net.trunc())).ok_or_else(|| {
            Error::invalid(format!("`{text}` covers more than the IPv4 addresses within IPv6; name the IPv4 range"))
        })
    }
}

/// A range of IPv4 within IPv6 as the IPv4 range that it is; none where it holds both.
fn canonical(net: IpNet) -> Option<IpNet> {
    let IpNet::V6(six) = net else { return Some(net) };
    let Some(four) = six.addr().to_ipv4_mapped() else { return Some(net) };
    let length = six.prefix_len().checked_sub(96)?;
    ipnet::Ipv4Net::new(four, length).ok().map(IpNet::V4)
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for IpRange {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<IpRange> for String {
    fn from(range: IpRange) -> String {
        range.to_string()
    }
}

impl JsonSchema for IpRange {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ip_range".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Addresses in CIDR notation: 203.0.113.0/24, 2001:db8::/32, or one address.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> IpRange {
        text.parse().unwrap()
    }

    fn check(range_text: &str, address: &str, expect: bool) {
        let held = range(range_text).contains(address.parse().unwrap());
        assert_eq!(held, expect, "{address} in {range_text}");
    }

    #[test]
    fn a_range_holds_its_addresses_and_no_other() {
        check("203.0.113.0/24", "203.0.113.255", true);
        check("203.0.113.0/24", "203.0.114.0", false);
        check("203.0.113.7", "203.0.113.7", true);
        check("203.0.113.7", "203.0.113.8", false);
        check("203.0.113.77/24", "203.0.113.1", true);
        check("203.0.113.0/24", "::ffff:203.0.113.9", true);
        check("::ffff:203.0.113.0/120", "203.0.113.9", true);
        check("::ffff:203.0.113.0/120", "203.0.114.9", false);
        check("2001:db8::/32", "2001:db8:1::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
        check("2001:db8::1", "2001:db8::1", true);
        check("::/0", "203.0.113.9", false);
        check("::/0", "::ffff:203.0.113.9", false);
        check("0.0.0.0/0", "::1", false);
        check("0.0.0.0/0", "::ffff:1.2.3.4", true);
    }

    #[test]
    fn what_is_no_range_is_refused_by_name() {
        for text in ["", "203.0.113", "203.0.113.0/33", "203.0.113.0/-1", "example.com", "2001:db8::/129", "1.2.3.4/ 8"]
        {
            let error = text.parse::<IpRange>().unwrap_err();
            assert!(error.message.contains(&format!("`{text}`")), "{error}");
        }
        assert!("::ffff:0.0.0.0/90".parse::<IpRange>().is_err(), "it holds IPv6 as well");
    }

    #[test]
    fn a_range_is_shown_as_it_counts_and_covers_what_lies_within() {
        assert_eq!(range("203.0.113.77/24").to_string(), "203.0.113.0/24");
        assert_eq!(range("::ffff:203.0.113.0/120").to_string(), "203.0.113.0/24");
        assert_eq!(range("203.0.113.7").to_string(), "203.0.113.7/32");
        assert!(range("203.0.0.0/16").covers(&range("203.0.113.0/24")));
        assert!(!range("203.0.113.0/24").covers(&range("203.0.0.0/16")));
        assert!(!range("0.0.0.0/0").covers(&range("::/0")));
    }
}
