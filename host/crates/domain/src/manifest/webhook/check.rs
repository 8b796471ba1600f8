//! What must hold within webhook rules, beyond their shape.

use super::template::{Part, Template};
use super::verify::{Certificate, Jwt, Verify};
use super::{Answer, CLIENT_SECRET, Handshake, SignatureFormat, WebhookRules};
use crate::error::Problem;

/// A timestamp may never be further from now than this, in seconds: a week.
const LONGEST: u32 = 604_800;
/// The most handshakes.
const MAX_HANDSHAKES: usize = 8;

impl WebhookRules {
    /// Adds each rule that is broken; `at` is where the rules stand.
    pub(crate) fn check(&self, at: &str, problems: &mut Vec<Problem>) {
        let verify = format!("{at}.verify");
        match &self.verify {
            Verify::Hmac(rules) => {
                let in_pairs = matches!(rules.format, SignatureFormat::Pairs { .. });
                check_signed(
                    &verify,
                    &rules.signed,
                    in_pairs || rules.timestamp_header.is_some(),
                    rules.tolerance_seconds.is_some(),
                    problems,
                );
                check_tolerance(&verify, rules.tolerance_seconds, problems);
            }
            Verify::PublicKey(rules) => {
                check_signed(&verify, &rules.signed, rules.timestamp_header.is_some(), true, problems);
                check_tolerance(&verify, rules.tolerance_seconds, problems);
            }
            Verify::Certificate(rules) => check_certificate(&verify, rules, problems),
            Verify::StandardWebhooks(rules) => check_tolerance(&verify, Some(rules.tolerance_seconds), problems),
            Verify::Jwt(rules) => check_jwt(&verify, rules, problems),
            Verify::Token(_) | Verify::Basic(_) | Verify::Unsigned {} => {}
        }
        if let Some(registration) = &self.registration {
            let at = format!("{at}.registration");
            registration.check(&at, &self.fields(), problems);
            if self.events.is_empty() {
                problems.push(Problem::at(at, "needs `events`: there is nothing to register for"));
            }
        }
        if let Some(backfill) = &self.backfill {
            let at = format!("{at}.backfill");
            backfill.check(&at, problems);
            if self.events.is_empty() {
                problems.push(Problem::at(at, "needs `events`: there is nothing to list"));
            }
        }
        if self.handshakes.len() > MAX_HANDSHAKES {
            problems.push(Problem::at(format!("{at}.handshakes"), format!("has more than {MAX_HANDSHAKES} entries")));
        }
        for (index, handshake) in self.handshakes.iter().enumerate() {
            check_handshake(&format!("{at}.handshakes[{index}]"), handshake, problems);
        }
    }
}

fn check_signed(at: &str, signed: &Template, timed: bool, bounded: bool, problems: &mut Vec<Problem>) {
    if !signed.binds_body() {
        let message = "must contain {body} or something of it, or the body could be exchanged";
        problems.push(Problem::at(format!("{at}.signed"), message));
    }
    if signed.has(&Part::Timestamp) && !(timed && bounded) {
        let message = "a signed {timestamp} needs `tolerance_seconds` and either `format.style = \"pairs\"` or `timestamp_header`";
        problems.push(Problem::at(format!("{at}.tolerance_seconds"), message));
    }
}

fn check_tolerance(at: &str, seconds: Option<u32>, problems: &mut Vec<Problem>) {
    if let Some(seconds) = seconds.filter(|seconds| !(1..=LONGEST).contains(seconds)) {
        let message = format!("{seconds} is not between 1 and {LONGEST}");
        problems.push(Problem::at(format!("{at}.tolerance_seconds"), message));
    }
}

fn check_certificate(at: &str, rules: &Certificate, problems: &mut Vec<Problem>) {
    check_signed(at, &rules.signed, rules.timestamp_header.is_some(), true, problems);
    check_tolerance(at, rules.tolerance_seconds, problems);
    check_hosts(&format!("{at}.hosts"), &rules.hosts, problems);
    let named = rules.algorithm_at.is_some() && !rules.algorithms.is_empty();
    if rules.algorithm.is_some() == named {
        problems.push(Problem::at(format!("{at}.algorithm"), "give either this, or `algorithm_at` with `algorithms`"));
    }
}

/// A star stands for a part of a name and never for the domain that somebody else could register.
fn check_hosts(at: &str, hosts: &[String], problems: &mut Vec<Problem>) {
    if hosts.is_empty() {
        problems.push(Problem::at(at, "must name a host, or anybody could sign"));
    }
    for host in hosts {
        let labels: Vec<&str> = host.split('.').collect();
        let plain = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let domain = labels.iter().rev().take(2).filter(|label| plain(label)).count() == 2;
        let rest = labels.iter().rev().skip(2).all(|label| *label == "*" || plain(label));
        if !(domain && rest) {
            let message = format!("`{host}` is no host name in lower case whose last two labels are without a star");
            problems.push(Problem::at(at, message));
        }
    }
}

fn check_jwt(at: &str, rules: &Jwt, problems: &mut Vec<Problem>) {
    check_tolerance(at, Some(rules.tolerance_seconds), problems);
    let shared = rules.algorithms.iter().filter(|algorithm| algorithm.is_symmetric()).count();
    if rules.algorithms.is_empty() || (shared != 0 && shared != rules.algorithms.len()) {
        let message = "lists one algorithm at least, and either only those with a shared secret or none of them";
        problems.push(Problem::at(format!("{at}.algorithms"), message));
    }
    if (shared > 0) != rules.secret.is_some() || (shared > 0) == rules.jwks.is_some() {
        let message = "HS256 and HS512 need `secret` and no `jwks`; the others need `jwks` and no `secret`";
        problems.push(Problem::at(at, message));
    }
    if rules.jwks.as_deref().is_some_and(|jwks| !jwks.starts_with("https://")) {
        problems.push(Problem::at(format!("{at}.jwks"), "must begin with https://"));
    }
    if rules.jwks.is_some() && (rules.issuers.is_empty() || rules.audience.is_none()) {
        let message = "`jwks` needs `issuers` and `audience`: anybody can have a token of the same provider";
        problems.push(Problem::at(at, message));
    }
}

fn check_handshake(at: &str, handshake: &Handshake, problems: &mut Vec<Problem>) {
    if handshake.take.is_none() && (handshake.hash.is_some() || handshake.keep.is_some()) {
        problems.push(Problem::at(format!("{at}.take"), "is missing: `hash` and `keep` are about a challenge"));
    }
    let texts: Vec<&String> = match &handshake.answer {
        Answer::Text(text) => vec![text],
        Answer::Json(fields) => fields.values().collect(),
        Answer::Empty => Vec::new(),
    };
    for (name, given) in [("{challenge}", handshake.take.is_some()), ("{hash}", handshake.hash.is_some())] {
        if !given && texts.iter().any(|text| text.contains(name)) {
            let message = format!("uses {name}, which is not there: give `take`, and `hash` for a {{hash}}");
            problems.push(Problem::at(format!("{at}.answer"), message));
        }
    }
    if handshake.keep.as_deref() == Some(CLIENT_SECRET) {
        let message = format!("`{CLIENT_SECRET}` is the app's and can not be kept; name a credential field");
        problems.push(Problem::at(format!("{at}.keep"), message));
    }
    if let Some(confirm) = &handshake.confirm {
        check_hosts(&format!("{at}.confirm.hosts"), &confirm.hosts, problems);
        if !handshake.verified {
            problems.push(Problem::at(format!("{at}.verified"), "must be true where something is confirmed"));
        }
    }
}

#[cfg(test)]
mod tests;
