//! Our own requests to host apps: where they may go, when that is judged, and what is heard.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gatehouse_broker::{
    Broker, BrokerConfig, Heard, Notice, Resolve, Resolving, RootKey, SealedSecret, SendError, SigningContext,
    TenantKeyRef, Vault,
};
use gatehouse_domain::id::{SubscriptionId, TenantId};
use gatehouse_domain::subscription::SignatureKind;

use crate::provider::{Provider, Reply, answer};
use crate::setup::pairs;

/// A resolver whose answer a test changes.
#[derive(Clone, Default)]
struct Fickle(Arc<Mutex<Vec<IpAddr>>>);

impl Fickle {
    fn says(&self, addresses: &str) {
        *self.0.lock().unwrap() = addresses.split_whitespace().map(|text| text.parse().unwrap()).collect();
    }
}

impl Resolve for Fickle {
    fn resolve(&self, _: String) -> Resolving {
        let found = self.0.lock().unwrap().clone();
        Box::pin(async move { Ok(found) })
    }
}

struct Setup {
    broker: Broker,
    vault: Vault,
    secrets: Vec<SealedSecret>,
    shown: String,
}

impl Setup {
    fn with(config: BrokerConfig) -> Self {
        let vault = Vault::new(RootKey::from_bytes([1; 32]), "test".to_owned());
        let tenant = TenantId::from_bytes([1; 16]);
        let key = TenantKeyRef { tenant, version: 1, wrapped: vault.new_tenant_key(tenant, 1).unwrap() };
        let subscription = SubscriptionId::from_bytes([2; 16]);
        let context = SigningContext { tenant, subscription, version: 1, kind: SignatureKind::V1 };
        let new = vault.new_signing(&key, &context).unwrap();
        let secrets = vec![SealedSecret { key, context, sealed: new.sealed }];
        Self { broker: Broker::new(config).unwrap(), vault, secrets, shown: new.secret.unwrap().to_string() }
    }

    fn at(origin: &str) -> Self {
        Self::with(BrokerConfig { allow_origins: vec![origin.to_owned()], ..BrokerConfig::default() })
    }

    async fn notify(&self, url: &str, headers: &[(&str, &str)]) -> Result<Heard, SendError> {
        let headers = pairs(headers);
        let notice = Notice {
            tenant: TenantId::from_bytes([1; 16]),
            url,
            headers: &headers,
            id: "evt_1".to_owned(),
            timestamp: 1_700_000_000,
            body: b"{}".to_vec(),
            secrets: &self.secrets,
            timeout: Duration::from_secs(5),
        };
        self.broker.notify(&self.vault, notice).await
    }
}

#[tokio::test]
async fn what_a_name_leads_to_is_judged_when_it_is_kept_and_with_every_request() {
    let resolver = Fickle::default();
    let config = BrokerConfig { resolver: Arc::new(resolver.clone()), ..BrokerConfig::default() };
    let setup = Setup::with(config);
    let url = "https://hooks.example.com/in";
    for (addresses, reason) in [
        ("127.0.0.1", "loopback"),
        ("10.1.2.3", "private"),
        ("1.1.1.1 192.168.0.1", "private"),
        ("169.254.169.254", "link-local"),
        ("100.100.100.200", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("::ffff:127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "translation"),
        ("0.0.0.0", "this network"),
    ] {
        resolver.says(addresses);
        let error = setup.broker.check_receiver(url, &[]).await.unwrap_err();
        let problem = &error.problems[0];
        assert!(problem.path == "$.url" && problem.message.contains(reason), "{addresses}: {}", problem.message);
        match setup.notify(url, &[]).await {
            Err(SendError::Denied(why)) => assert!(why.contains(reason), "{addresses}: {why}"),
            other => panic!("{addresses}: {other:?}"),
        }
    }
    // A good name is kept, and one that leads nowhere yet; what they lead to later is judged then.
    for addresses in ["1.1.1.1", ""] {
        resolver.says(addresses);
        setup.broker.check_receiver(url, &[]).await.unwrap();
    }
    resolver.says("127.0.0.1");
    assert!(matches!(setup.notify(url, &[]).await, Err(SendError::Denied(_))));
}

#[tokio::test]
async fn a_request_is_signed_and_an_answer_heard_within_bounds() {
    let provider = Provider::start(|seen| match seen.line.as_str() {
        line if line.contains("/moved") => Reply::Bytes(answer("307 X", &[("location", "/other")], b"")),
        line if line.contains("/busy") => Reply::Bytes(answer("503 X", &[("retry-after", "7200")], b"")),
        line if line.contains("/cut") => Reply::Close(b"HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\npart".to_vec()),
        _ => Reply::Bytes(answer("200 X", &[], &[&b"a\0b "[..], &[b'x'; 600]].concat())),
    })
    .await;
    let setup = Setup::at(&provider.origin);
    let url = |path: &str| format!("{}{path}", provider.origin);
    let heard = setup.notify(&url("/in"), &[("x-a", "b")]).await.unwrap();
    let excerpt = heard.excerpt.unwrap();
    assert!(heard.status == 200 && excerpt.len() == 512 && excerpt.starts_with("a b xxx"), "{excerpt}");
    let seen = &provider.seen()[0];
    assert_eq!((seen.header("webhook-id"), seen.header("webhook-timestamp")), (Some("evt_1"), Some("1700000000")));
    assert!(seen.header("webhook-signature").unwrap().starts_with("v1,"));
    assert_eq!((seen.header("x-a"), seen.header("accept-encoding"), &seen.body[..]), (Some("b"), None, &b"{}"[..]));

    assert_eq!(setup.notify(&url("/moved"), &[]).await.unwrap().status, 307);
    let busy = setup.notify(&url("/busy"), &[]).await.unwrap();
    assert_eq!((busy.status, busy.retry_after_ms), (503, Some(3_600_000)), "no longer than an hour");
    let cut = setup.notify(&url("/cut"), &[]).await.unwrap();
    assert_eq!((cut.status, cut.excerpt.as_deref()), (200, Some("part")));
    assert!(provider.seen().iter().all(|seen| !seen.line.contains("/other")), "a redirect was followed");
    for headers in [[("host", "evil")], [("webhook_signature", "x\r\ny")], [("content-length", "0")]] {
        assert!(matches!(setup.notify(&url("/in"), &headers).await, Err(SendError::Denied(_))));
    }
    let elsewhere = setup.notify("http://127.0.0.2:9/", &[]).await;
    assert!(matches!(elsewhere, Err(SendError::Denied(_))), "{elsewhere:?}");
}

#[tokio::test]
async fn a_secret_that_a_receiver_echoes_is_taken_out() {
    let echo = Arc::new(Mutex::new(String::new()));
    let said = echo.clone();
    let provider = Provider::start(move |_| {
        let text = said.lock().unwrap().clone();
        Reply::Bytes(answer("500 X", &[], format!("{}{text}", "y".repeat(480)).as_bytes()))
    })
    .await;
    let setup = Setup::at(&provider.origin);
    let bare = setup.shown.strip_prefix("whsec_").unwrap();
    for form in [setup.shown.clone(), bare.to_owned()] {
        echo.lock().unwrap().clone_from(&form);
        let excerpt = setup.notify(&provider.origin, &[]).await.unwrap().excerpt.unwrap();
        // Not even the part that would fit is left.
        assert!(excerpt.contains("[redacted]") && !excerpt.contains(&bare[..8]), "{excerpt}");
    }
}
