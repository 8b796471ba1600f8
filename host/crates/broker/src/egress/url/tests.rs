//! That a URL means to the provider what it meant to the rules.

use gatehouse_domain::integration::Environment;
use gatehouse_domain::manifest::Manifest;
use gatehouse_domain::sheet::PermissionSheet;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::egress::origin::Origins;
use crate::message::Method;

const SANDBOX: &str = "http://127.0.0.1:8420";

fn policy(settings: Value) -> Policy {
    let manifest = Manifest::from_toml(
        r#"
        id = "acme"
        version = "1.0.0"
        provider = "acme"
        name = "Acme"
        description = "Sells everything."
        publisher = "acme"
        license = "MIT"
        category = "payments"
        contract = "0.1.0"
        [egress]
        base_url = "https://{shop}.acme.example/api"
        allow = [
            { host = "{shop}.acme.example", methods = ["GET", "POST"], paths = ["/api/v1/**"] },
            { host = "files.acme.example", methods = ["GET"], paths = ["/files/*"] },
        ]
        "#,
    );
    let manifest = manifest.unwrap();
    let consent = PermissionSheet::of(&manifest, &[], &[]);
    let settings: Map<String, Value> = settings.as_object().unwrap().clone();
    Policy::new(&manifest, &consent, &settings, Environment::Live, &Origins::new(&[SANDBOX.to_owned()]).unwrap())
        .unwrap()
}

fn own() -> Policy {
    policy(json!({ "shop": "north" }))
}

fn check(policy: &Policy, text: &str, expect: Result<&str, &str>) {
    let target = resolve(policy, text).and_then(|target| {
        policy.check(Method::Get, &target.host, &target.path)?;
        Ok(target.url.to_string())
    });
    match (target, expect) {
        (Ok(url), Ok(expected)) => assert_eq!(url, expected, "{text:?}"),
        (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{text:?}: {error}"),
        (other, _) => panic!("{text:?}: {other:?}, not {expect:?}"),
    }
}

#[test]
fn paths_lead_under_the_base_and_urls_to_allowed_hosts() {
    let own = own();
    check(&own, "/v1/orders", Ok("https://north.acme.example/api/v1/orders"));
    check(&own, "/v1/orders?limit=1&a=//", Ok("https://north.acme.example/api/v1/orders?limit=1&a=//"));
    check(&own, "/v1/a%20b/{c}", Ok("https://north.acme.example/api/v1/a%20b/%7Bc%7D"));
    check(&own, "https://north.acme.example/api/v1/x", Ok("https://north.acme.example/api/v1/x"));
    check(&own, "HTTPS://Files.Acme.Example/files/1", Ok("https://files.acme.example/files/1"));
}

#[test]
fn what_no_rule_covers_is_denied_with_the_line_that_is_missing() {
    let own = own();
    check(
        &own,
        "/v2/orders",
        Err(r#"add `{ host = "north.acme.example", methods = ["GET"], paths = ["/api/v2/orders"] }`"#),
    );
    check(&own, "https://evil.example/api/v1/x", Err(r#"host = "evil.example""#));
    check(&own, "https://south.acme.example/api/v1/x", Err("not allowed by the manifest"));
    check(&own, "https://files.acme.example/files/1/2", Err("not allowed by the manifest"));
    check(&own, "https://files.acme.example/api/v1/x", Err("not allowed by the manifest"));
    check(&own, "https://north.acme.example.evil.example/api/v1/x", Err("not allowed by the manifest"));
}

#[test]
fn another_scheme_form_or_spelling_of_a_host_is_refused() {
    let own = own();
    for text in [
        "http://north.acme.example/api/v1/x",
        "ftp://north.acme.example/x",
        "file:///etc/passwd",
        "https://u@north.acme.example/api/v1/x",
        "https://u:p@north.acme.example/api/v1/x",
        "https://north.acme.example@evil.example/api/v1/x",
        "https://north.acme.example:8443/api/v1/x",
        "https://north.acme.example:443/api/v1/x",
        "https://north.acme.example./api/v1/x",
        "https://north.acme.example:/api/v1/x",
        "https://north%2eacme.example/api/v1/x",
        "https://north.acme.example%00.evil.example/x",
        "https://xn--nrth-5qa.acme.example/api/v1/x",
        "https://nörth.acme.example/api/v1/x",
        "https://north\u{3002}acme.example/api/v1/x",
        "https://127.0.0.1/api/v1/x",
        "https://127.1/api/v1/x",
        "https://2130706433/api/v1/x",
        "https://0x7f.1/api/v1/x",
        "https://0177.0.0.1/api/v1/x",
        "https://[::1]/api/v1/x",
        "https://[::ffff:1.1.1.1]/api/v1/x",
        "https://1.1.1.1/api/v1/x",
        "https:///api/v1/x",
        "https://",
        "https://localhost/api/v1/x",
        "//evil.example/api/v1/x",
        "https:/north.acme.example/api/v1/x",
        "https:north.acme.example/api/v1/x",
        "https:\\\\north.acme.example\\api",
        "https://north.acme.example\\@evil.example/api/v1/x",
        " https://north.acme.example/api/v1/x",
        "https://north.acme.example/api/v1/x#frag",
        "v1/orders",
        "",
        "?x=1",
        "javascript:alert(1)",
        SANDBOX,
    ] {
        assert!(resolve(&own, text).is_err(), "{text:?}");
    }
}

#[test]
fn a_path_that_two_servers_could_read_differently_is_refused() {
    let own = own();
    for text in [
        "/v1/../admin",
        "/v1/./x",
        "/v1/..",
        "/..",
        "/v1/%2e%2e/admin",
        "/v1/.%2E/admin",
        "/v1/%2e",
        "/v1/a%2fb",
        "/v1/a%2Fb",
        "/v1/a%5cb",
        "/v1//x",
        "//x",
        "/v1/x//",
        "/v1/..;/admin",
        "/v1/.;x=1/y",
        "/v1/a\\b",
        "/v1/a\tb",
        "/v1/a\nb",
        "/v1/a b",
        "/v1/a%",
        "/v1/a%2",
        "/v1/a%zz",
        "/v1/a%00",
        "/v1/a%0d%0ahost:x",
        "/v1/a%7f",
        "/v1/%252e%252e/admin",
        "/v1/%2541",
        "/v1/ä",
        "/v1/x#y",
        "/v1/a%+1",
    ] {
        assert!(resolve(&own, text).is_err(), "{text:?}");
    }
    let long = format!("/v1/{}", "a".repeat(9_000));
    assert!(resolve(&own, &long).is_err());
}

#[test]
fn an_operators_origin_stands_in_for_the_base_and_for_nothing_else() {
    let bare = policy(json!({ "base_url": SANDBOX }));
    check(&bare, "/v1/x", Ok("http://127.0.0.1:8420/api/v1/x"));
    check(&bare, "http://127.0.0.1:8420/api/v1/x", Ok("http://127.0.0.1:8420/api/v1/x"));
    check(&bare, "http://127.0.0.1:8420/admin", Err("not allowed by the manifest"));
    check(&bare, "http://127.0.0.1:8421/api/v1/x", Err("nothing else may be reached"));
    check(&bare, "http://127.0.0.1:8420@evil.example/api/v1/x", Err("nothing else may be reached"));
    check(&bare, "https://north.acme.example/api/v1/x", Err("nothing else may be reached"));
    check(&bare, "https://files.acme.example/files/1", Err("nothing else may be reached"));
    let under = policy(json!({ "base_url": "http://127.0.0.1:8420/acme/", "shop": "north" }));
    check(&under, "/v1/x", Ok("http://127.0.0.1:8420/acme/api/v1/x"));
    check(&under, "http://127.0.0.1:8420/acme/api/v1/x", Ok("http://127.0.0.1:8420/acme/api/v1/x"));
    check(&under, "http://127.0.0.1:8420/other/api/v1/x", Err("stay under it"));
    check(&under, "http://127.0.0.1:8420/acmeapi/v1/x", Err("stay under it"));
}

#[test]
fn reserved_parameters_are_found_however_they_are_spelt() {
    let own = own();
    let found = |text: &str| {
        let target = resolve(&own, text).unwrap();
        check_parameters(&target.url, &["api_key"]).is_err()
    };
    for text in [
        "/v1/x?api_key=1",
        "/v1/x?a=1&API_key=1",
        "/v1/x?api%5Fkey=1",
        "/v1/x?a=1;api_key=1",
        "/v1/x?api_key",
        "/v1/x?api_key[]=1",
        "/v1/x?%20api_key=1",
        "/v1/x?+api_key+=1",
    ] {
        assert!(found(text), "{text}");
    }
    assert!(!found("/v1/x?my_api_key=1&q=api_key"));
}

#[test]
fn pairs_are_encoded_so_that_they_stay_values() {
    let mut url = Url::parse("https://a.example/x?a=1").unwrap();
    let pairs = [("b&c", "d=e#f"), ("g h", "ü+%")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    add_query(&mut url, &pairs).unwrap();
    assert_eq!(url.as_str(), "https://a.example/x?a=1&b%26c=d%3De%23f&g%20h=%C3%BC%2B%25");
    assert!(add_query(&mut url, &[("x".to_owned(), "y".repeat(9_000))]).is_err());
}

fn holds(policy: &Policy, text: &str) -> Result<(), TestCaseError> {
    let Ok(target) = resolve(policy, text) else { return Ok(()) };
    if policy.check(Method::Get, &target.host, &target.path).is_err() {
        return Ok(());
    }
    let url = target.url.as_str();
    let again = Url::parse(url).unwrap();
    prop_assert_eq!(again.scheme(), "https");
    let host = again.host_str().unwrap_or_default();
    let under_rule = (host == "north.acme.example" && again.path().starts_with("/api/v1/"))
        || (host == "files.acme.example" && again.path().starts_with("/files/"));
    prop_assert!(under_rule, "{} became {}", text, url);
    prop_assert!(again.port().is_none() && again.username().is_empty() && again.fragment().is_none());
    let path = again.path().to_ascii_lowercase();
    prop_assert!(!path.contains("..") || !path.split('/').any(|part| part == ".."), "{}", url);
    prop_assert!(!path.contains("%2e") && !path.contains("%2f") && !path.contains("//"), "{}", url);
    // A second reader of URLs sees the same place.
    let uri: http::Uri = url.parse().unwrap();
    prop_assert_eq!(uri.host(), Some(host));
    prop_assert_eq!(uri.path(), again.path());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]
    #[test]
    fn whatever_is_allowed_stays_on_an_allowed_host_and_path(parts in proptest::collection::vec(
        proptest::sample::select(vec![
            "https://", "http://", "//", "/", "north.acme.example", "files.acme.example", "evil.example", "@", ":", ".",
            "..", "%2e", "%2f", "%252e", "\\", "?", "#", ";", "&", "api", "v1", "/v1/", "/api/v1/", "/files/", "x", "%00",
            "\t", "\n", "127.0.0.1", "[::1]", "443", "xn--a", "ü", " ", "%", "*",
        ]), 0..10)) {
        holds(&own(), &parts.concat())?;
        holds(&own(), &format!("/v1/{}", parts.concat()))?;
        holds(&own(), &format!("https://north.acme.example/api/v1/{}", parts.concat()))?;
    }

    #[test]
    fn no_text_at_all_breaks_out(text in "\\PC{0,60}") {
        holds(&own(), &text)?;
        holds(&own(), &format!("/{text}"))?;
        holds(&own(), &format!("https://{text}"))?;
    }
}
