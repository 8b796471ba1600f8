//! Puts the credential on a request that was judged and is otherwise complete, at the place
//! that the manifest fixes. No text of the gateway's is ever searched for a placeholder.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::manifest::AuthScheme;
use gatehouse_domain::manifest::auth::Placement;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_encode;
use url::Url;
use zeroize::Zeroizing;

use super::url::ENCODED;
use crate::message::SendError;
use crate::secret::Secret;

/// The name under which a session holds the access token. No field of a credential has it.
pub(crate) const ACCESS_TOKEN: &str = "oauth:access_token";

/// Opened credential fields by name.
pub(crate) type Secrets = BTreeMap<String, Secret>;

/// Adds the credential that `scheme` names.
pub(crate) fn attach(
    scheme: &AuthScheme,
    secrets: &Secrets,
    url: &mut Url,
    headers: &mut HeaderMap,
) -> Result<(), SendError> {
    let of = |field: &str| field_of(secrets, scheme, field);
    match &scheme.placement {
        Placement::Bearer { secret } => put(headers, scheme, AUTHORIZATION, &[b"Bearer ", of(secret)?]),
        Placement::Basic { username, password } => {
            let password = password.as_deref().map_or(Ok(&[][..]), of)?;
            let pair = Zeroizing::new([of(username)?, b":", password].concat());
            let encoded = Zeroizing::new(STANDARD.encode(&pair));
            put(headers, scheme, AUTHORIZATION, &[b"Basic ", encoded.as_bytes()])
        }
        Placement::Header { header, secret, prefix } => {
            put(headers, scheme, header_name(scheme, header)?, &[prefix.as_bytes(), of(secret)?])
        }
        Placement::Query { parameter, secret } => {
            let secret = Zeroizing::new(percent_encode(of(secret)?, ENCODED).to_string());
            let name = percent_encode(parameter.as_bytes(), ENCODED).to_string();
            let before = url.query().filter(|query| !query.is_empty());
            let joined = before.map_or(String::new(), |query| format!("{query}&"));
            url.set_query(Some(&Zeroizing::new([&joined, &name, "=", &*secret].concat())));
            Ok(())
        }
        Placement::Oauth2 { header, prefix } => {
            let token = secrets.get(ACCESS_TOKEN).map(Secret::expose).ok_or_else(|| {
                SendError::Denied(format!(
                    "the auth scheme `{}` needs an access token and there is none; connect the integration with OAuth",
                    scheme.name
                ))
            })?;
            put(headers, scheme, header_name(scheme, header)?, &[prefix.as_bytes(), token])
        }
        // A signature comes last, by `sigv4`.
        Placement::Sigv4(_) | Placement::None => Ok(()),
    }
}

fn header_name(scheme: &AuthScheme, header: &str) -> Result<HeaderName, SendError> {
    HeaderName::from_bytes(header.as_bytes()).map_err(|_| {
        SendError::Denied(format!("the manifest's auth scheme `{}` names no header that can be sent", scheme.name))
    })
}

pub(super) fn field_of<'s>(secrets: &'s Secrets, scheme: &AuthScheme, field: &str) -> Result<&'s [u8], SendError> {
    secrets.get(field).map(Secret::expose).ok_or_else(|| {
        SendError::Denied(format!(
            "the credential has no field `{field}`, which the auth scheme `{}` needs; connect the integration again",
            scheme.name
        ))
    })
}

pub(super) fn put(
    headers: &mut HeaderMap,
    scheme: &AuthScheme,
    name: HeaderName,
    parts: &[&[u8]],
) -> Result<(), SendError> {
    let text = Zeroizing::new(parts.concat());
    let mut value = HeaderValue::from_bytes(&text).map_err(|_| {
        SendError::Denied(format!(
            "a field of the credential for the auth scheme `{}` holds a line break or another control character; \
             connect the integration again",
            scheme.name
        ))
    })?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}
