//! Every way in which a known provider signs its webhooks can be said, and what would let
//! somebody else in is refused.

mod known;

use known::KNOWN;

use super::*;

/// Reads rules from TOML and gives the problems they have.
fn problems(text: &str) -> Vec<String> {
    let rules: WebhookRules = match toml::from_str(text) {
        Ok(rules) => rules,
        Err(error) => return vec![error.to_string()],
    };
    let json = serde_json::to_vec(&rules).unwrap();
    assert_eq!(serde_json::from_slice::<WebhookRules>(&json).unwrap(), rules, "it does not survive its JSON form");
    let mut problems = Vec::new();
    rules.check("$.webhook", &mut problems);
    problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
}

#[test]
fn every_known_scheme_can_be_said() {
    for (text, expect, fields) in KNOWN {
        assert_eq!(problems(text), Vec::<String>::new(), "{text}");
        let rules: WebhookRules = toml::from_str(text).unwrap();
        assert_eq!(rules.trust(), *expect, "{text}");
        assert_eq!(rules.fields(), *fields, "{text}");
    }
}

fn check(text: &str, expect: &str) {
    let problems = problems(text).join("\n");
    assert!(problems.contains(expect), "`{problems}` lacks `{expect}`: {text}");
}

fn hmac(change: (&str, &str)) -> String {
    const GOOD: &str = r#"verify = { type = "hmac", algorithm = "sha256", secret = "s", header = "x", encoding = "hex", signed = "{body}" }"#;
    assert!(GOOD.contains(change.0), "the case changes nothing");
    GOOD.replace(change.0, change.1)
}

#[test]
fn what_would_let_somebody_else_in_is_refused() {
    check(&hmac(("{body}", "{url}")), "$.webhook.verify.signed");
    check(&hmac(("{body}", "{timestamp}{body}")), "$.webhook.verify.tolerance_seconds");
    check(&hmac(("{body}", "{timestamp}{body}\", timestamp_header = \"y")), "$.webhook.verify.tolerance_seconds");
    check(&hmac(("\"{body}\"", "\"{body}\", tolerance_seconds = 0")), "0 is not between 1 and 604800");
    check(&hmac(("{body}", "{bodi}")), "`{bodi}` is no placeholder");
    check(&hmac(("\"x\"", "\"x y\"")), "`x y` is no place");
    check(&hmac(("sha256", "md5")), "md5");
    check(&hmac(("secret", "sekret")), "sekret");
    check(r#"verify = { type = "unsigned", secret = "s" }"#, "secret");
}

#[test]
fn a_certificate_comes_from_a_named_host_only() {
    let with = |hosts: &str, more: &str| {
        format!(
            r#"verify = {{ type = "certificate", certificate = "u", hosts = {hosts}, header = "s", encoding = "base64", signed = "{{body}}" {more} }}"#
        )
    };
    let algorithm = r#", algorithm = "rsa_sha256""#;
    check(&with("[]", algorithm), "must name a host");
    for host in ["*", "*.com", "a.*", "A.example", "acme.*.example*", "acme", "", "a..example"] {
        check(&with(&format!("[\"{host}\"]"), algorithm), "is no host name");
    }
    check(&with(r#"["a.example"]"#, ""), "$.webhook.verify.algorithm");
    let both = r#", algorithm = "rsa_sha256", algorithm_at = "v", algorithms = { 1 = "rsa_sha1" }"#;
    check(&with(r#"["a.example"]"#, both), "$.webhook.verify.algorithm");
}

#[test]
fn a_token_says_whose_it_is() {
    let jwt = |rest: &str| format!(r#"verify = {{ type = "jwt", {rest} }}"#);
    check(&jwt(r#"algorithms = []"#), "$.webhook.verify.algorithms");
    check(&jwt(r#"algorithms = ["HS256", "RS256"], secret = "s""#), "$.webhook.verify.algorithms");
    check(&jwt(r#"algorithms = ["none"]"#), "none");
    check(&jwt(r#"algorithms = ["RS256"], secret = "s""#), "need `jwks`");
    check(&jwt(r#"algorithms = ["HS256"], secret = "s", jwks = "https://a.example""#), "no `jwks`");
    check(&jwt(r#"algorithms = ["RS256"], jwks = "http://a.example""#), "https://");
    check(&jwt(r#"algorithms = ["RS256"], jwks = "https://a.example", audience = "x""#), "`issuers`");
    check(&jwt(r#"algorithms = ["RS256"], jwks = "https://a.example", issuers = ["x"]"#), "`audience`");
}

#[test]
fn a_handshake_answers_with_what_it_has() {
    let with = |handshake: &str| {
        format!("verify = {{ type = \"unsigned\" }}\nhandshakes = [{{ method = \"GET\", {handshake} }}]")
    };
    check(&with(r#"answer = { text = "{challenge}" }"#), "{challenge}");
    check(&with(r#"take = "query:c", answer = { json = { a = "{hash}" } }"#), "{hash}");
    check(&with(r#"answer = "empty", keep = "s""#), "handshakes[0].take");
    check(&with(r#"answer = "empty", confirm = { url = "/u", hosts = ["a.example"] }"#), "handshakes[0].verified");
    check(&with(r#"answer = "empty", verified = true, confirm = { url = "/u", hosts = [] }"#), "must name a host");
    check(
        &format!(
            "verify = {{ type = \"unsigned\" }}\nhandshakes = [{}]",
            r#"{ method = "GET", answer = "empty" },"#.repeat(9)
        ),
        "more than 8",
    );
}

#[test]
fn a_list_is_read_for_events_that_are_named() {
    let with = |more: &str| format!("{}\n{more}", hmac(("{body}", "{body}")));
    check(&with("backfill = { window_hours = 720 }"), "$.webhook.backfill: needs `events`");
    check(
        &with("events = [\"a\"]\nbackfill = { window_hours = 0 }"),
        "$.webhook.backfill.window_hours: 0 is not between",
    );
    assert_eq!(problems(&with("events = [\"a\"]\nbackfill = { window_hours = 720 }")), [""; 0]);
}
