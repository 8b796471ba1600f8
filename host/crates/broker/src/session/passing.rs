//! Secrets that pass with the registration of an endpoint: those that the provider hands out are
//! taken out of its answer, those that we make up are put into the request. A gateway sees neither.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_domain::manifest::webhook::{Passing as Rule, Registration};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::credentials::Credentials;
use crate::message::{Body, SendError};
use crate::scrub::Scrubber;
use crate::secret::Secret;

/// What a gateway finds in the place of a secret that was captured.
const CAPTURED: &str = "[captured]";
/// How many bytes a secret of ours has before it is encoded.
const BYTES: usize = 32;

/// The secrets that passed, by their fields.
#[derive(Default)]
pub struct Passed(Mutex<BTreeMap<String, Secret>>);

/// What a session does with the secrets of registrations.
pub(super) struct Passing {
    pub(super) rules: Registration,
    pub(super) passed: Arc<Passed>,
}

impl Passed {
    /// Takes out what passed so far.
    pub fn take(&self) -> Credentials {
        Credentials::of(std::mem::take(&mut *self.lock()))
    }

    /// A text without the secrets that passed; none where there were none in it.
    pub(super) fn scrub(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let passed = self.lock();
        if passed.is_empty() {
            return None;
        }
        // Several registrations bring several secrets for a field, one a line.
        Scrubber::new(passed.values().flat_map(|secret| secret.expose().split(|byte| *byte == b'\n'))).scrub(bytes)
    }

    /// The secret of ours for a field: the same for all requests of a session.
    fn ours(&self, field: &str) -> Result<Zeroizing<String>, SendError> {
        let mut passed = self.lock();
        if let Some(text) = passed.get(field).and_then(Secret::expose_text) {
            return Ok(Zeroizing::new(text.to_owned()));
        }
        let mut bytes = Zeroizing::new([0; BYTES]);
        SystemRandom::new()
            .fill(bytes.as_mut())
            .map_err(|_| SendError::Denied("the system gives no randomness".to_owned()))?;
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_ref()));
        passed.insert(field.to_owned(), Secret::from(text.as_str().to_owned()));
        Ok(text)
    }

    /// Keeps one more secret of a field, one a line.
    fn add(&self, field: &str, text: &str) {
        let mut passed = self.lock();
        let joined = match passed.get(field).and_then(Secret::expose_text) {
            Some(before) => [text, "\n", before].concat(),
            None => text.to_owned(),
        };
        passed.insert(field.to_owned(), Secret::from(joined));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Passing {
    /// A request's body with the secrets of ours in it.
    ///
    /// # Errors
    /// [`SendError::Invalid`] where it is not written as the manifest says.
    pub(super) fn give(&self, method: &str, path: &str, mut body: Body) -> Result<Body, SendError> {
        for rule in self.rules.give.iter().filter(|rule| rule.fits(method, path)) {
            let secret = self.passed.ours(&rule.field)?;
            body = with(body, rule, &secret)?;
        }
        Ok(body)
    }

    /// An answer without the secrets that it hands out.
    pub(super) fn capture(&self, method: &str, path: &str, status: u16, body: Vec<u8>) -> Vec<u8> {
        let mut rules = self.rules.capture.iter().filter(|rule| rule.fits(method, path)).peekable();
        if !(200..300).contains(&status) || rules.peek().is_none() {
            return body;
        }
        let Ok(mut json) = serde_json::from_slice::<Value>(&body) else { return body };
        for rule in rules {
            if let Some(found) =
                json.pointer_mut(&rule.at).filter(|found| found.as_str().is_some_and(|it| !it.is_empty()))
            {
                let text = std::mem::replace(found, Value::from(CAPTURED));
                self.passed.add(&rule.field, text.as_str().unwrap_or_default());
            }
        }
        drop(Zeroizing::new(body));
        json.to_string().into_bytes()
    }
}

/// A body with a secret in its place.
fn with(body: Body, rule: &Rule, secret: &str) -> Result<Body, SendError> {
    let wrong = || {
        let text =
            format!("the manifest puts a secret at `{}` of this request, and its body has no such place", rule.at);
        SendError::Invalid(text)
    };
    match body {
        Body::Json(text) => {
            let mut json: Value = serde_json::from_str(&text).map_err(|_| wrong())?;
            let (parent, name) = rule.at.rsplit_once('/').ok_or_else(wrong)?;
            let parent = json.pointer_mut(parent).and_then(Value::as_object_mut).ok_or_else(wrong)?;
            parent.insert(name.replace("~1", "/").replace("~0", "~"), Value::from(secret));
            Ok(Body::Json(json.to_string()))
        }
        Body::Form(mut pairs) => {
            pairs.retain(|(name, _)| *name != rule.at);
            pairs.push((rule.at.clone(), secret.to_owned()));
            Ok(Body::Form(pairs))
        }
        Body::Empty | Body::Bytes(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn passing(at: &str) -> Passing {
        let rule = |at: &str| json!({ "field": "hook", "path": "/hooks", "at": at });
        let rules = json!({ "capture": [rule("/secret")], "give": [rule(at)] });
        Passing { rules: serde_json::from_value(rules).unwrap(), passed: Arc::default() }
    }

    fn kept(passing: &Passing) -> Option<String> {
        let taken = passing.passed.take();
        taken.iter().next().map(|(name, secret)| format!("{name}={}", secret.expose_text().unwrap()))
    }

    #[test]
    fn what_the_provider_hands_out_is_kept_and_not_passed_on() {
        let passing = passing("/token");
        let capture = |method: &str, path: &str, status, body: &Value| {
            let left = passing.capture(method, path, status, body.to_string().into_bytes());
            (serde_json::from_slice::<Value>(&left).unwrap(), kept(&passing))
        };
        let body = json!({ "id": "1", "secret": "whsec_1" });
        let clean = json!({ "id": "1", "secret": "[captured]" });
        assert_eq!(capture("POST", "/hooks", 201, &body), (clean, Some("hook=whsec_1".to_owned())));
        for (method, path, status) in [("GET", "/hooks", 200), ("POST", "/other", 200), ("POST", "/hooks", 400)] {
            assert_eq!(capture(method, path, status, &body), (body.clone(), None), "{method} {path} {status}");
        }
        let bare = json!({ "id": "1", "secret": null });
        assert_eq!(capture("POST", "/hooks", 200, &bare), (bare.clone(), None));
        assert_eq!(passing.capture("POST", "/hooks", 200, b"no json".to_vec()), b"no json");
    }

    #[test]
    fn several_registrations_bring_a_line_each_and_are_scrubbed() {
        let passing = passing("/token");
        for secret in ["whsec_one_one", "whsec_two_two"] {
            passing.capture("POST", "/hooks", 200, json!({ "secret": secret }).to_string().into_bytes());
        }
        let echo = b"the secret was whsec_one_one".to_vec();
        assert!(!String::from_utf8(passing.passed.scrub(&echo).unwrap_or(echo)).unwrap().contains("one_one"));
        assert_eq!(kept(&passing), Some("hook=whsec_two_two\nwhsec_one_one".to_owned()));
    }

    #[test]
    fn a_secret_of_ours_is_put_where_the_manifest_says() {
        let secret_in = |body: Body| match body {
            Body::Json(text) => serde_json::from_str::<Value>(&text).unwrap()["token"].as_str().unwrap().to_owned(),
            Body::Form(pairs) => pairs.into_iter().find(|(name, _)| name == "token").unwrap().1,
            other => panic!("{other:?}"),
        };
        let json_body = || Body::Json(json!({ "id": "1" }).to_string());
        let given = passing("/token");
        let first = secret_in(given.give("POST", "/hooks", json_body()).unwrap());
        assert_eq!(first.len(), 43);
        assert_eq!(secret_in(given.give("POST", "/hooks", json_body()).unwrap()), first, "one a session");
        assert_eq!(kept(&given), Some(format!("hook={first}")));
        assert_eq!(given.give("PUT", "/hooks", json_body()).unwrap(), json_body());
        let form = passing("token");
        let pairs = vec![("token".to_owned(), "[given]".to_owned()), ("url".to_owned(), "u".to_owned())];
        let made = form.give("POST", "/hooks", Body::Form(pairs)).unwrap();
        assert_eq!(kept(&form), Some(format!("hook={}", secret_in(made))));
        for body in [Body::Empty, Body::Bytes(vec![1]), Body::Json("[1]".to_owned())] {
            assert!(given.give("POST", "/hooks", body).is_err());
        }
    }
}
