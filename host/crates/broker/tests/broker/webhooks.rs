//! A webhook signed with an integration's sealed secret and verified with it.

use std::collections::BTreeMap;

use gatehouse_broker::{
    CredentialContext, Credentials, FetchFor, Inbound, RefusalReason, Sealed, Secrets, SignAs, TenantKeyRef, Vault,
};
use gatehouse_domain::ErrorKind;
use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::time::{Timestamp, from_millis};
use serde_json::json;

use crate::setup::Setup;

const BODY: &[u8] = br#"{"id":"evt_1"}"#;

type Headers = Vec<(String, String)>;

fn now() -> Timestamp {
    from_millis(1_700_000_000_000)
}

fn scheme() -> WebhookRules {
    let scheme = json!({
        "type": "hmac", "algorithm": "sha256", "secret": "webhook_secret", "header": "X-Signature",
        "encoding": "hex", "signed": "{timestamp}.{body}", "tolerance_seconds": 300,
        "format": { "style": "pairs", "timestamp": "t", "signature": "v1" },
    });
    serde_json::from_value(json!({ "verify": scheme })).unwrap()
}

fn sign(
    vault: &Vault,
    key: &TenantKeyRef,
    context: &CredentialContext,
    sealed: &BTreeMap<String, String>,
) -> gatehouse_domain::Result<Headers> {
    let rules = scheme();
    vault.sign_webhook(SignAs { key, context, sealed, rules: &rules, url: "" }, &[], BODY, now())
}

fn believe(
    setup: &Setup,
    key: &TenantKeyRef,
    context: &CredentialContext,
    fields: &BTreeMap<String, String>,
    headers: &Headers,
    body: &[u8],
) -> Result<(), gatehouse_broker::Refusal> {
    let rules = scheme();
    let via = FetchFor {
        tenant: context.tenant,
        integration: context.integration,
        manifest: &setup.manifest,
        rules: &rules,
        settings: &setup.settings,
    };
    let request = Inbound { method: "POST", url: "", headers, body };
    let sealed = [Sealed { key, context, fields, prefix: "" }];
    // Nothing is fetched for this scheme, so the verdict is there at once.
    let secrets = Secrets { credentials: &sealed, apps: &[] };
    let verdict = setup.broker.verify_webhook(&setup.vault, secrets, &via, request, now());
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(verdict)
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
        sign(vault, key, context, &self.sealed).unwrap()
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
        let result = believe(&self.setup, key, context, &self.sealed, headers, body);
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
        let signed = sign(&side.setup.vault, key, context, &side.sealed);
        assert_eq!(signed.unwrap_err().kind, ErrorKind::Corrupt);
    }
}

#[test]
fn without_a_secret_nothing_is_signed_or_believed() {
    let side = Side::of(1, "whsec_first");
    let headers = side.sign();
    let Setup { vault, key, context, .. } = &side.setup;
    let none = BTreeMap::new();
    let signed = sign(vault, key, context, &none);
    assert_eq!(signed.unwrap_err().kind, ErrorKind::Conflict);
    let believed = believe(&side.setup, key, context, &none, &headers, BODY);
    assert_eq!(believed.unwrap_err().reason, RefusalReason::NoSecret);
}
