//! The rules of OAuth, broken one by one.

use crate::manifest::Manifest;

const GOOD: &str = r#"
    id = "acme"
    version = "1.0.0"
    provider = "acme"
    name = "Acme"
    description = "Sells everything."
    publisher = "acme"
    license = "MIT"
    category = "commerce"
    contract = "0.1.0"
    auth = [{ name = "oauth", type = "oauth2", header = "X-Access-Token", prefix = "" }]
    [egress]
    base_url = "https://{shop}.acme.example"
    allow = [{ host = "{shop}.acme.example", methods = ["GET"], paths = ["/v1/**"] }]
    [settings]
    type = "object"
    properties = { shop = { type = "string" } }
    [credentials]
    type = "object"
    properties = { client_id = { type = "string" }, key = { type = "string", writeOnly = true } }
    [oauth]
    grants = ["authorization_code", "jwt_bearer"]
    authorize_url = "https://{shop}.acme.example/oauth/{shop}/authorize"
    token_url = "https://{shop}.acme.example/oauth/token"
    issuer = "https://auth.acme.example"
    issuer_required = true
    scopes = ["read", "write"]
    scope_separator = ","
    pkce = "refused"
    authorize_parameters = { access_type = "offline" }
    capture = [
        { name = "team", at = "/team/id" },
        { name = "realm", from = "callback", at = "realmId", required = false },
        { name = "dc", at = "/instance_url", pattern = "https://*.acme.example" },
    ]
    [oauth.sandbox]
    token_url = "https://sandbox.acme.example/oauth/token"
    audience = "sandbox"
    [oauth.client]
    from = "credential"
    id = "client_id"
    private_key = "key"
    auth = "private_key_jwt"
    [oauth.assertion]
    algorithm = "ES256"
    audience = "issuer"
    claims = { scope = "{scope}" }
    [oauth.token]
    parameters = { expiring = "1" }
    lifetime_seconds = 3600
    rotates = true
    expired_codes = ["invalid_refresh_token"]
    [oauth.callback]
    hmac = "hmac"
    expect = { shop = "{shop}.acme.example" }
    [oauth.lookup]
    url = "https://login.acme.example/metadata"
    capture = [{ name = "account", at = "/accounts/0/id" }]
    [oauth.revoke]
    url = "https://api.acme.example/oauth/refresh-tokens/{token}"
    method = "DELETE"
    place = "path"
    auth = "none"
"#;

fn check(change: (&str, &str), expect: &str) {
    assert!(GOOD.contains(change.0), "the case `{}` changes nothing", change.0);
    let error = Manifest::from_toml(&GOOD.replacen(change.0, change.1, 1)).unwrap_err().to_string();
    assert!(error.contains(expect), "{error} lacks {expect}");
}

#[test]
fn good_rules_survive_their_json_form_and_know_their_sandbox() {
    let manifest = Manifest::from_toml(GOOD).unwrap();
    let json = serde_json::to_vec(&manifest).unwrap();
    assert_eq!(Manifest::from_json(&json).unwrap(), manifest);
    let oauth = manifest.oauth.unwrap();
    assert_eq!(oauth.scope(), "read,write");
    assert_eq!(oauth.facts().collect::<Vec<_>>(), ["team", "realm", "dc", "account"]);
    let sandbox = oauth.in_sandbox();
    assert_eq!(sandbox.token_url, "https://sandbox.acme.example/oauth/token");
    assert_eq!(sandbox.authorize_url, oauth.authorize_url);
    assert_eq!(sandbox.assertion.unwrap().audience, "sandbox");
}

#[test]
fn the_least_that_a_provider_needs_is_little() {
    let least = r#"
        [oauth]
        grants = ["client_credentials"]
        token_url = "https://api.acme.example/token"
    "#;
    let (head, _) = GOOD.split_once("[oauth]").unwrap();
    let oauth = Manifest::from_toml(&format!("{head}{least}")).unwrap().oauth.unwrap();
    assert_eq!(oauth.scope_separator, " ");
    assert_eq!(oauth.token.types, ["bearer"]);
    assert_eq!(oauth.token.access_token, "/access_token");
}

#[test]
fn each_broken_rule_is_named() {
    for (from, to, expect) in [
        (r#"type = "oauth2", header = "X-Access-Token", prefix = """#, r#"type = "none""#, "$.auth: no auth scheme"),
        ("https://{shop}.acme.example/oauth/token", "http://acme.example/token", "$.oauth.token_url: `http://"),
        ("https://{shop}.acme.example/oauth/token", "https://{shop}.example/token", "two fixed labels"),
        ("https://{shop}.acme.example/oauth/token", "https://acme.example", "must have a path"),
        ("https://{shop}.acme.example/oauth/token", "https://acme.example/t?a=b", "no query"),
        ("https://{shop}.acme.example/oauth/token", "https://{store}.acme.example/t", "`{store}` is not a property"),
        ("https://sandbox.acme.example", "https://sandbox", "$.oauth.sandbox.token_url"),
        (r#"["authorization_code", "jwt_bearer"]"#, "[]", "$.oauth.grants"),
        (r#"["authorization_code", "jwt_bearer"]"#, r#"["jwt_bearer"]"#, "$.oauth.authorize_url: belongs"),
        (r#"["authorization_code", "jwt_bearer"]"#, r#"["password"]"#, "password"),
        (r#"issuer = "https://auth.acme.example""#, "", "$.oauth.issuer: is needed by `issuer_required`"),
        (r#"access_type = "#, "state = ", "$.oauth.authorize_parameters.state"),
        (r#"expiring = "1""#, r#"code = "1""#, "$.oauth.token.parameters.code"),
        ("/team/id", "team", "$.oauth.capture[0].at"),
        ("/team/id", "/user/access_token", "`access_token` is a secret"),
        ("realmId", "code", "`code` is a secret"),
        (r#"name = "realm""#, r#"name = "team""#, "`team` occurs twice"),
        (r#"name = "realm""#, r#"name = "base_url""#, "`base_url`"),
        (r#"name = "account""#, r#"name = "team""#, "$.oauth.lookup.capture[0].name"),
        ("https://*.acme.example\" }", "https://acme.example\" }", "must hold one `*`"),
        (r#"private_key = "key""#, "", "$.oauth.client.private_key"),
        (r#"id = "client_id""#, "", "$.oauth.client.id"),
        (r#"from = "credential""#, "", "$.oauth.client: names fields"),
        (r#"private_key = "key""#, r#"private_key = "pem""#, "`pem` is not a property"),
        (r#"auth = "private_key_jwt""#, r#"auth = "body""#, "$.oauth.client.secret"),
        (r#"claims = { scope"#, r#"claims = { exp"#, "$.oauth.assertion.claims.exp"),
        (r#"audience = "issuer""#, "audience = \"issuer\"\nlifetime_seconds = 4000", "4000 is not between"),
        ("lifetime_seconds = 3600", "lifetime_seconds = 0", "$.oauth.token.lifetime_seconds"),
        (r#"shop = "{shop}."#, r#"shop = "{store}."#, "$.oauth.callback.expect.shop"),
        ("/{token}", "", "$.oauth.revoke.url"),
        (r#"method = "DELETE""#, r#"method = "PUT""#, "$.oauth.revoke.method"),
        (r#"auth = "none""#, r#"auth = "body""#, "$.oauth.revoke.auth"),
        (r#"place = "path""#, r#"place = "header""#, "$.oauth.revoke.auth: must be `scheme`"),
        ("rotates = true", "rotate = true", "rotate"),
    ] {
        check((from, to), expect);
    }
    let (head, _) = GOOD.split_once("[oauth]").unwrap();
    let error = Manifest::from_toml(head).unwrap_err().to_string();
    assert!(error.contains("$.oauth: is needed by the auth scheme"), "{error}");
}
