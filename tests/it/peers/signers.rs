//! Deliveries that the providers' own libraries sign: the server takes them as they are, and not
//! with one bit changed.

use std::process::Command;

use serde_json::{Value, json};

use super::installed;
use crate::api::hooks::Hooked;
use crate::harness::canary::WEBHOOK_SECRET;

/// A provider's library, and the webhook rules that say what it does.
struct Signer {
    name: &'static str,
    /// What has to be imported for it.
    import: &'static str,
    /// Python that makes `headers` from `secret`, `url`, `now` (seconds) and `body`.
    sign: &'static str,
    verify: Value,
    secret: &'static str,
    content_type: &'static str,
    body: &'static str,
}

fn signers() -> Vec<Signer> {
    let hmac = |rules: Value| {
        let mut verify =
            json!({ "type": "hmac", "algorithm": "sha256", "secret": "webhook_secret", "encoding": "hex" });
        verify.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
        verify
    };
    let (form, json) = ("application/x-www-form-urlencoded", "application/json");
    vec![
        Signer {
            name: "stripe",
            import: "import stripe",
            sign: "h = stripe.WebhookSignature._compute_signature(f'{now}.{body}', secret)\n\
                   headers = {'Stripe-Signature': f't={now},v1={h}'}\n\
                   stripe.Webhook.construct_event(body, headers['Stripe-Signature'], secret)",
            verify: hmac(
                json!({ "header": "Stripe-Signature", "signed": "{timestamp}.{body}", "tolerance_seconds": 300,
                "format": { "style": "pairs", "timestamp": "t", "signature": "v1" } }),
            ),
            secret: WEBHOOK_SECRET,
            content_type: json,
            body: r#"{"id":"evt_1","object":"event"}"#,
        },
        Signer {
            name: "slack",
            import: "from slack_sdk.signature import SignatureVerifier",
            sign: "s = SignatureVerifier(secret).generate_signature(timestamp=str(now), body=body)\n\
                   headers = {'X-Slack-Signature': s, 'X-Slack-Request-Timestamp': str(now)}",
            verify: hmac(json!({ "header": "X-Slack-Signature", "signed": "v0:{timestamp}:{body}",
                "timestamp_header": "X-Slack-Request-Timestamp", "tolerance_seconds": 300,
                "format": { "style": "prefixed", "prefix": "v0=" } })),
            secret: WEBHOOK_SECRET,
            content_type: json,
            body: r#"{"event_id":"Ev1"}"#,
        },
        Signer {
            name: "twilio",
            import: "from twilio.request_validator import RequestValidator\nfrom urllib.parse import parse_qsl",
            sign: "form = dict(parse_qsl(body, keep_blank_values=True))\n\
                   headers = {'X-Twilio-Signature': RequestValidator(secret).compute_signature(url, form)}",
            verify: hmac(json!({ "algorithm": "sha1", "header": "X-Twilio-Signature", "signed": "{url}{form}",
                "encoding": "base64" })),
            secret: WEBHOOK_SECRET,
            content_type: form,
            body: "MessageSid=SM1&Body=Hi+there&From=%2B4912&Media=b&Empty=",
        },
        Signer {
            name: "standardwebhooks",
            import: "from standardwebhooks import Webhook\nimport datetime",
            sign: "at = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)\n\
                   s = Webhook(secret).sign('msg_1', at, body)\n\
                   headers = {'webhook-id': 'msg_1', 'webhook-timestamp': str(now), 'webhook-signature': s}",
            verify: json!({ "type": "standard_webhooks", "secret": "webhook_secret" }),
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            content_type: json,
            body: r#"{"id":"evt_1"}"#,
        },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_providers_library_signs_is_taken_and_one_bit_changed_is_not() {
    let Some(python) = installed("python") else { return };
    for signer in signers() {
        if !Command::new(&python).args(["-c", signer.import]).output().unwrap().status.success() {
            println!("skipped: the library {} is not installed; `cargo xtask peers install` installs it", signer.name);
            continue;
        }
        let hooked = Hooked::begin(json!({ "verify": signer.verify }), &[]).await;
        let path = format!("/integrations/{}/webhooks/secrets", hooked.integration);
        hooked.tenant.put(&path, json!({ "secrets": { "webhook_secret": signer.secret } })).await.expect(204);
        let signed = signed(&python, &signer, &hooked.url);
        let mut headers: Vec<(&str, &str)> = vec![("content-type", signer.content_type)];
        headers.extend(signed.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        assert_eq!(hooked.post(&headers, signer.body).await.status, 200, "{}", signer.name);
        let last = signer.body.len() - 4;
        let mut changed = signer.body.as_bytes().to_vec();
        changed[last] ^= 1;
        assert_eq!(hooked.post(&headers, changed).await.status, 404, "{}: body", signer.name);
        for at in 1..headers.len() {
            let mut value = headers[at].1.as_bytes().to_vec();
            let middle = value.len() / 2;
            value[middle] ^= 1;
            let value = String::from_utf8(value).unwrap();
            let mut other = headers.clone();
            other[at].1 = &value;
            assert_eq!(hooked.post(&other, signer.body).await.status, 404, "{}: {}", signer.name, other[at].0);
        }
    }
}

fn signed(python: &std::path::Path, signer: &Signer, url: &str) -> Vec<(String, String)> {
    let program = format!(
        "import json, sys, time\n{}\nsecret, url, body = sys.argv[1:]\nnow = int(time.time())\n{}\n\
         print(json.dumps(list(headers.items())))",
        signer.import, signer.sign
    );
    let output = Command::new(python).args(["-c", &program, signer.secret, url, signer.body]).output().unwrap();
    assert!(output.status.success(), "{}: {}", signer.name, String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
