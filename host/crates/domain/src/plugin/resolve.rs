//! Which version somebody gets who asks for one: exactly, by a requirement, or just for the
//! plugin. Pure; what is chosen is pinned exactly by whoever asked.

use semver::{Version, VersionReq};

use super::PluginVersion;
use crate::error::{Error, Result};

/// How a version is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Wanted {
    /// The newest that is neither yanked nor deprecated nor a pre-release.
    #[default]
    Newest,
    /// This one, whatever it is, unless it is yanked.
    Exactly(Version),
    /// The newest that fits and is not yanked; a deprecated one only where no other fits, a
    /// pre-release only where the requirement names one (as Cargo has it).
    Fitting(VersionReq),
}

/// Chooses among the versions of one plugin. One that is not approved is not there.
///
/// # Errors
/// [`crate::ErrorKind::NotFound`] where there is none of that version at all;
/// [`crate::ErrorKind::Conflict`] where there is none that may be chosen, with what there is.
pub fn resolve<'v>(id: &str, versions: &'v [PluginVersion], wanted: &Wanted) -> Result<&'v PluginVersion> {
    match wanted {
        Wanted::Newest => {
            let current = versions.iter().filter(|version| version.is_current());
            newest(current).ok_or_else(|| nothing_to_choose(id, versions))
        }
        Wanted::Exactly(exact) => exactly(id, versions, exact),
        Wanted::Fitting(requirement) => fitting(id, versions, requirement),
    }
}

/// The versions in words, newest first, with what stands against each.
pub fn describe(versions: &[PluginVersion]) -> String {
    let mut sorted: Vec<&PluginVersion> = versions.iter().filter(|version| version.is_approved()).collect();
    sorted.sort_by(|a, b| b.plugin.version.cmp(&a.plugin.version));
    let words: Vec<String> = sorted
        .iter()
        .map(|version| match (&version.standing.yanked, &version.standing.deprecated) {
            (Some(_), _) => format!("{} (yanked)", version.plugin.version),
            (None, Some(_)) => format!("{} (deprecated)", version.plugin.version),
            (None, None) => version.plugin.version.to_string(),
        })
        .collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

fn exactly<'v>(id: &str, versions: &'v [PluginVersion], exact: &Version) -> Result<&'v PluginVersion> {
    let found = versions.iter().find(|version| version.plugin.version == *exact && version.is_approved());
    let found = found.ok_or_else(|| Error::not_found("plugin version", format!("{id}@{exact}")))?;
    match &found.standing.yanked {
        None => Ok(found),
        Some(yanked) => {
            let message = format!("{id}@{exact} is yanked and can not be chosen any more: {}", yanked.reason);
            Err(Error::conflict(message).at("$.version", format!("there are {}", describe(versions))))
        }
    }
}

fn fitting<'v>(id: &str, versions: &'v [PluginVersion], requirement: &VersionReq) -> Result<&'v PluginVersion> {
    let open = || {
        let fits = |version: &&PluginVersion| requirement.matches(&version.plugin.version);
        versions.iter().filter(fits).filter(|version| version.standing.yanked.is_none() && version.is_approved())
    };
    let best = newest(open().filter(|version| version.standing.deprecated.is_none()));
    best.or_else(|| newest(open())).ok_or_else(|| {
        let message = format!("no version of `{id}` fits `{requirement}`");
        Error::conflict(message).at("$.requirement", format!("there are {}", describe(versions)))
    })
}

fn newest<'v>(versions: impl Iterator<Item = &'v PluginVersion>) -> Option<&'v PluginVersion> {
    versions.max_by(|a, b| a.plugin.version.cmp(&b.plugin.version))
}

fn nothing_to_choose(id: &str, versions: &[PluginVersion]) -> Error {
    if !versions.iter().any(PluginVersion::is_approved) {
        return Error::not_found("plugin", id);
    }
    let message = format!(
        "every version of `{id}` is yanked, deprecated or a pre-release: name one with `version` or `requirement`"
    );
    Error::conflict(message).at("$.version", format!("there are {}", describe(versions)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::KeyId;
    use crate::manifest::Manifest;
    use crate::plugin::submission::{Report, State, Submission};
    use crate::plugin::{Deprecated, PluginRef, Standing, Yanked};
    use crate::sheet::PermissionSheet;
    use crate::time::EPOCH;
    use crate::trust::SignatureState;

    /// `!` marks a yanked version, `~` a deprecated one, `?` one in review, and `#` one of which other
    /// bytes were approved.
    fn version(text: &str) -> PluginVersion {
        let manifest = Manifest::from_toml(
            r#"
            id = "acme"
            version = "1.0.0"
            provider = "acme"
            name = "Acme"
            description = "Sells."
            publisher = "acme"
            license = "MIT"
            category = "payments"
            contract = "0.1.0"
            [egress]
            base_url = "https://api.acme.example"
            allow = [{ host = "api.acme.example", methods = ["GET"], paths = ["/**"] }]
            "#,
        )
        .unwrap();
        let number = text.trim_end_matches(['!', '~', '?', '#']);
        let yanked = text.ends_with('!').then(|| Yanked { reason: "loses money".to_owned(), at: EPOCH });
        let deprecated =
            text.ends_with('~').then(|| Deprecated { message: "old".to_owned(), successor: None, at: EPOCH });
        PluginVersion {
            plugin: PluginRef { id: "acme".to_owned(), version: number.parse().unwrap(), digest: number.to_owned() },
            sheet: PermissionSheet::of(&manifest, &[], &[]),
            manifest,
            capabilities: Vec::new(),
            size: 1,
            uploaded_at: EPOCH,
            standing: Standing { yanked, deprecated },
            exports: None,
            provides: Vec::new(),
            composition: None,
            signature: None,
            shown: crate::plugin::shown::Shown::default(),
            submission: submission(text, number),
        }
    }

    fn submission(text: &str, number: &str) -> Option<Submission> {
        let report = Report {
            against: None,
            class: None,
            differences: Vec::new(),
            widened: Vec::new(),
            signature: SignatureState::Unsigned,
        };
        let (state, digest) = match text.chars().last() {
            Some('?') => (State::InReview, number),
            Some('#') => (State::Approved, "other"),
            _ => (State::Approved, number),
        };
        let by = KeyId::from_bytes([1; 16]);
        Some(Submission { state, digest: digest.to_owned(), by, at: EPOCH, report, decided: None })
    }

    fn check(versions: &str, wanted: &str, expect: Result<&str, &str>) {
        let versions: Vec<PluginVersion> = versions.split_whitespace().map(version).collect();
        let wanted = match wanted.strip_prefix('@') {
            Some(exact) => Wanted::Exactly(exact.parse().unwrap()),
            None if wanted.is_empty() => Wanted::Newest,
            None => Wanted::Fitting(wanted.parse().unwrap()),
        };
        let found = resolve("acme", &versions, &wanted);
        match expect {
            Ok(expect) => assert_eq!(found.unwrap().plugin.version.to_string(), expect, "{wanted:?}"),
            Err(text) => {
                let error = found.unwrap_err().to_string();
                assert!(error.contains(text), "{error} does not contain {text}");
            }
        }
    }

    #[test]
    fn the_newest_that_stands_is_chosen() {
        check("1.0.0 1.10.0 1.9.0", "", Ok("1.10.0"));
        check("1.0.0 1.1.0!", "", Ok("1.0.0"));
        check("1.0.0 1.1.0~", "", Ok("1.0.0"));
        check("1.0.0 2.0.0-beta.1", "", Ok("1.0.0"));
        check("1.0.0! 1.1.0~ 2.0.0-beta.1", "", Err("1.1.0 (deprecated), 1.0.0 (yanked)"));
        check("", "", Err("there is no plugin `acme`"));
    }

    #[test]
    fn a_requirement_chooses_within_itself() {
        check("1.0.0 1.4.0 2.0.0", "^1.2", Ok("1.4.0"));
        check("1.3.0 1.4.0! 2.0.0", "^1.2", Ok("1.3.0"));
        check("1.3.0 1.4.0~", "^1.2", Ok("1.3.0"));
        check("1.4.0~ 2.0.0", "^1.2", Ok("1.4.0"));
        check("1.0.0 2.0.0-beta.1", ">=1", Ok("1.0.0"));
        check("1.0.0 2.0.0-beta.1", "^2.0.0-beta.1", Ok("2.0.0-beta.1"));
        check("1.0.0 1.1.0!", "^1.1", Err("there are 1.1.0 (yanked), 1.0.0"));
        check("0.1.0 0.2.0", "^0.1", Ok("0.1.0"));
    }

    #[test]
    fn an_exact_version_is_that_one() {
        check("1.0.0 2.0.0-beta.1", "@2.0.0-beta.1", Ok("2.0.0-beta.1"));
        check("1.0.0~ 1.1.0", "@1.0.0", Ok("1.0.0"));
        check("1.0.0! 1.1.0", "@1.0.0", Err("loses money"));
        check("1.0.0", "@1.0.1", Err("acme@1.0.1"));
    }

    #[test]
    fn what_is_not_approved_is_not_there() {
        for text in ["1.0.0 1.1.0?", "1.0.0 1.1.0#"] {
            check(text, "", Ok("1.0.0"));
            check(text, "^1", Ok("1.0.0"));
            check(text, "^1.1", Err("there are 1.0.0"));
            check(text, "@1.1.0", Err("there is no plugin version `acme@1.1.0`"));
        }
        check("1.0.0? 1.1.0#", "", Err("there is no plugin `acme`"));
        check("1.0.0! 1.1.0?", "@1.0.0", Err("there are 1.0.0 (yanked)"));
        assert_eq!(describe(&["1.0.0", "1.1.0?", "1.2.0#"].map(version)), "1.0.0");
    }

    #[test]
    fn a_record_from_before_versions_had_a_standing_is_read() {
        let mut json = serde_json::to_value(version("1.0.0")).unwrap();
        for new in ["standing", "exports", "provides", "composition", "submission"] {
            json.as_object_mut().unwrap().remove(new).unwrap();
        }
        let read: PluginVersion = serde_json::from_value(json).unwrap();
        assert!(read.is_current() && read.exports.is_none());
        assert_eq!(read.uploaded_digest(), "1.0.0");
    }
}
