//! Where a key may be used from.

use reqwest::Method;
use serde_json::json;

use super::key;
use crate::harness::Server;
use crate::harness::story::new_tenant;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_peer_counts_where_no_proxy_is_trusted() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let check = async |ranges: &[&str], forwarded: Option<&str>, status: u16| {
        let client = key(&server, &tenant, json!({ "name": "placed", "allowed_ips": ranges })).await;
        let headers: Vec<_> = forwarded.map(|value| ("x-forwarded-for", value)).into_iter().collect();
        let answer = client.send(Method::GET, "/integrations", &headers, Vec::new()).await;
        assert_eq!(answer.status, status, "{ranges:?} {forwarded:?}");
    };
    check(&["127.0.0.0/8"], None, 200).await;
    check(&["127.0.0.1"], None, 200).await;
    check(&["::ffff:127.0.0.0/104"], None, 200).await;
    check(&["192.0.2.0/24", "127.0.0.1/32"], None, 200).await;
    check(&["192.0.2.0/24"], None, 401).await;
    check(&["::1"], None, 401).await;
    check(&["::/0"], None, 401).await;
    check(&["0.0.0.0/0"], None, 200).await;
    // What anybody can write into a header is no place.
    check(&["192.0.2.0/24"], Some("192.0.2.1"), 401).await;
    check(&["127.0.0.1"], Some("192.0.2.1"), 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxy_is_believed_about_its_peer_and_nothing_more() {
    let proxies = "127.0.0.0/8,10.0.0.0/8".to_owned();
    let server = Server::start_with(&[("GATEHOUSE_TRUSTED_PROXIES", proxies)]);
    let tenant = new_tenant(&server, "Acme").await;
    let client =
        key(&server, &tenant, json!({ "name": "placed", "allowed_ips": ["192.0.2.0/24", "2001:db8::/32"] })).await;
    let check = async |forwarded: &[&str], status: u16| {
        let headers: Vec<_> = forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
        let answer = client.send(Method::GET, "/integrations", &headers, Vec::new()).await;
        assert_eq!(answer.status, status, "{forwarded:?}");
    };
    check(&[], 401).await;
    check(&["192.0.2.7"], 200).await;
    check(&["192.0.2.7:4711"], 200).await;
    check(&["::ffff:192.0.2.7"], 200).await;
    check(&["[2001:db8::7]:443"], 200).await;
    check(&["198.51.100.1, 192.0.2.7, 10.1.1.1"], 200).await;
    check(&["198.51.100.1", "192.0.2.7"], 200).await;
    check(&["192.0.2.7, 198.51.100.1"], 401).await;
    check(&["192.0.2.7", "198.51.100.1"], 401).await;
    check(&["192.0.2.7, unknown"], 401).await;
    check(&["192.0.2.7,"], 401).await;
    // A key that is good anywhere does not need to be placed.
    tenant.send(Method::GET, "/integrations", &[("x-forwarded-for", "unknown")], Vec::new()).await.expect(200);
}
