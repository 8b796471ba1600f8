//! What must hold of a subscription beyond its types. Where its URL leads is judged by the broker,
//! which alone knows what may be reached.

use super::Subscription;
use crate::error::{Error, Problem, Result};

/// The most requests a second that one can ask for.
pub const MOST_RATE: u32 = 1_000;
/// The most requests at the same time that one can ask for.
pub const MOST_CONCURRENCY: u32 = 32;

/// The most patterns, integrations and providers.
const MOST_NAMES: usize = 100;
/// The longest description, in bytes.
const LONGEST_DESCRIPTION: usize = 1_000;
/// The longest URL, in bytes.
const LONGEST_URL: usize = 2_048;
/// The most further headers, and the most bytes of all of them.
const MOST_HEADERS: usize = 16;
const MOST_HEADER_BYTES: usize = 4 << 10;

/// Words that no header's name may hold: a value is kept in the clear and shown, and would be
/// taken for a proof of who sends.
const CREDENTIAL_WORDS: &[&str] = &[
    "auth",
    "cookie",
    "token",
    "secret",
    "password",
    "passwd",
    "api-key",
    "apikey",
    "access-key",
    "session",
    "signature",
];
/// How values begin that are credentials.
const CREDENTIAL_VALUES: &[&str] = &["bearer ", "basic ", "digest ", "whsec_", "whsk_", "gh_live_", "gh_test_"];
/// Names that are ours or those of libraries that read ours.
const OWN_HEADERS: &[&str] = &["webhook-", "svix-", "gatehouse-", "traceparent", "tracestate"];

impl Subscription {
    /// Checks what its own fields tell.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] with the JSON path of each thing that does not fit.
    pub fn check(&self) -> Result<()> {
        let mut problems = Vec::new();
        self.check_sizes(&mut problems);
        self.check_headers(&mut problems);
        if problems.is_empty() { Ok(()) } else { Err(Error::problems("the subscription does not fit", problems)) }
    }

    fn check_sizes(&self, problems: &mut Vec<Problem>) {
        let mut refuse = |path: &str, wrong: bool, rule: String| {
            if wrong {
                problems.push(Problem::at(path, rule));
            }
        };
        let names = |count: usize| count > MOST_NAMES;
        refuse("$.url", self.url.len() > LONGEST_URL, format!("has more than {LONGEST_URL} bytes"));
        refuse("$.events", self.events.is_empty(), "is empty; name the events, or `*` for all".to_owned());
        refuse("$.events", names(self.events.len()), format!("has more than {MOST_NAMES} names; use `payment.*`"));
        refuse("$.integrations", names(self.integrations.len()), format!("has more than {MOST_NAMES} ids"));
        refuse("$.providers", names(self.providers.len()), format!("has more than {MOST_NAMES} codes"));
        let long = self.description.as_ref().is_some_and(|text| text.len() > LONGEST_DESCRIPTION);
        refuse("$.description", long, format!("has more than {LONGEST_DESCRIPTION} bytes"));
        let rate = !(1..=MOST_RATE).contains(&self.rate_per_second);
        refuse("$.rate_per_second", rate, format!("{} is not from 1 to {MOST_RATE}", self.rate_per_second));
        let concurrency = !(1..=MOST_CONCURRENCY).contains(&self.concurrency);
        refuse("$.concurrency", concurrency, format!("{} is not from 1 to {MOST_CONCURRENCY}", self.concurrency));
    }

    fn check_headers(&self, problems: &mut Vec<Problem>) {
        let bytes: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        if self.headers.len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES {
            let rule = format!("takes at most {MOST_HEADERS} headers of {MOST_HEADER_BYTES} bytes in all");
            problems.push(Problem::at("$.headers", rule));
            return;
        }
        for (name, value) in &self.headers {
            if let Some(why) = wrong_header(name, value) {
                problems.push(Problem::at(format!("$.headers.{}", name.escape_default()), why));
            }
        }
    }
}

fn wrong_header(name: &str, value: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let value = value.trim_start().to_ascii_lowercase();
    if OWN_HEADERS.iter().any(|own| name.starts_with(own)) || name == "user-agent" || name == "content-type" {
        return Some("is set by Gatehouse; leave it out");
    }
    let credential = CREDENTIAL_WORDS.iter().any(|word| name.contains(word))
        || CREDENTIAL_VALUES.iter().any(|start| value.starts_with(start));
    credential
        .then_some("looks like a credential, and headers are kept and shown in the clear; verify the signature instead")
}

#[cfg(test)]
mod tests {
    use super::wrong_header;

    fn check(name: &str, value: &str, expect: &str) {
        let found = wrong_header(name, value);
        match found {
            None => assert!(expect.is_empty(), "{name}: {value}"),
            Some(why) => assert!(!expect.is_empty() && why.contains(expect), "{name}: {why}"),
        }
    }

    #[test]
    fn headers_carry_no_credentials_and_nothing_of_ours() {
        check("x-source", "gatehouse production", "");
        check("X-Tenant", "acme", "");
        for name in ["Authorization", "x-api-key", "X_API_KEY", "cookie", "x-auth", "X-Access-Token", "x-hub-signature"]
        {
            check(name, "v", "credential");
        }
        for value in ["Bearer abc", "  basic QTpC", "whsec_abc", "gh_live_x"] {
            check("x-note", value, "credential");
        }
        for name in
            ["webhook-id", "Webhook_Signature", "svix-id", "user-agent", "Content-Type", "gatehouse-x", "traceparent"]
        {
            check(name, "v", "set by");
        }
    }
}
