//! A webhook signed with an integration's sealed secret and verified with it.

use std::collections::BTreeMap;

use gatehouse_broker::{CredentialContext, Credentials, RefusalReason, TenantKeyRef};
use gatehouse_domain::ErrorKind;
use gatehouse_domain::manifest::webhook::Verify;
use gatehouse_domain::time::{Timestamp, from_millis};
use serde_json::json;

use crate::setup::Setup;

const BODY: &[u8] = br#"{"id":"evt_1"}"#;

type Headers = Vec<(String, String)>;

fn now() -> Timestamp {
    from_millis(1_700_000_000_000)
}

fn scheme() -> Verify {
    let scheme = json!({
        "type": "hmac", "algorithm": "sha256", "secret": "webhook_secret", "header": "X-Signature",
        "encoding": "hex", "signed": "{timestamp}.{body}", "tolerance_seconds": 300,
        "format": { "style": "pairs", "timestamp": "t", "signature": "v1" },
    });
    serde_json::from_value(scheme).unwrap()
}

/// A tenant's integration whose sealed secret signs.
struct Side {
    setup: Setup,
    sealed: BTreeMap<String, String>,
}

impl Side {
    fn of(tenant: u8, secret: &str) -> Self {
        let mut setup = Setup::at("http://127.0.0.1:1");
        setup.become_tenant(tenant);
        let fields = Credentials::from_pairs([("webhook_secret", secret)]);
        let sealed = setup.vault.seal(&setup.key, &setup.context, &fields).unwrap();
        Self { setup, sealed }
    }

    fn sign(&self) -> Headers {
        let Setup { vault, key, context, .. } = &self.setup;
        vault.sign_webhook(key, context, &self.sealed, &scheme(), BODY, now()).unwrap()
    }

    fn verify(&self, headers: &Headers, body: &[u8]) -> Result<(), RefusalReason> {
        self.verify_as(&self.setup.key, &self.setup.context, headers, body)
    }

    fn verify_as(
        &self,
        key: &TenantKeyRef,
        context: &CredentialContext,
        headers: &Headers,
        body: &[u8],
    ) -> Result<(), RefusalReason> {
        let Setup { broker, vault, .. } = &self.setup;
        let result = broker.verify_webhook(vault, key, context, &self.sealed, &scheme(), headers, body, now());
        result.map_err(|refusal| {
            assert!(!refusal.text.contains("whsec"), "{refusal}");
            refusal.reason
        })
    }
}

#[test]
fn what_an_integration_signs_it_verifies() {
    let side = Side::of(1, "whsec_first\nwhsec_second");
    let headers = side.sign();
    assert_eq!(headers.len(), 1);
    assert_eq!(side.verify(&headers, BODY), Ok(()));
    assert_eq!(side.verify(&headers, b"{}"), Err(RefusalReason::Mismatch));
    assert_eq!(side.verify(&Vec::new(), BODY), Err(RefusalReason::MissingHeader));
    assert_eq!(Side::of(1, "whsec_first").verify(&headers, BODY), Ok(()), "the first of several secrets signs");
    assert_eq!(Side::of(1, "whsec_second").verify(&headers, BODY), Err(RefusalReason::Mismatch));
}

#[test]
fn another_tenant_neither_verifies_nor_opens_it() {
    let (side, other) = (Side::of(1, "whsec_first"), Side::of(2, "whsec_other"));
    let headers = side.sign();
    assert_eq!(other.verify(&headers, BODY), Err(RefusalReason::Mismatch));
    let Setup { key, context, .. } = &other.setup;
    for (key, context) in [(key, context), (key, &side.setup.context), (&side.setup.key, context)] {
        assert_eq!(side.verify_as(key, context, &headers, BODY), Err(RefusalReason::NoSecret));
        let signed = side.setup.vault.sign_webhook(key, context, &side.sealed, &scheme(), BODY, now());
        assert_eq!(signed.unwrap_err().kind, ErrorKind::Corrupt);
    }
}

#[test]
fn without_a_secret_nothing_is_signed_or_believed() {
    let side = Side::of(1, "whsec_first");
    let headers = side.sign();
    let Setup { vault, key, context, broker, .. } = &side.setup;
    let none = BTreeMap::new();
    let signed = vault.sign_webhook(key, context, &none, &scheme(), BODY, now());
    assert_eq!(signed.unwrap_err().kind, ErrorKind::Conflict);
    let believed = broker.verify_webhook(vault, key, context, &none, &scheme(), &headers, BODY, now());
    assert_eq!(believed.unwrap_err().reason, RefusalReason::NoSecret);
}
