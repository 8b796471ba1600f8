//! Addresses that no request may reach, whatever name led there: private, loopback,
//! link-local, metadata, documentation and translation ranges.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The IANA IPv4 Special-Purpose Address Registry, with two addresses that clouds serve
/// secrets or control planes on although they are public or shared.
const DENIED_V4: &[(Ipv4Addr, u32, &str)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 100, 100, 200), 32, METADATA),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "carrier-grade NAT"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, LOOPBACK),
    (Ipv4Addr::new(168, 63, 129, 16), 32, METADATA),
    (Ipv4Addr::new(169, 254, 0, 0), 16, LINK_LOCAL),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "protocol assignments"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "AS112"),
    (Ipv4Addr::new(192, 52, 193, 0), 24, "AMT"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(192, 175, 48, 0), 24, "AS112"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarking"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, MULTICAST),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// The same for IPv6. `::/96` holds the unspecified and the loopback address.
const DENIED_V6: &[(Ipv6Addr, u32, &str)] = &[
    (Ipv6Addr::LOCALHOST, 128, LOOPBACK),
    (Ipv6Addr::UNSPECIFIED, 96, "unspecified or IPv4-compatible"),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, "IPv4 translation"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "IPv4 translation"),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, "discard"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "protocol assignments"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "documentation"),
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16, "segment routing"),
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128, METADATA),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "private"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, LINK_LOCAL),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "site-local"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, MULTICAST),
];

const LOOPBACK: &str = "loopback";
const LINK_LOCAL: &str = "link-local";
const METADATA: &str = "cloud metadata";
const MULTICAST: &str = "multicast";

/// Why no request may go to `ip`; none where one may. A mapped address is judged by the IPv4
/// address in it.
pub(crate) fn denied(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => denied_v4(ip),
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or_else(|| denied_v6(ip), denied_v4),
    }
}

/// Whether `ip` is this very machine, which an operator may allow by name.
pub(crate) fn is_loopback(ip: IpAddr) -> bool {
    denied(ip) == Some(LOOPBACK)
}

/// Whether not even an operator's word opens `ip`.
pub(crate) fn is_never_allowed(ip: IpAddr) -> bool {
    ip.is_unspecified() || denied(ip).is_some_and(|why| matches!(why, LINK_LOCAL | METADATA | MULTICAST))
}

fn denied_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let within = |network: Ipv4Addr, bits: u32| (ip.to_bits() ^ network.to_bits()).leading_zeros() >= bits;
    DENIED_V4.iter().find(|(network, bits, _)| within(*network, *bits)).map(|(.., why)| *why)
}

fn denied_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let within = |network: Ipv6Addr, bits: u32| (ip.to_bits() ^ network.to_bits()).leading_zeros() >= bits;
    DENIED_V6.iter().find(|(network, bits, _)| within(*network, *bits)).map(|(.., why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(addresses: &str, expect: bool) {
        for text in addresses.split_whitespace() {
            let why = denied(text.parse().unwrap());
            assert_eq!(why.is_some(), expect, "{text}: {why:?}");
        }
    }

    #[test]
    fn both_ends_of_every_range_are_denied_and_their_neighbours_are_not() {
        check("0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.100.100.200 100.127.255.255", true);
        check("127.0.0.1 127.255.255.255 168.63.129.16 169.254.0.0 169.254.169.254 169.254.255.255", true);
        check("172.16.0.0 172.31.255.255 192.0.0.1 192.0.2.7 192.31.196.1 192.52.193.1 192.88.99.1", true);
        check("192.168.0.0 192.168.255.255 192.175.48.1 198.18.0.0 198.19.255.255 198.51.100.1", true);
        check("203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255", true);
        check(":: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::1 64:ff9b:1::1", true);
        check("100::1 2001::1 2001:1ff:ffff::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fdff::1", true);
        check("fd00:ec2::254 fe80::1 febf::1 fec0::1 ff02::1", true);
        check("1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0", false);
        check("168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0", false);
        check("192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255", false);
        check("2606:4700::1111 2a00:1450::1 2001:200::1 2003::1 ::ffff:1.1.1.1 101::1", false);
    }

    #[test]
    fn loopback_and_what_not_even_an_operator_opens_are_told_apart() {
        let is = |test: fn(IpAddr) -> bool, text: &str| test(text.parse().unwrap());
        assert!(is(is_loopback, "127.0.0.9") && is(is_loopback, "::1") && is(is_loopback, "::ffff:127.0.0.1"));
        assert!(!is(is_loopback, "10.0.0.1") && !is(is_loopback, "1.1.1.1"));
        assert!(is(is_never_allowed, "169.254.1.1") && is(is_never_allowed, "fe80::1") && is(is_never_allowed, "::"));
        assert!(!is(is_never_allowed, "10.0.0.1") && !is(is_never_allowed, "127.0.0.1"));
    }
}
