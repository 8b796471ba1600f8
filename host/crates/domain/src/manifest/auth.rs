//! Auth schemes as data: where the host puts which secret. A gateway only names one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Problem;

/// One way to authenticate a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuthScheme {
    /// The name by which a gateway asks for it.
    pub name: String,
    /// Where the secret goes.
    #[serde(flatten)]
    pub placement: Placement,
}

/// Where a secret is put. It is fixed here and never chosen by a caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum Placement {
    /// `Authorization: Bearer {secret}` (RFC 6750 §2.1).
    Bearer {
        /// The credential field that holds the token.
        secret: String,
    },
    /// `Authorization: Basic` (RFC 7617).
    Basic {
        /// The credential field that holds the user name.
        username: String,
        /// The credential field that holds the password; an empty password where absent.
        #[serde(default)]
        password: Option<String>,
    },
    /// A header of the provider's own.
    Header {
        /// The header's name.
        header: String,
        /// The credential field.
        secret: String,
        /// What comes before the secret.
        #[serde(default)]
        prefix: String,
    },
    /// A query parameter.
    Query {
        /// The parameter's name.
        parameter: String,
        /// The credential field.
        secret: String,
    },
    /// The access token that the host got by the rules of `oauth`, in a header.
    Oauth2 {
        /// The header's name (default `authorization`).
        #[serde(default = "authorization")]
        header: String,
        /// What comes before the token (default `Bearer `, RFC 6750 §2.1).
        #[serde(default = "bearer")]
        prefix: String,
    },
    /// A signature over the whole request.
    Sigv4(Sigv4),
    /// No credential: for the few public calls of a provider.
    None,
}

/// Signature Version 4, as the page "Create a signed API request" of its inventor's IAM guide has it, in the header
/// `Authorization`. The host signs each attempt anew, after everything else in it is fixed. The path is encoded
/// twice, as all services but the object store want it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sigv4 {
    /// The credential field that holds the id of the access key.
    pub access_key_id: String,
    /// The credential field that holds the secret access key.
    pub secret_access_key: String,
    /// The credential field that holds the token of a temporary key; it may be left empty.
    #[serde(default)]
    pub session_token: Option<String>,
    /// The service that the signature is for, as it stands in its scope.
    pub service: String,
    /// The region that it is for: its name, or `{setting}`.
    pub region: String,
}

impl Sigv4 {
    /// The headers that the signature goes into, in lower case.
    pub const HEADERS: [&'static str; 4] =
        ["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"];

    /// The setting that holds the region, where one does.
    pub fn region_setting(&self) -> Option<&str> {
        self.region.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
    }

    pub(super) fn check(&self, path: &str, settings: &serde_json::Value, problems: &mut Vec<Problem>) {
        if !is_name(&self.service) {
            problems.push(Problem::at(format!("{path}.service"), not_a_name(&self.service)));
        }
        let named = |setting: &str| settings.get("properties").is_some_and(|all| all.get(setting).is_some());
        match self.region_setting() {
            Some(setting) if !named(setting) => {
                let message = format!("`{setting}` is not a property of `settings`; add it there");
                problems.push(Problem::at(format!("{path}.region"), message));
            }
            None if !is_name(&self.region) => {
                problems.push(Problem::at(format!("{path}.region"), not_a_name(&self.region)));
            }
            _ => {}
        }
    }
}

fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(plain)
}

fn not_a_name(text: &str) -> String {
    format!("`{text}` must have 1 to 63 lower-case letters, digits and dashes")
}

impl Placement {
    /// The credential fields that this placement reads. An access token is none of them: the host
    /// keeps it apart.
    pub fn secrets(&self) -> Vec<&str> {
        match self {
            Self::Bearer { secret } | Self::Header { secret, .. } | Self::Query { secret, .. } => vec![secret],
            Self::Basic { username, password } => {
                let mut fields = vec![username.as_str()];
                fields.extend(password.as_deref());
                fields
            }
            Self::Sigv4(rules) => {
                let mut fields = vec![rules.access_key_id.as_str(), &rules.secret_access_key];
                fields.extend(rules.session_token.as_deref());
                fields
            }
            Self::Oauth2 { .. } | Self::None => Vec::new(),
        }
    }

    /// Those of [`Placement::secrets`] without which nothing can be sent.
    pub fn needed_secrets(&self) -> Vec<&str> {
        match self {
            Self::Sigv4(rules) => vec![&rules.access_key_id, &rules.secret_access_key],
            other => other.secrets(),
        }
    }

    /// The place in words, for the permission sheet.
    pub fn describe(&self) -> String {
        match self {
            Self::Bearer { .. } => "header Authorization as Bearer".to_owned(),
            Self::Basic { .. } => "header Authorization as Basic".to_owned(),
            Self::Header { header, .. } => format!("header {header}"),
            Self::Query { parameter, .. } => format!("query parameter {parameter}"),
            Self::Oauth2 { header, prefix } if header.eq_ignore_ascii_case("authorization") => {
                format!("header Authorization as {}", prefix.trim())
            }
            Self::Oauth2 { header, .. } => format!("header {header}"),
            Self::Sigv4(Sigv4 { service, region, .. }) => {
                format!("signature of each request to the service {service} in {region} (sigv4)")
            }
            Self::None => "nowhere".to_owned(),
        }
    }
}

fn authorization() -> String {
    "authorization".to_owned()
}

fn bearer() -> String {
    "Bearer ".to_owned()
}
