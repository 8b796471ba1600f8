//! `gatehouse plugin status`: where the review of an uploaded version stands on a server, and the wait
//! for its end. It decides nothing.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use gatehouse_domain::{Error, Result};
use reqwest::Method;
use serde_json::Value;

use crate::output::Out;
use crate::remote::{Remote, Server};

/// The pause between two looks while it is waited, at first and at the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// What to look at, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The version, such as `acme@1.2.0`.
    #[arg(value_name = "ID@VERSION", value_parser = read_name)]
    name: (String, String),
    #[command(flatten)]
    wait: Wait,
    #[command(flatten)]
    server: Server,
}

/// Whether to wait for a decision.
#[derive(Debug, clap::Args)]
pub(crate) struct Wait {
    /// Wait until somebody has decided, for so many seconds [default: 600]. Ends with 1 where it is
    /// not approved then.
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "600",
        value_parser = clap::value_parser!(u32).range(1..=86_400)
    )]
    wait: Option<u32>,
}

impl Wait {
    /// Whether it is to be waited at all.
    pub(super) fn is_asked_for(&self) -> bool {
        self.wait.is_some()
    }
}

/// Where a review stands, as a server says.
pub(super) struct Standing {
    /// The id and the version.
    name: String,
    /// `approved` also where no review was asked for.
    pub(super) state: String,
    reason: Option<String>,
}

/// Tells, and waits where that is asked for.
pub(super) fn run(options: &Options, out: &mut Out<'_>) -> Result<()> {
    let remote = Remote::new(&options.server)?;
    let (id, version) = &options.name;
    let (standing, shown) = settled(&remote, id, version, &options.wait)?;
    if options.server.json {
        out.json(&shown)?
    } else {
        standing.show(&shown, out)?
    }
    standing.verdict(&options.wait)
}

/// Looks until it is decided, or for as long as is asked for. Answers the version as the server shows it too.
pub(super) fn settled(remote: &Remote, id: &str, version: &str, wait: &Wait) -> Result<(Standing, Value)> {
    let path = format!("/plugins/{id}/versions/{version}");
    let begun = Instant::now();
    let patience = Duration::from_secs(wait.wait.unwrap_or_default().into());
    let (mut pause, longest) = PAUSES;
    loop {
        let shown = remote.send(Method::GET, &path, None)?;
        let standing = Standing::of(id, version, &shown);
        let left = patience.saturating_sub(begun.elapsed());
        if standing.state != "in_review" || left.is_zero() {
            return Ok((standing, shown));
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(longest);
    }
}

impl Standing {
    /// What the answer of a server says of a version.
    pub(super) fn of(id: &str, version: &str, shown: &Value) -> Self {
        let text = |path: &str| shown.pointer(path).and_then(Value::as_str).map(str::to_owned);
        Self {
            name: format!("{id}@{version}"),
            state: text("/submission/state").unwrap_or_else(|| "approved".to_owned()),
            reason: text("/submission/decided/reason"),
        }
    }

    /// In one line, with the reason where there is one.
    pub(super) fn line(&self) -> String {
        let why = self.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        format!("{} is {}{why}", self.name, self.state)
    }

    /// An error where it was turned down or taken back, and where it was waited for in vain.
    ///
    /// # Errors
    /// With the reason, where there is one.
    pub(super) fn verdict(&self, wait: &Wait) -> Result<()> {
        match (self.state.as_str(), wait.wait) {
            ("rejected" | "withdrawn", _) => Err(Error::conflict(self.line())),
            ("in_review", Some(seconds)) => {
                let name = &self.name;
                Err(Error::unavailable(format!(
                    "{name} is in_review after {seconds} s: `gatehouse plugin status {name}` tells when it is decided"
                )))
            }
            _ => Ok(()),
        }
    }

    fn show(&self, shown: &Value, out: &mut Out<'_>) -> Result<()> {
        out.line(self.line())?;
        let text = |path: &str| shown.pointer(path).and_then(Value::as_str);
        if let Some(digest) = text("/submission/digest") {
            out.line(format!("  submitted {}, sha256:{digest}", text("/submission/submitted_at").unwrap_or_default()))?;
        }
        if let Some(against) = text("/submission/report/against") {
            let class = text("/submission/report/class").unwrap_or_default();
            let wider = shown.pointer("/submission/report/widened").and_then(Value::as_array).map_or(0, Vec::len);
            let mut line = format!("  against {against}: {class}");
            if wider > 0 {
                let _ = write!(line, ", and its permission sheet is wider in {wider} points");
            }
            out.line(line)?;
        }
        Ok(())
    }
}

/// As far as it can stand in a path; that there is such a version the server says.
fn read_name(text: &str) -> std::result::Result<(String, String), String> {
    let plain = |text: &str, more: &[u8]| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    let parts = text.split_once('@').filter(|(id, version)| plain(id, b"-_") && plain(version, b"-.+"));
    let parts = parts.filter(|(_, version)| version.starts_with(|first: char| first.is_ascii_digit()));
    let (id, version) =
        parts.ok_or_else(|| format!("`{text}` is not a plugin and its version; write them as acme@1.2.0"))?;
    Ok((id.to_owned(), version.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_version_is_named_with_its_plugin() {
        let check = |text: &str, good: bool| assert_eq!(read_name(text).is_ok(), good, "{text}");
        check("acme@1.2.0", true);
        check("acme-pay@1.2.0-beta.1", true);
        for bad in ["acme", "acme@", "@1.0.0", "acme@new", "acme@..", "a/b@1.0.0", "../x@1.0.0", "acme@1.0.0?x=1"] {
            check(bad, false);
        }
    }

    #[test]
    fn only_what_is_approved_or_not_waited_for_ends_well() {
        let check = |state: Value, wait: Option<u32>, expect: Option<&str>| {
            let standing = Standing::of("acme", "1.0.0", &json!({ "submission": state }));
            let found = standing.verdict(&Wait { wait }).err().map(|error| error.message);
            assert_eq!(found.as_deref(), expect);
        };
        let rejected = json!({ "state": "rejected", "decided": { "reason": "it leaks" } });
        check(Value::Null, Some(1), None);
        check(json!({ "state": "approved", "decided": { "reason": null } }), Some(1), None);
        check(json!({ "state": "in_review", "decided": null }), None, None);
        check(rejected, None, Some("acme@1.0.0 is rejected: it leaks"));
        check(json!({ "state": "withdrawn", "decided": {} }), None, Some("acme@1.0.0 is withdrawn"));
        let waited = "acme@1.0.0 is in_review after 7 s: `gatehouse plugin status acme@1.0.0` tells when it is decided";
        check(json!({ "state": "in_review" }), Some(7), Some(waited));
    }
}
