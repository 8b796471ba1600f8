//! Where errors stand in a GraphQL answer, and what each becomes.

use serde_json::json;

use super::*;

fn response(status: u16, body: &Value, effect: Effect) -> Response {
    Response::of_parts(status, &[], body.to_string().as_bytes(), effect)
}

#[derive(Debug, PartialEq, Deserialize)]
struct Shop {
    name: String,
}

fn check(status: u16, body: &Value, read: (ErrorKind, Option<u64>), write: ErrorKind) {
    let error = data::<Shop>(&response(status, body, Effect::Read)).unwrap_err();
    assert_eq!((error.kind, error.retry_after_ms), read, "{body}");
    assert_eq!(data::<Shop>(&response(status, body, Effect::Write)).unwrap_err().kind, write, "{body}");
}

#[test]
fn data_is_read() {
    let body = json!({"data": {"name": "sea"}, "extensions": {"cost": {}}});
    assert_eq!(data::<Shop>(&response(200, &body, Effect::Read)), Ok(Shop { name: "sea".to_owned() }));
}

#[test]
fn each_error_has_its_kind() {
    use ErrorKind::{Forbidden, InvalidInput, Provider, RateLimited, Unavailable, UnknownOutcome};
    let coded = |code: &str| json!({"errors": [{"message": "why", "extensions": {"code": code}}]});
    check(200, &coded("ACCESS_DENIED"), (Forbidden, None), Forbidden);
    check(200, &coded("GRAPHQL_VALIDATION_FAILED"), (InvalidInput, None), InvalidInput);
    check(200, &coded("INTERNAL_SERVER_ERROR"), (Unavailable, None), UnknownOutcome);
    check(200, &coded("ODD"), (Provider, None), Provider);
    check(200, &json!({"errors": [{"message": "why"}]}), (Provider, None), Provider);
    check(200, &json!({"data": {"name": null}, "errors": [{"message": "why"}]}), (Provider, None), UnknownOutcome);
    check(200, &json!({}), (Provider, None), UnknownOutcome);
    check(200, &json!({"data": {"name": 7}}), (Provider, None), UnknownOutcome);
    check(503, &json!({}), (Unavailable, None), UnknownOutcome);
    check(429, &json!({}), (RateLimited, None), RateLimited);
}

#[test]
fn a_throttled_request_says_when_it_is_affordable() {
    let body = |available: Value, restored: Value| {
        json!({
            "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
            "extensions": {"cost": {"requestedQueryCost": 302, "throttleStatus":
                {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": restored}}}
        })
    };
    use ErrorKind::RateLimited;
    check(200, &body(json!(2), json!(100.0)), (RateLimited, Some(3000)), RateLimited);
    check(200, &body(json!(400), json!(100)), (RateLimited, Some(0)), RateLimited);
    check(200, &body(json!(0), json!(0)), (RateLimited, None), RateLimited);
    check(200, &body(json!(-1e300), json!(1e-300)), (RateLimited, Some(u64::MAX)), RateLimited);
}

#[test]
fn user_errors_name_their_fields() {
    let errors: Vec<UserError> = json::from_value(&json!([
        {"field": ["input", "email"], "message": "has already been taken", "code": "TAKEN"},
        {"field": null, "message": "is odd"},
    ]))
    .unwrap();
    let error = no_user_errors(&errors, &[("TAKEN", ErrorKind::Conflict)]).unwrap_err();
    assert_eq!(error.message, "`input.email`: has already been taken; is odd");
    assert_eq!((error.kind, error.provider_code.as_deref()), (ErrorKind::Conflict, Some("TAKEN")));
    assert_eq!(no_user_errors(&errors, &[]).unwrap_err().kind, ErrorKind::InvalidInput);
    assert_eq!(no_user_errors(&[], &[]), Ok(()));
}
