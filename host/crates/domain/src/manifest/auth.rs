//! Auth schemes as data: where the host puts which secret. A gateway only names one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// No credential: for the few public calls of a provider.
    None,
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
            Self::Oauth2 { .. } | Self::None => Vec::new(),
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
