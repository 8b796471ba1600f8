//! What a request should show to prove who it is for. Only compared, never recorded or printed.

use std::collections::BTreeMap;
use std::fmt;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::manifest::auth::Placement;

use crate::sandbox::journal::Shown;

/// A secret and where it is expected.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A whole header value, such as `Bearer …`.
    Header {
        /// The header's name, in any case.
        name: String,
        /// Its value.
        value: String,
    },
    /// What a header begins with, where its end is made anew for each request.
    Begins {
        /// The header's name, in lower case.
        name: String,
        /// Its beginning.
        value: String,
    },
    /// A query parameter.
    Query {
        /// The parameter's name.
        parameter: String,
        /// Its value.
        value: String,
    },
}

impl Credential {
    /// What the host sends for a placement with these credential fields; none where it sends
    /// nothing or a field is missing.
    pub fn of(placement: &Placement, fields: &BTreeMap<String, String>) -> Option<Self> {
        let header = |name: &str, value: String| Some(Self::Header { name: name.to_owned(), value });
        match placement {
            Placement::Bearer { secret } => header("authorization", format!("Bearer {}", fields.get(secret)?)),
            Placement::Basic { username, password } => {
                let password = match password {
                    Some(field) => fields.get(field)?.as_str(),
                    None => "",
                };
                let pair = STANDARD.encode(format!("{}:{password}", fields.get(username)?));
                header("authorization", format!("Basic {pair}"))
            }
            Placement::Header { header: name, secret, prefix } => {
                header(name, format!("{prefix}{}", fields.get(secret)?))
            }
            Placement::Query { parameter, secret } => {
                Some(Self::Query { parameter: parameter.clone(), value: fields.get(secret)?.clone() })
            }
            Placement::Oauth2 { header: name, prefix } => {
                header(name, format!("{prefix}{}", fields.get("access_token")?))
            }
            Placement::Sigv4(rules) => {
                let value = format!("AWS4-HMAC-SHA256 Credential={}/", fields.get(&rules.access_key_id)?);
                Some(Self::Begins { name: "authorization".to_owned(), value })
            }
            Placement::None => None,
        }
    }

    /// The header that carries it, in lower case.
    pub(super) fn header(&self) -> Option<String> {
        match self {
            Self::Header { name, .. } | Self::Begins { name, .. } => Some(name.to_ascii_lowercase()),
            Self::Query { .. } => None,
        }
    }

    /// Whether this query parameter carries it.
    pub(super) fn is_parameter(&self, other: &str) -> bool {
        matches!(self, Self::Query { parameter, .. } if parameter == other)
    }

    /// What a request shows of it.
    pub(super) fn judge(&self, headers: &HeaderMap, query: &[(String, String)]) -> Shown {
        let (shown, value) = match self {
            Self::Header { name, value } => {
                (headers.get(name.as_str()).map(|header| header.as_bytes() == value.as_bytes()), value)
            }
            Self::Begins { name, value } => {
                (headers.get(name.as_str()).map(|header| header.as_bytes().starts_with(value.as_bytes())), value)
            }
            Self::Query { parameter, value } => {
                (query.iter().find(|(name, _)| name == parameter).map(|(_, given)| given == value), value)
            }
        };
        match shown {
            Some(true) if !value.is_empty() => Shown::Expected,
            Some(_) => Shown::Different,
            None => Shown::Absent,
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header { name, .. } | Self::Begins { name, .. } => {
                write!(f, "Credential(header {name}, [redacted])")
            }
            Self::Query { parameter, .. } => write!(f, "Credential(query {parameter}, [redacted])"),
        }
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::manifest::Sigv4;

    use super::*;

    #[test]
    fn placements_become_what_the_host_sends() {
        let fields: BTreeMap<String, String> =
            [("user", "ada"), ("key", "s3cret")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let check = |placement: &Placement, name: &str, expect: Option<&str>| match Credential::of(placement, &fields) {
            Some(Credential::Header { name: given, value } | Credential::Begins { name: given, value }) => {
                assert_eq!((given.as_str(), Some(value.as_str())), (name, expect));
            }
            Some(Credential::Query { parameter, value }) => {
                assert_eq!((parameter.as_str(), Some(value.as_str())), (name, expect));
            }
            None => assert_eq!(None, expect),
        };
        let key = || "key".to_owned();
        check(&Placement::Bearer { secret: key() }, "authorization", Some("Bearer s3cret"));
        let basic = |password| Placement::Basic { username: "user".to_owned(), password };
        check(&basic(Some(key())), "authorization", Some("Basic YWRhOnMzY3JldA=="));
        check(&basic(None), "authorization", Some("Basic YWRhOg=="));
        let header = Placement::Header { header: "X-Key".to_owned(), secret: key(), prefix: "v1 ".to_owned() };
        check(&header, "X-Key", Some("v1 s3cret"));
        check(&Placement::Query { parameter: "k".to_owned(), secret: key() }, "k", Some("s3cret"));
        let signed = |access_key_id: &str| {
            let (service, region) = ("mail".to_owned(), "eu".to_owned());
            let access_key_id = access_key_id.to_owned();
            Placement::Sigv4(Sigv4 { access_key_id, secret_access_key: key(), session_token: None, service, region })
        };
        check(&signed("user"), "authorization", Some("AWS4-HMAC-SHA256 Credential=ada/"));
        check(&signed("absent"), "", None);
        check(&Placement::Bearer { secret: "absent".to_owned() }, "", None);
        check(&Placement::None, "", None);
        assert!(!format!("{:?}", Credential::of(&header, &fields)).contains("s3cret"));
    }
}
