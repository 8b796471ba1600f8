//! Where a request came from: the peer of the connection, or what a trusted proxy says of it.
//! Nobody else's word is believed.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;
use gatehouse_domain::address::IpRange;

/// The address of the client, as far as it can be told.
pub(crate) fn of(request: &Request, trusted: &[IpRange]) -> Option<IpAddr> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>()?.0.ip();
    client(peer, request.headers(), trusted)
}

/// The last address of `X-Forwarded-For` that no trusted proxy has: each proxy adds the peer that
/// it saw at the end, so what stands before the first stranger is that stranger's invention.
/// Where an entry does not read, nothing is known.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpRange]) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return Some(client);
    }
    let headers: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    for header in headers.into_iter().rev() {
        for entry in header.to_str().ok()?.rsplit(',') {
            client = read(entry.trim())?.to_canonical();
            if !is_trusted(client) {
                return Some(client);
            }
        }
    }
    Some(client)
}

/// An address, with a port or without, in brackets or without.
fn read(entry: &str) -> Option<IpAddr> {
    let bare = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    entry.parse().ok().or_else(with_port).or_else(bare)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn check(peer: &str, forwarded: &[&str], expect: Option<&str>) {
        let trusted: Vec<IpRange> = ["10.0.0.0/8", "::1"].iter().map(|text| text.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let found = client(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(found, expect.map(|text| text.parse().unwrap()), "{peer} {forwarded:?}");
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        check("192.0.2.1", &[], Some("192.0.2.1"));
        check("192.0.2.1", &["198.51.100.7"], Some("192.0.2.1"));
        check("10.1.2.3", &["198.51.100.7"], Some("198.51.100.7"));
        check("::ffff:10.1.2.3", &["198.51.100.7"], Some("198.51.100.7"));
        check("::1", &["2001:db8::7"], Some("2001:db8::7"));
        check("10.1.2.3", &[], Some("10.1.2.3"));
    }

    #[test]
    fn what_stands_before_the_first_stranger_is_its_invention() {
        check("10.1.2.3", &["203.0.113.9, 198.51.100.7"], Some("198.51.100.7"));
        check("10.1.2.3", &["203.0.113.9, 198.51.100.7, 10.9.9.9"], Some("198.51.100.7"));
        check("10.1.2.3", &["203.0.113.9", "198.51.100.7", "10.9.9.9,10.8.8.8"], Some("198.51.100.7"));
        check("10.1.2.3", &["10.9.9.9"], Some("10.9.9.9"));
    }

    #[test]
    fn entries_are_read_in_every_usual_form_and_no_other() {
        check("10.1.2.3", &["198.51.100.7:4711"], Some("198.51.100.7"));
        check("10.1.2.3", &["[2001:db8::7]:4711"], Some("2001:db8::7"));
        check("10.1.2.3", &["[2001:db8::7]"], Some("2001:db8::7"));
        check("10.1.2.3", &["::ffff:198.51.100.7"], Some("198.51.100.7"));
        for unreadable in ["unknown", "", "198.51.100", "198.51.100.7,", "_hidden", "a\u{e4}"] {
            check("10.1.2.3", &[unreadable], None);
        }
    }
}
