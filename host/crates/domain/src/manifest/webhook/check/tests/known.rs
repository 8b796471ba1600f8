//! How each known provider signs, with how far that is to be believed and which secrets it needs.

use crate::webhook::Trust::{self, Authenticated, Untrusted, Verified};

pub(super) const KNOWN: &[(&str, Trust, &[&str])] = &[
    // A hash over time and body, in pairs.
    (
        r#"
        dedupe = "/id"
        [verify]
        type = "hmac"
        algorithm = "sha256"
        secret = "webhook_secret"
        header = "Acme-Signature"
        format = { style = "pairs", timestamp = "t", signature = "v1" }
        encoding = "hex"
        signed = "{timestamp}.{body}"
        tolerance_seconds = 300
        "#,
        Verified,
        &["webhook_secret"],
    ),
    // The same, with another separator.
    (
        r#"
        [verify]
        type = "hmac"
        algorithm = "sha256"
        secret = "s"
        header = "Acme-Signature"
        format = { style = "pairs", timestamp = "ts", signature = "h1", separator = ";" }
        encoding = "hex"
        signed = "{timestamp}:{body}"
        tolerance_seconds = 5
        "#,
        Verified,
        &["s"],
    ),
    // Only the body; the id in a header.
    (
        r#"
        dedupe = "X-Acme-Event-Id"
        verify = { type = "hmac", algorithm = "sha256", secret = "s", header = "X-Acme-Signature", encoding = "hex", signed = "{body}" }
        "#,
        Verified,
        &["s"],
    ),
    // SHA-512.
    (
        r#"verify = { type = "hmac", algorithm = "sha512", secret = "s", header = "x-acme-signature", encoding = "hex", signed = "{body}" }"#,
        Verified,
        &["s"],
    ),
    // Our address before the body.
    (
        r#"verify = { type = "hmac", algorithm = "sha256", secret = "s", header = "x-sig", encoding = "base64", signed = "{url}{body}" }"#,
        Verified,
        &["s"],
    ),
    // Method, address, body, time in milliseconds.
    (
        r#"
        [verify]
        type = "hmac"
        algorithm = "sha256"
        secret = "client_secret"
        header = "X-Acme-Signature-v3"
        encoding = "base64"
        signed = "{method}{url}{body}{timestamp}"
        timestamp_header = "X-Acme-Request-Timestamp"
        timestamp_unit = "milliseconds"
        tolerance_seconds = 300
        "#,
        Verified,
        &["client_secret"],
    ),
    // A probe with a wrong signature has to be told so.
    (
        r#"
        refuse_with_401 = true
        verify = { type = "hmac", algorithm = "sha256", secret = "s", header = "x-sig", encoding = "base64", signed = "{body}" }
        "#,
        Verified,
        &["s"],
    ),
    // A prefix, and a signed challenge.
    (
        r#"
        dedupe = "/event_id"
        [verify]
        type = "hmac"
        algorithm = "sha256"
        secret = "signing_secret"
        header = "X-Acme-Signature"
        format = { style = "prefixed", prefix = "v0=" }
        encoding = "hex"
        signed = "v0:{timestamp}:{body}"
        timestamp_header = "X-Acme-Request-Timestamp"
        tolerance_seconds = 300
        [[handshakes]]
        method = "POST"
        when = { at = "/type", equals = "url_verification" }
        take = "/challenge"
        verified = true
        "#,
        Verified,
        &["signing_secret"],
    ),
    // A prefix with a space, and a secret that is itself encoded.
    (
        r#"
        [verify]
        type = "hmac"
        algorithm = "sha256"
        secret = "s"
        secret_encoding = "base64"
        header = "Authorization"
        format = { style = "prefixed", prefix = "HMAC " }
        encoding = "base64"
        signed = "{body}"
        "#,
        Verified,
        &["s"],
    ),
    // Several headers, of which one has to fit.
    (
        r#"verify = { type = "hmac", algorithm = "sha256", secret = "s", header = "X-Acme-Signature-*", encoding = "base64", signed = "{body}" }"#,
        Verified,
        &["s"],
    ),
    // Address and sorted form; a hash in the query for any other body.
    (
        r#"
        [verify]
        type = "hmac"
        algorithm = "sha1"
        secret = "auth_token"
        header = "X-Acme-Signature"
        encoding = "base64"
        signed = "{url}{form}"
        body_hash = { at = "query:bodySHA256", encoding = "hex" }
        "#,
        Verified,
        &["auth_token"],
    ),
    // Body, then our address.
    (
        r#"
        verify = { type = "hmac", algorithm = "sha1", secret = "s", header = "x-acme-webhook", encoding = "base64", signed = "{body}{url}" }
        handshakes = [{ method = "GET", answer = "empty" }]
        "#,
        Verified,
        &["s"],
    ),
    // JSON that is rebuilt from a form; the secret comes in a handshake.
    (
        r#"
        [verify]
        type = "hmac"
        algorithm = "sha256"
        secret = "verifier"
        header = "X-Acme-Hmac-SHA256"
        encoding = "base64"
        signed = "{form_json}"
        [[handshakes]]
        method = "POST"
        when = { at = "form:name", equals = "callback.verify" }
        take = "form:verifier"
        keep = "verifier"
        answer = "empty"
        "#,
        Verified,
        &["verifier"],
    ),
    // Fields of the body joined, the signature among them.
    (
        r#"
        [verify]
        type = "hmac"
        algorithm = "sha256"
        secret = "hmac_key"
        secret_encoding = "hex"
        header = "/items/0/extra/signature"
        encoding = "base64"
        signed = "{at:/items/0/reference}:{at:/items/0/amount/value}:{at:/items/0/success}"
        "#,
        Verified,
        &["hmac_key"],
    ),
    // RSA over a checksum, the certificate fetched from a pinned host.
    (
        r#"
        [verify]
        type = "certificate"
        certificate = "acme-cert-url"
        hosts = ["acme.example", "*.acme.example"]
        algorithm = "rsa_sha256"
        header = "acme-transmission-sig"
        encoding = "base64"
        signed = "{at:acme-transmission-id}|{timestamp}|{field:webhook_id}|{body_crc32}"
        timestamp_header = "acme-transmission-time"
        timestamp_unit = "rfc3339"
        tolerance_seconds = 259200
        "#,
        Verified,
        &["webhook_id"],
    ),
    // RSA over named lines, the algorithm named by the delivery, the topic by the tenant.
    (
        r#"
        dedupe = "/MessageId"
        require = [{ at = "/TopicArn", field = "topic" }]
        [verify]
        type = "certificate"
        certificate = "/SigningCertURL"
        hosts = ["sns.*.acme.example"]
        name = "sns.acme.example"
        algorithm_at = "/SignatureVersion"
        algorithms = { 1 = "rsa_sha1", 2 = "rsa_sha256" }
        header = "/Signature"
        encoding = "base64"
        signed = "{lines:Message,MessageId,Subject?,SubscribeURL?,Timestamp,Token?,TopicArn,Type}"
        [[handshakes]]
        method = "POST"
        when = { at = "/Type", equals = "SubscriptionConfirmation" }
        verified = true
        confirm = { url = "/SubscribeURL", hosts = ["sns.*.acme.example"] }
        answer = "empty"
        "#,
        Verified,
        &["topic"],
    ),
    // ECDSA.
    (
        r#"
        [verify]
        type = "public_key"
        algorithm = "ecdsa_p256"
        key = "verification_key"
        header = "X-Acme-Signature"
        encoding = "base64"
        signed = "{timestamp}{body}"
        timestamp_header = "X-Acme-Timestamp"
        "#,
        Verified,
        &["verification_key"],
    ),
    // Ed25519.
    (
        r#"
        [verify]
        type = "public_key"
        algorithm = "ed25519"
        key = "public_key"
        header = "X-Signature-Ed25519"
        encoding = "hex"
        signed = "{timestamp}{body}"
        timestamp_header = "X-Signature-Timestamp"
        tolerance_seconds = 300
        "#,
        Verified,
        &["public_key"],
    ),
    (r#"verify = { type = "standard_webhooks", secret = "s" }"#, Verified, &["s"]),
    // A token of the provider's own account, for our address.
    (
        r#"
        dedupe = "/message/messageId"
        [verify]
        type = "jwt"
        algorithms = ["RS256"]
        jwks = "https://keys.acme.example/certs"
        issuers = ["https://accounts.acme.example"]
        audience = "{field:audience}"
        claims = { email = "{field:service_account}" }
        "#,
        Authenticated,
        &["audience", "service_account"],
    ),
    // A token that is bound to the body.
    (
        r#"
        [verify]
        type = "jwt"
        header = "Acme-Signature-JWT"
        algorithms = ["HS256"]
        secret = "signing_key"
        body_hash = { claim = "payload_hash", encoding = "hex" }
        "#,
        Verified,
        &["signing_key"],
    ),
    // Token equality: in a header, in the query, in each element of the body.
    (
        r#"
        dedupe = "X-Acme-Message-Number"
        verify = { type = "token", header = "X-Acme-Channel-Token", secret = "channel_token" }
        "#,
        Authenticated,
        &["channel_token"],
    ),
    (
        r#"
        verify = { type = "token", header = "query:secret", secret = "url_secret" }
        handshakes = [{ method = "GET", answer = "empty" }]
        "#,
        Authenticated,
        &["url_secret"],
    ),
    (
        r#"
        verify = { type = "token", header = "/value/*/clientState", secret = "client_state" }
        handshakes = [{ method = "POST", take = "query:validationToken" }]
        "#,
        Authenticated,
        &["client_state"],
    ),
    (r#"verify = { type = "basic", username = "user", password = "pass" }"#, Authenticated, &["pass", "user"]),
    (r#"verify = { type = "unsigned" }"#, Untrusted, &[]),
    // A verify token, and hashes of challenges.
    (
        r#"
        verify = { type = "hmac", algorithm = "sha256", secret = "s", header = "X-Hub-Signature-256", encoding = "hex", signed = "{body}", format = { style = "prefixed", prefix = "sha256=" } }
        [[handshakes]]
        method = "GET"
        when = { at = "query:hub.mode", equals = "subscribe" }
        take = "query:hub.challenge"
        token = { at = "query:hub.verify_token", secret = "verify_token" }
        [[handshakes]]
        method = "GET"
        take = "query:crc_token"
        hash = { algorithm = "sha256", secret = "s", encoding = "base64" }
        answer = { json = { response_token = "sha256={hash}" } }
        [[handshakes]]
        method = "POST"
        when = { at = "/event", equals = "endpoint.url_validation" }
        take = "/payload/plainToken"
        hash = { algorithm = "sha256", secret = "s", encoding = "hex" }
        answer = { json = { plainToken = "{challenge}", encryptedToken = "{hash}" } }
        "#,
        Verified,
        &["s", "verify_token"],
    ),
];
