//! Token endpoints as they answer, and as they should not.

use serde_json::json;

use super::*;

fn rules() -> OAuth {
    serde_json::from_value(json!({
        "grants": ["authorization_code"],
        "authorize_url": "https://a.example/a",
        "token_url": "https://a.example/t",
        "token": { "types": ["bearer", "bot"], "expired_codes": ["token_revoked"] },
        "capture": [
            { "name": "team", "at": "/team/id", "required": false },
            { "name": "instance", "at": "/instance_url", "pattern": "https://*.acme.example", "required": false },
        ],
    }))
    .unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

fn read_json(rules: &OAuth, status: u16, body: Value) -> Result<Issued, TokenError> {
    read(rules, status, body.to_string().as_bytes(), now())
}

#[test]
fn lifetimes_are_read_as_providers_write_them() {
    let mut rules = rules();
    for (answer, default, expect) in [
        (json!({ "expires_in": 3600 }), None, Some(3600)),
        (json!({ "expires_in": "3600" }), None, Some(3600)),
        (json!({ "expires_in": 3599.5 }), None, Some(3599)),
        (json!({ "expires_in": 0 }), Some(60), None),
        (json!({ "expires_in": -5 }), Some(60), None),
        (json!({ "expires_in": 1e300 }), None, Some(LONGEST_LIFE)),
        (json!({ "expires_in": "soon" }), Some(60), Some(60)),
        (json!({ "expires_in": null }), Some(60), Some(60)),
        (json!({ "expires_at": "2023-11-14T22:14:20Z" }), None, Some(60)),
        (json!({ "expires_at": "1999-01-01T00:00:00Z" }), None, Some(1)),
        (json!({}), Some(1800), Some(1800)),
        (json!({}), None, None),
    ] {
        rules.token.lifetime_seconds = default;
        let mut body = answer.clone();
        body["access_token"] = json!("at");
        assert_eq!(read_json(&rules, 200, body).unwrap().lifetime, expect, "{answer}");
    }
}

#[test]
fn only_what_can_be_used_as_the_manifest_says_is_a_token() {
    let rules = rules();
    for body in [
        json!({ "access_token": "at", "token_type": "bearer" }),
        json!({ "access_token": "at", "token_type": "Bearer" }),
        json!({ "access_token": "at", "token_type": "bot" }),
        json!({ "access_token": "at", "token_type": "" }),
        json!({ "access_token": "at" }),
    ] {
        assert_eq!(read_json(&rules, 200, body).unwrap().access.expose(), b"at");
    }
    for (body, expect) in [
        (json!({ "access_token": "at", "token_type": "mac" }), TokenError::Refused("`mac`".into())),
        (json!({ "access_token": "" }), TokenError::Lost("no access token".into())),
        (json!({ "access_token": 7 }), TokenError::Lost("no access token".into())),
        (json!({ "access_token": "a\nb" }), TokenError::Lost("no access token".into())),
        (json!({ "access_token": "x".repeat(20_000) }), TokenError::Lost("no access token".into())),
        (json!({ "ok": false, "error": "token_revoked" }), TokenError::Expired("token_revoked".into())),
        (json!({ "ok": false, "error": "bad_client" }), TokenError::Refused("bad_client".into())),
        (json!([]), TokenError::Lost("no JSON object".into())),
    ] {
        check_error(read_json(&rules, 200, body), &expect);
    }
    check_error(read(&rules, 200, b"<html>", now()), &TokenError::Lost("no JSON object".into()));
}

#[test]
fn an_error_says_whether_to_ask_again() {
    let rules = rules();
    for (status, body, expect) in [
        (400, json!({ "error": "invalid_grant" }), TokenError::Expired("invalid_grant".into())),
        (401, json!({ "error": "token_revoked" }), TokenError::Expired("token_revoked".into())),
        (401, json!({ "error": "invalid_client", "error_description": "who?" }), TokenError::Refused("who?".into())),
        (400, json!({ "error": { "code": "invalid_grant" } }), TokenError::Expired("invalid_grant".into())),
        (400, json!({ "error": "temporarily_unavailable" }), TokenError::Busy("temporarily".into())),
        (404, json!(null), TokenError::Refused("404".into())),
        (302, json!(null), TokenError::Refused("redirects".into())),
        (429, json!({}), TokenError::Busy("429".into())),
        (503, json!({}), TokenError::Busy("503".into())),
        (500, json!({}), TokenError::Lost("500".into())),
        (504, json!({ "error": "invalid_grant" }), TokenError::Lost("504".into())),
    ] {
        check_error(read_json(&rules, status, body), &expect);
    }
    let error = read_json(&rules, 400, json!({ "error": "x\r\ny", "error_description": "z".repeat(1_000) }));
    let text = error.unwrap_err().to_string();
    assert!(text.contains("x  y") && text.len() < 400, "{text}");
}

#[test]
fn facts_are_kept_and_all_else_is_dropped() {
    let answer = json!({
        "access_token": "at", "refresh_token": "rt", "id_token": "x.y.z", "scope": "read write",
        "team": { "id": 42 }, "instance_url": "https://shop.acme.example",
    });
    let issued = read_json(&rules(), 200, answer).unwrap();
    assert_eq!(issued.facts, BTreeMap::from([("team".into(), "42".into()), ("instance".into(), "shop".into())]));
    assert_eq!((issued.scope.as_deref(), issued.refresh.is_some()), (Some("read write"), true));
    let mut rules = rules();
    rules.capture[1].required = true;
    let foreign = json!({ "access_token": "at", "instance_url": "https://evil.example" });
    check_error(read_json(&rules, 200, foreign), &TokenError::Refused("`instance`".into()));
    rules.capture.clear();
    rules.token.access_token = "/user/access_token".to_owned();
    let nested = json!({ "access_token": "bot", "user": { "access_token": "me", "expires_in": 9 }, "expires_in": 5 });
    let issued = read_json(&rules, 200, nested).unwrap();
    assert_eq!((issued.access.expose(), issued.lifetime), (&b"me"[..], Some(9)));
}

fn check_error(found: Result<Issued, TokenError>, expect: &TokenError) {
    let found = found.unwrap_err();
    assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(expect), "{found:?} {expect:?}");
    assert!(found.text().contains(expect.text()), "{found:?} {expect:?}");
}
