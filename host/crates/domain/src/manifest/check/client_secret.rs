//! A verification that names the app's own secret: where it may, and what the permission sheet says of it.

use crate::manifest::Manifest;
use crate::sheet::{PermissionSheet, widened};

const GOOD: &str = r#"
    id = "acme"
    version = "1.0.0"
    provider = "acme"
    name = "Acme"
    description = "Sells."
    publisher = "acme"
    license = "MIT"
    category = "commerce"
    contract = "0.1.0"
    auth = [{ name = "oauth", type = "oauth2" }]
    [egress]
    base_url = "https://api.acme.example"
    allow = [{ host = "api.acme.example", methods = ["GET"], paths = ["/v1/**"] }]
    [credentials]
    type = "object"
    properties = { hook = { type = "string", writeOnly = true } }
    [oauth]
    grants = ["authorization_code"]
    authorize_url = "https://api.acme.example/authorize"
    token_url = "https://api.acme.example/token"
    client = {}
    [webhook.verify]
    type = "hmac"
    algorithm = "sha256"
    secret = "oauth.client_secret"
    header = "X-Signature"
    encoding = "base64"
    signed = "{body}"
"#;

const OAUTH: &str = r#"[oauth]
    grants = ["authorization_code"]
    authorize_url = "https://api.acme.example/authorize"
    token_url = "https://api.acme.example/token"
    client = {}"#;

fn check(changes: &[(&str, &str)], expect: &str) {
    let text = changes.iter().fold(GOOD.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the case changes nothing: {from}");
        text.replace(from, to)
    });
    let error = Manifest::from_toml(&text).unwrap_err().to_string();
    assert!(error.contains(expect), "{error}");
}

#[test]
fn it_is_for_apps_that_have_a_secret_and_no_field_is_called_so() {
    Manifest::from_toml(GOOD).unwrap();
    let in_template = GOOD
        .replace("\"{body}\"", "\"{body}{field:oauth.client_secret}\"")
        .replace("secret = \"oauth.client_secret\"", "secret = \"hook\"");
    Manifest::from_toml(&in_template).unwrap();
    check(&[(OAUTH, ""), ("auth = [{ name = \"oauth\", type = \"oauth2\" }]", "auth = []")], "needs `[oauth]`");
    for auth in ["none", "private_key_jwt"] {
        check(&[("client = {}", &format!("client = {{ auth = \"{auth}\" }}"))], "the app has no secret");
    }
    let own = "client = { from = \"credential\", id = \"hook\", secret = \"hook\" }";
    check(&[("client = {}", own)], "name the credential field of `oauth.client.secret`");
    check(&[("hook = {", "\"oauth.client_secret\" = {")], "name the field otherwise");
    check(&[("\"oauth.client_secret\"", "\"oauth.secret\"")], "`oauth.secret` is not a property");
    // No auth scheme sends it anywhere.
    check(
        &[(
            "type = \"oauth2\" }",
            "type = \"oauth2\" }, { name = \"b\", type = \"bearer\", secret = \"oauth.client_secret\" }",
        )],
        "$.auth[1]",
    );
    let keep = "[[webhook.handshakes]]\n method = \"POST\"\n take = \"/c\"\n keep = \"oauth.client_secret\"\n [webhook.verify]";
    check(&[("[webhook.verify]", keep)], "can not be kept");
}

#[test]
fn a_tenant_that_did_not_agree_to_it_is_asked() {
    let sheet = |text: &str| PermissionSheet::of(&Manifest::from_toml(text).unwrap(), &[], &[]);
    let (by_app, by_field) = (sheet(GOOD), sheet(&GOOD.replace("oauth.client_secret", "hook")));
    let found: Vec<String> = widened(&by_field, &by_app).into_iter().map(|one| one.message).collect();
    assert_eq!(found, ["`oauth.client_secret` is attached here: nowhere: it only verifies webhooks"]);
    assert_eq!(widened(&by_app, &by_app), []);
}
