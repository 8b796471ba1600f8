//! Where a plugin may send requests: hosts, methods and paths.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::integration::Environment;

/// The plugin's targets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Egress {
    /// What relative URLs are relative to: `https://api.example.com`, with `{setting}`
    /// placeholders that stand for one DNS label each, such as `{shop}.example.com`.
    pub base_url: String,
    /// The same for integrations of the environment `sandbox`, where the provider has another host for them. Its
    /// requests are judged by the rules for that host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox_base_url: Option<String>,
    /// What is allowed; a request that fits none of these is refused.
    pub allow: Vec<Rule>,
}

impl Egress {
    /// What relative URLs are relative to in an environment.
    pub fn base_in(&self, environment: Environment) -> &str {
        self.sandbox_base_url.as_deref().filter(|_| self.is_sandbox(environment)).unwrap_or(&self.base_url)
    }

    /// Whether requests go to the provider's sandbox by their host alone, whatever an account says of itself.
    pub fn is_sandbox(&self, environment: Environment) -> bool {
        environment == Environment::Sandbox && self.sandbox_base_url.is_some()
    }
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
    use super::{Egress, path_matches};
    use crate::integration::Environment;

    #[test]
    fn the_sandbox_has_a_base_of_its_own_where_the_manifest_has_one() {
        let (live, sandbox) = ("https://api.acme.example", "https://sandbox.acme.example");
        for (named, environment, expect) in [
            (None, Environment::Live, live),
            (None, Environment::Sandbox, live),
            (Some(sandbox), Environment::Live, live),
            (Some(sandbox), Environment::Sandbox, sandbox),
        ] {
            let sandbox_base_url = named.map(str::to_owned);
            let egress = Egress { base_url: live.to_owned(), sandbox_base_url, allow: Vec::new() };
            assert_eq!(egress.base_in(environment), expect);
            assert_eq!(egress.is_sandbox(environment), expect == sandbox);
        }
    }

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
