//! What must hold within a manifest's rules of OAuth, beyond their shape.

use std::collections::BTreeSet;

use super::{Capture, CaptureFrom, ClientAuth, ClientFrom, Grant, OAuth, Pkce, RevokeAuth, RevokePlace};
use crate::error::Problem;
use crate::manifest::Manifest;
use crate::manifest::auth::Placement;

/// Parameters that the host sets itself.
const OF_THE_FLOW: &[&str] = &[
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "scope",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
    "request",
    "request_uri",
];
const OF_THE_TOKEN: &[&str] = &[
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "client_id",
    "client_secret",
    "refresh_token",
    "assertion",
    "client_assertion",
    "client_assertion_type",
    "scope",
];
/// Where secrets stand in an answer with tokens.
const SECRETS: &[&str] = &["access_token", "refresh_token", "id_token", "client_secret"];

impl Manifest {
    /// Checks the rules of OAuth and what has to be there because of them.
    pub(in crate::manifest) fn check_oauth(&self, problems: &mut Vec<Problem>) {
        let schemes = self.auth.iter().filter(|scheme| matches!(scheme.placement, Placement::Oauth2 { .. })).count();
        let Some(oauth) = &self.oauth else {
            if schemes > 0 {
                problems.push(Problem::at("$.oauth", "is needed by the auth scheme of type `oauth2`"));
            }
            return;
        };
        if schemes == 0 {
            let message = "no auth scheme of type `oauth2` attaches the token; add one to `auth`";
            problems.push(Problem::at("$.auth", message));
        }
        let properties = self.settings.get("properties").and_then(serde_json::Value::as_object);
        let settings: BTreeSet<&str> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        oauth.check(&settings, problems);
        let fields: Vec<&str> = self.credential_fields().collect();
        for field in oauth.client.fields().filter(|field| !fields.contains(field)) {
            let message = format!("`{field}` is not a property of `credentials`; add it there");
            problems.push(Problem::at("$.oauth.client", message));
        }
    }
}

impl OAuth {
    fn check(&self, settings: &BTreeSet<&str>, problems: &mut Vec<Problem>) {
        for (path, url) in self.urls() {
            check_url(path, url, settings, problems);
        }
        self.check_grants(problems);
        self.check_client(problems);
        self.check_assertion(problems);
        self.check_parameters(problems);
        self.check_facts(problems);
        self.check_revoke(problems);
        if self.issuer_required && self.issuer.is_none() {
            problems.push(Problem::at("$.oauth.issuer", "is needed by `issuer_required`"));
        }
        if !self.token.access_token.starts_with('/') {
            problems.push(Problem::at("$.oauth.token.access_token", "must be a JSON pointer that begins with /"));
        }
        if self.token.lifetime_seconds == Some(0) {
            problems.push(Problem::at("$.oauth.token.lifetime_seconds", "must be 1 or more; leave it out for no end"));
        }
        for (name, seconds) in [
            ("refresh_lifetime_seconds", self.token.refresh_lifetime_seconds),
            ("consent_lifetime_seconds", self.token.consent_lifetime_seconds),
        ] {
            if seconds == Some(0) {
                let path = format!("$.oauth.token.{name}");
                problems.push(Problem::at(path, "must be 1 or more; leave it out where it is not known"));
            }
        }
        for (parameter, text) in &self.callback.expect {
            check_placeholders(&format!("$.oauth.callback.expect.{parameter}"), text, settings, problems);
        }
    }

    fn check_grants(&self, problems: &mut Vec<Problem>) {
        if self.grants.is_empty() {
            problems.push(Problem::at("$.oauth.grants", "must name one way to a token or more"));
        }
        let with_person = self.grants(Grant::AuthorizationCode);
        if with_person != self.authorize_url.is_some() {
            let message = "belongs to the grant `authorization_code`: name both or neither";
            problems.push(Problem::at("$.oauth.authorize_url", message));
        }
        if !with_person && self.pkce == Pkce::Refused {
            problems.push(Problem::at("$.oauth.pkce", "is for the grant `authorization_code`; leave it out"));
        }
    }

    fn check_client(&self, problems: &mut Vec<Problem>) {
        let client = &self.client;
        if client.from == ClientFrom::App {
            if client.fields().next().is_some() {
                let message = "names fields of the credential; write `from = \"credential\"` with it";
                problems.push(Problem::at("$.oauth.client", message));
            }
            return;
        }
        if client.id.is_none() {
            problems.push(Problem::at("$.oauth.client.id", "is needed; name the credential's field"));
        }
        let signs = self.client.auth == ClientAuth::PrivateKeyJwt || self.grants(Grant::JwtBearer);
        if signs && client.private_key.is_none() {
            problems.push(Problem::at("$.oauth.client.private_key", "is needed to sign; name the credential's field"));
        }
        let shows = matches!(self.client.auth, ClientAuth::Basic | ClientAuth::BasicSecret | ClientAuth::Body);
        if shows && client.secret.is_none() {
            let message = "is needed; name the credential's field, or use `auth = \"none\"` or `\"private_key_jwt\"`";
            problems.push(Problem::at("$.oauth.client.secret", message));
        }
    }

    fn check_assertion(&self, problems: &mut Vec<Problem>) {
        let needed = self.client.auth == ClientAuth::PrivateKeyJwt || self.grants(Grant::JwtBearer);
        if needed != self.assertion.is_some() {
            let message =
                "belongs to the grant `jwt_bearer` or to `client.auth = \"private_key_jwt\"`: name both or neither";
            problems.push(Problem::at("$.oauth.assertion", message));
        }
        let Some(assertion) = &self.assertion else { return };
        if assertion.audience == "issuer" && self.issuer.is_none() {
            problems.push(Problem::at("$.oauth.issuer", "is needed by `assertion.audience = \"issuer\"`"));
        }
        if !(1..=3_600).contains(&assertion.lifetime_seconds) {
            let message = format!("{} is not between 1 and 3600", assertion.lifetime_seconds);
            problems.push(Problem::at("$.oauth.assertion.lifetime_seconds", message));
        }
        for (claim, _) in
            self.claims().filter(|(claim, _)| ["iss", "sub", "aud", "iat", "exp", "jti"].contains(&claim.as_str()))
        {
            problems.push(Problem::at(format!("$.oauth.assertion.claims.{claim}"), "is set by the host; leave it out"));
        }
    }

    fn check_parameters(&self, problems: &mut Vec<Problem>) {
        let given = [
            ("$.oauth.authorize_parameters", &self.authorize_parameters, OF_THE_FLOW),
            ("$.oauth.token.parameters", &self.token.parameters, OF_THE_TOKEN),
        ];
        for (path, parameters, reserved) in given {
            for name in parameters.keys().filter(|name| reserved.contains(&name.as_str())) {
                problems.push(Problem::at(format!("{path}.{name}"), "is set by the host; leave it out"));
            }
        }
    }

    fn check_facts(&self, problems: &mut Vec<Problem>) {
        let looked_up = self.lookup.iter().flat_map(|lookup| &lookup.capture).enumerate();
        let own = self.capture.iter().enumerate().map(|(at, capture)| (format!("$.oauth.capture[{at}]"), capture));
        let looked_up = looked_up.map(|(at, capture)| (format!("$.oauth.lookup.capture[{at}]"), capture));
        let mut names = BTreeSet::new();
        for (path, capture) in own.chain(looked_up) {
            if !names.insert(&capture.name) {
                problems.push(Problem::at(format!("{path}.name"), format!("`{}` occurs twice", capture.name)));
            }
            check_capture(&path, capture, problems);
        }
        for (at, capture) in self.lookup.iter().flat_map(|lookup| &lookup.capture).enumerate() {
            if capture.from == CaptureFrom::Callback {
                problems.push(Problem::at(
                    format!("$.oauth.lookup.capture[{at}].from"),
                    "is the look-up's own answer; leave it out",
                ));
            }
        }
    }

    fn check_revoke(&self, problems: &mut Vec<Problem>) {
        let Some(revoke) = &self.revoke else { return };
        if !["POST", "DELETE", "GET"].contains(&revoke.method.as_str()) {
            let message = format!("`{}` is not POST, DELETE or GET", revoke.method);
            problems.push(Problem::at("$.oauth.revoke.method", message));
        }
        if (revoke.place == RevokePlace::Path) != revoke.url.contains("/{token}") {
            problems.push(Problem::at("$.oauth.revoke.url", "holds `/{token}` with `place = \"path\"` and only then"));
        }
        if revoke.place == RevokePlace::Header && revoke.auth != RevokeAuth::Scheme {
            problems.push(Problem::at("$.oauth.revoke.auth", "must be `scheme` where the token stands in the header"));
        }
        let has_body = matches!(revoke.place, RevokePlace::Form | RevokePlace::Json) && revoke.method == "POST";
        if matches!(revoke.auth, RevokeAuth::Body | RevokeAuth::ClientHeader) && !has_body {
            problems
                .push(Problem::at("$.oauth.revoke.auth", "puts something into the body, which this request has not"));
        }
    }
}

fn check_capture(path: &str, capture: &Capture, problems: &mut Vec<Problem>) {
    let name = &capture.name;
    let named = (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !named || name == "base_url" {
        let message = format!(
            "`{name}` must be 1 to 64 lower-case letters, digits or _, begin with a letter and not be `base_url`"
        );
        problems.push(Problem::at(format!("{path}.name"), message));
    }
    if capture.from == CaptureFrom::Token && !capture.at.starts_with('/') {
        problems.push(Problem::at(format!("{path}.at"), "must be a JSON pointer that begins with /"));
    }
    let last = capture.at.rsplit('/').next().unwrap_or_default();
    if SECRETS.contains(&last) || ["code", "state"].contains(&last) {
        problems
            .push(Problem::at(format!("{path}.at"), format!("`{last}` is a secret, which is never kept in the open")));
    }
    if capture.pattern.as_ref().is_some_and(|pattern| pattern.matches('*').count() != 1) {
        problems.push(Problem::at(format!("{path}.pattern"), "must hold one `*`, for the part that is kept"));
    }
}

fn check_url(path: &str, url: &str, settings: &BTreeSet<&str>, problems: &mut Vec<Problem>) {
    let mut wrong = |message: String| problems.push(Problem::at(path, message));
    let Some(rest) = url.strip_prefix("https://") else {
        return wrong(format!("`{url}` must begin with https://"));
    };
    let (host, place) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        let bare = label.strip_prefix('{').and_then(|label| label.strip_suffix('}')).unwrap_or(label);
        !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let fixed = labels.iter().rev().take(2).all(|label| !label.contains('{'));
    if labels.len() < 2 || !fixed || !labels.iter().all(is_label) {
        wrong(format!("`{host}` is not a host name that ends in two fixed labels, such as `{{shop}}.example.com`"));
    }
    if place.is_empty() || place.contains(['?', '#', '\\', '%']) || place.contains("//") {
        wrong(format!(
            "`{url}` must have a path and no query; parameters stand in `authorize_parameters` or `token.parameters`"
        ));
    }
    let placeholders = url.replace("/{token}", "/");
    check_placeholders(path, &placeholders, settings, problems);
}

/// Every `{name}` is a setting that a tenant can give.
fn check_placeholders(path: &str, text: &str, settings: &BTreeSet<&str>, problems: &mut Vec<Problem>) {
    for rest in text.split('{').skip(1) {
        let name = rest.split('}').next().unwrap_or_default();
        if !rest.contains('}') || !settings.contains(name) {
            problems.push(Problem::at(path, format!("`{{{name}}}` is not a property of `settings`; add it there")));
        }
    }
}

#[cfg(test)]
mod tests;
