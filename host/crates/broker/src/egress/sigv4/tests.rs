//! Signatures against the published ones of the scheme's test suite, and against those of its inventor's own library
//! for the same requests.

use serde_json::json;

use super::*;
use crate::secret::Secret;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn scheme() -> AuthScheme {
    let rules = Sigv4 {
        access_key_id: "id".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: Some("token".to_owned()),
        service: "service".to_owned(),
        region: "{region}".to_owned(),
    };
    AuthScheme { name: "signed".to_owned(), placement: Placement::Sigv4(rules) }
}

fn settings() -> Map<String, Value> {
    Map::from_iter([("region".to_owned(), json!("us-east-1"))])
}

fn secrets(token: &str) -> Secrets {
    let fields = [("id", "AKIDEXAMPLE"), ("secret", SECRET), ("token", token)];
    let fields = fields.into_iter().filter(|(_, value)| !value.is_empty());
    fields.map(|(name, value)| (name.to_owned(), Secret::from(value.to_owned()))).collect()
}

fn now() -> Timestamp {
    "2015-08-30T12:36:00.999Z".parse().unwrap()
}

/// A request's address, headers, body and session token, with its signed headers and its signature.
type Case<'c> = (Method, &'c str, &'c [(&'static str, &'static str)], &'c str, &'c str, &'c str, &'c str);

fn check(case: &Case<'_>) {
    let (method, url, given, body, token, names, signature) = case;
    let mut url = Url::parse(url).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in *given {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let (secrets, settings) = (secrets(token), settings());
    let signing = Signing { secrets: &secrets, settings: &settings, now: now() };
    signing.sign(&scheme(), *method, &mut url, &mut headers, body.as_bytes()).unwrap();
    let expect = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={names}, \
         Signature={signature}"
    );
    assert_eq!(headers[AUTHORIZATION].to_str().unwrap(), expect, "{url}");
    assert!(headers[AUTHORIZATION].is_sensitive());
    assert_eq!(headers[DATE], "20150830T123600Z");
    assert_eq!(headers.get(TOKEN).map(|value| value.to_str().unwrap()), Some(*token).filter(|t| !t.is_empty()));
}

#[test]
fn the_published_vectors_come_out() {
    let secrets = secrets("");
    for (query, signature) in [
        ("", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ] {
        let mut url = Url::parse(&format!("https://example.amazonaws.com/{query}")).unwrap();
        if let Some(query) = url.query().map(canonical_query) {
            url.set_query(Some(&query));
        }
        let settings = settings();
        let signing = Signing { secrets: &secrets, settings: &settings, now: now() };
        let scheme = scheme();
        let Placement::Sigv4(rules) = &scheme.placement else { panic!("{scheme:?}") };
        let scope = signing.scope(&scheme, rules).unwrap();
        // The suite signs no hash of the body in a header, which `sign` always does.
        let headers = HeaderMap::from_iter([(DATE, HeaderValue::from_static("20150830T123600Z"))]);
        let empty = hex(digest(&SHA256, b"").as_ref());
        let found = scope.signature(SECRET.as_bytes(), Method::Get, &url, &headers, &empty);
        assert_eq!(found, ("host;x-amz-date".to_owned(), signature.to_owned()));
    }
}

/// The signatures are those of botocore 1.44.5 with the same clock.
#[test]
fn requests_are_signed_as_the_inventors_library_signs_them() {
    let least = "host;x-amz-content-sha256;x-amz-date";
    let all = "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-note;x-amz-security-token";
    let cases: &[Case<'_>] = &[
        (
            Method::Get,
            "https://example.amazonaws.com/",
            &[("accept", "*/*"), ("user-agent", "x")],
            "",
            "",
            least,
            "726c5c4879a6b4ccbbd3b24edbd6b8826d34f87450fbbf4e85546fc7ba9c1642",
        ),
        (
            Method::Get,
            "https://example.amazonaws.com/?Param2=value2&Param1=value1&",
            &[],
            "",
            "",
            least,
            "311c7f58b10b06de8540bb5a27f441ee0609f1d5ad7b191e68d7ea87d90e3d6b",
        ),
        (
            Method::Get,
            "https://example.amazonaws.com/v2/a%40b.example/x~y%2Bz",
            &[],
            "",
            "",
            least,
            "9eb0eea06d96cfc163dbcea86379832deccf717d77fd1eb2fb6256b4690e426a",
        ),
        (
            Method::Get,
            "https://example.amazonaws.com/x?b&a=1&a=&%c3%a4=%C3%BC+%2B/=",
            &[],
            "",
            "",
            least,
            "49718087869ae3f010a1fced3deafa5bb9055c09063d35c7a1087527a5d4c0f3",
        ),
        (
            Method::Post,
            "http://127.0.0.1:8420/v2/email",
            &[("x-amz-note", "  two   words "), ("content-type", "application/json"), ("x-other", "y")],
            r#"{"a":"ü"}"#,
            "session+token/",
            all,
            "20ddc27f42384c73356b6d05e0f6a4915e390042c6e826f5714adc74a1b528e8",
        ),
    ];
    cases.iter().for_each(check);
}

#[test]
fn the_query_that_is_signed_is_the_one_that_is_sent() {
    for (given, expect) in [
        ("", ""),
        ("b=2&a=1", "a=1&b=2"),
        ("a=2&a=1&A=3", "A=3&a=1&a=2"),
        ("a=x+y%20z%2b&=v&c", "=v&a=x%20y%20z%2B&c="),
        ("a=~-._&b=(*')", "a=~-._&b=%28%2A%27%29"),
        ("a=1=2&&", "a=1%3D2"),
        ("a=%ff", "a=%FF"),
    ] {
        assert_eq!(canonical_query(given), expect, "{given}");
    }
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let sign = |fields: &[&str], settings: Value| {
        let mut secrets = secrets("t");
        secrets.retain(|name, _| fields.contains(&name.as_str()));
        let settings = settings.as_object().unwrap().clone();
        let signing = Signing { secrets: &secrets, settings: &settings, now: now() };
        let mut url = Url::parse("https://a.example/").unwrap();
        signing.sign(&scheme(), Method::Get, &mut url, &mut HeaderMap::new(), b"").map_err(|error| error.to_string())
    };
    let good = json!({"region": "eu-central-1"});
    assert_eq!(sign(&["id", "secret"], good.clone()), Ok(()));
    for (fields, settings, expect) in [
        (&["id"][..], &good, "no field `secret`"),
        (&["secret"], &good, "no field `id`"),
        (&["id", "secret"], &json!({}), "the setting `region` is needed"),
        (&["id", "secret"], &json!({"region": "eu/central"}), "the setting `region` must be one DNS label"),
    ] {
        let error = sign(fields, settings.clone()).unwrap_err();
        assert!(error.contains(expect) && !error.contains(SECRET), "{error}");
    }
}
