//! Who we are to an authorization server: a client id and what proves it, opened for one request.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::manifest::oauth::{Client, ClientAuth};
use gatehouse_domain::{Error, Result};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use ring::hmac;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::answer::TokenError;
use crate::secret::Secret;
use crate::vault::{CredentialContext, Owner, Place, TenantKeyRef, Vault};

/// What the secrets of an app are sealed as.
pub const APP: &str = "oauth-app";

/// A client with its secrets opened.
pub struct OAuthClient {
    /// Its id, which is no secret.
    pub id: String,
    pub(crate) secret: Option<Secret>,
    pub(crate) private_key: Option<Secret>,
    pub(crate) key_id: Option<String>,
}

/// Names and values of a request's body.
pub(crate) type Pairs = Vec<(String, Zeroizing<String>)>;

impl OAuthClient {
    /// The client of a registered app, from its sealed secrets.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Corrupt`] where they do not open.
    pub fn of_app(
        vault: &Vault,
        owner: Owner<'_>,
        (record, version): (&str, u32),
        id: &str,
        key_id: Option<&str>,
        sealed: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let open = |field: &str| match sealed.get(field) {
            None => Ok(None),
            Some(text) => vault.open_at(owner, &Place { kind: APP, record, field, version }, text).map(Some),
        };
        Ok(Self {
            id: id.to_owned(),
            secret: open("client_secret")?,
            private_key: open("private_key")?,
            key_id: key_id.map(str::to_owned),
        })
    }

    /// The client that is part of an integration's credential.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where the credential lacks its id,
    /// [`gatehouse_domain::ErrorKind::Corrupt`] where a field does not open.
    pub fn of_credential(
        vault: &Vault,
        key: &TenantKeyRef,
        context: &CredentialContext,
        sealed: &BTreeMap<String, String>,
        names: &Client,
    ) -> Result<Self> {
        let open = |field: &Option<String>| match field {
            None => Ok(None),
            Some(field) => vault.open(key, context, sealed, field),
        };
        let text = |secret: Option<Secret>| secret.and_then(|secret| secret.expose_text().map(str::to_owned));
        let id = text(open(&names.id)?)
            .ok_or_else(|| Error::conflict("the integration's credential has no client id; connect it with one"))?;
        Ok(Self {
            id,
            secret: open(&names.secret)?,
            private_key: open(&names.private_key)?,
            key_id: text(open(&names.key_id)?),
        })
    }

    /// The secrets, for what searches texts for them.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.secret.iter().chain(&self.private_key)
    }

    /// Adds what proves who we are, but for an assertion.
    pub(crate) fn prove(&self, auth: ClientAuth, headers: &mut HeaderMap, body: &mut Pairs) -> Result<(), TokenError> {
        match auth {
            ClientAuth::Basic => {
                // RFC 6749 §2.3.1: form-encoded before they are joined.
                let pair = Zeroizing::new(format!("{}:{}", &*encoded(&self.id), &*encoded(self.secret_text()?)));
                headers.insert(AUTHORIZATION, header("Basic ", &STANDARD.encode(pair.as_bytes()))?);
            }
            ClientAuth::BasicSecret => {
                let pair = Zeroizing::new(format!("{}:", self.secret_text()?));
                headers.insert(AUTHORIZATION, header("Basic ", &STANDARD.encode(pair.as_bytes()))?);
            }
            ClientAuth::Body => {
                body.push(("client_id".to_owned(), Zeroizing::new(self.id.clone())));
                body.push(("client_secret".to_owned(), Zeroizing::new(self.secret_text()?.to_owned())));
            }
            ClientAuth::None | ClientAuth::PrivateKeyJwt => {
                body.push(("client_id".to_owned(), Zeroizing::new(self.id.clone())));
            }
        }
        Ok(())
    }

    pub(crate) fn secret_text(&self) -> Result<&str, TokenError> {
        self.secret.as_ref().and_then(Secret::expose_text).ok_or_else(|| {
            TokenError::refused("the app has no client secret, which the provider asks for; register it with one")
        })
    }

    /// Whether a callback's parameters carry the HMAC-SHA-256 of the others under the client's
    /// secret in `parameter`. Compared in constant time.
    pub fn signed(&self, parameter: &str, parameters: &[(String, String)]) -> bool {
        let Some(secret) = &self.secret else { return false };
        let mut others: Vec<&(String, String)> = parameters.iter().filter(|(name, _)| name != parameter).collect();
        others.sort();
        let joined: Vec<String> = others.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let given = parameters.iter().find(|(name, _)| name == parameter).map(|(_, value)| value.as_str());
        let tag = given.and_then(unhex);
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
        tag.is_some_and(|tag| hmac::verify(&key, joined.join("&").as_bytes(), &tag).is_ok())
    }
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient").field("id", &self.id).finish_non_exhaustive()
    }
}

pub(crate) fn header(prefix: &str, value: &str) -> Result<HeaderValue, TokenError> {
    let text = Zeroizing::new([prefix, value].concat());
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| TokenError::refused("the client's secret holds a character that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn encoded(text: &str) -> Zeroizing<String> {
    Zeroizing::new(byte_serialize(text.as_bytes()).collect())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..64).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> OAuthClient {
        let secret = Some(Secret::from("s3cret with spaces&more".to_owned()));
        OAuthClient { id: "id:1".to_owned(), secret, private_key: None, key_id: None }
    }

    #[test]
    fn each_way_to_prove_puts_the_secret_in_its_place_and_nowhere_else() {
        for (auth, authorization, body) in [
            (ClientAuth::Basic, Some("Basic aWQlM0ExOnMzY3JldCt3aXRoK3NwYWNlcyUyNm1vcmU="), vec![]),
            (ClientAuth::BasicSecret, Some("Basic czNjcmV0IHdpdGggc3BhY2VzJm1vcmU6"), vec![]),
            (ClientAuth::Body, None, vec![("client_id", "id:1"), ("client_secret", "s3cret with spaces&more")]),
            (ClientAuth::None, None, vec![("client_id", "id:1")]),
        ] {
            let (mut headers, mut pairs) = (HeaderMap::new(), Vec::new());
            client().prove(auth, &mut headers, &mut pairs).unwrap();
            assert_eq!(headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap()), authorization, "{auth:?}");
            let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(pairs, body, "{auth:?}");
        }
        let bare = OAuthClient { secret: None, ..client() };
        assert!(bare.prove(ClientAuth::Basic, &mut HeaderMap::new(), &mut Vec::new()).is_err());
        assert!(!format!("{:?}", client()).contains("s3cret"));
    }

    #[test]
    fn a_callback_counts_only_with_the_hmac_of_all_the_others() {
        let secret = Some(Secret::from("hush".to_owned()));
        let client = OAuthClient { secret, ..client() };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        // printf 'code=1&shop=a.example&state=2' | openssl dgst -sha256 -hmac hush
        let tag = {
            let key = hmac::Key::new(hmac::HMAC_SHA256, b"hush");
            let tag = hmac::sign(&key, b"code=1&shop=a.example&state=2");
            tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let good = vec![pair("state", "2"), pair("hmac", &tag), pair("shop", "a.example"), pair("code", "1")];
        assert!(client.signed("hmac", &good));
        for (at, other) in [(0, "3"), (1, "00"), (2, "b.example"), (3, "2")] {
            let mut bad = good.clone();
            bad[at].1 = other.to_owned();
            assert!(!client.signed("hmac", &bad), "{at}");
        }
        assert!(!client.signed("hmac", &good[2..]));
        assert!(!OAuthClient { secret: None, ..client }.signed("hmac", &good));
    }
}
