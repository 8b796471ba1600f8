//! Where a plugin may send requests: hosts, methods and paths.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The plugin's targets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Egress {
    /// What relative URLs are relative to: `https://api.example.com`, with `{setting}`
    /// placeholders that stand for one DNS label each, such as `{shop}.example.com`.
    pub base_url: String,
    /// What is allowed; a request that fits none of these is refused.
    pub allow: Vec<Rule>,
}

/// Requests that are allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EgressRule")]
pub struct Rule {
    /// The host name, with `{setting}` placeholders for whole labels.
    pub host: String,
    /// The methods, in upper case.
    pub methods: Vec<String>,
    /// Path globs: `*` stands for one segment, a final `**` for the rest.
    pub paths: Vec<String>,
    /// By what a `POST` to these paths is known to only read, as a search or a GraphQL query does.
    /// Where it is absent, a `POST` writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<ReadBy>,
}

/// By what a `POST` is known to only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadBy {
    /// By its path: nothing behind these paths changes anything.
    Path,
    /// By its GraphQL document, which has no mutation and no subscription.
    Graphql,
}

impl Rule {
    /// Whether a method and a normalised path fit.
    pub fn covers(&self, method: &str, path: &str) -> bool {
        self.methods.iter().any(|allowed| allowed == method) && self.paths.iter().any(|glob| path_matches(glob, path))
    }
}

/// Whether `path` fits `glob`, segment by segment.
pub fn path_matches(glob: &str, path: &str) -> bool {
    let mut wanted = glob.split('/');
    let mut given = path.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (Some("**"), Some(_)) => return true,
            (Some("*"), Some(segment)) if !segment.is_empty() => {}
            (Some(literal), Some(segment)) if literal == segment => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::path_matches;

    #[test]
    fn a_star_is_one_segment_and_two_are_the_rest() {
        for (glob, path, fits) in [
            ("/v1/refunds", "/v1/refunds", true),
            ("/v1/refunds", "/v1/refunds/", false),
            ("/v1/refunds/*", "/v1/refunds/re_1", true),
            ("/v1/refunds/*", "/v1/refunds/", false),
            ("/v1/refunds/*", "/v1/refunds/re_1/cancel", false),
            ("/v1/**", "/v1/a/b", true),
            ("/v1/**", "/v2/a", false),
        ] {
            assert_eq!(path_matches(glob, path), fits, "{glob} {path}");
        }
    }
}
