//! What a person is sent to the provider with: the consent page's URL, and secrets that only we
//! know again (RFC 6749 §4.1.1, RFC 7636 §4).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_domain::manifest::OAuth;
use gatehouse_domain::{Error, Result};
use ring::digest::{SHA256, digest as ring_digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use super::places::Places;
use crate::secret::Secret;

/// 256 random bits in base64url, 43 characters: a state or a verifier.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Internal`] where the system gives no randomness.
pub fn random_secret() -> Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0; 32]);
    let filled = SystemRandom::new().fill(bytes.as_mut_slice());
    filled.map_err(|_| Error::internal("the system gives no randomness"))?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

/// SHA-256, under which a one-time secret is looked up.
pub fn digest(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    let digest = ring_digest(&SHA256, text.as_bytes());
    out.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    out
}

/// The S256 challenge of a verifier (RFC 7636 §4.2).
pub fn challenge_of(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(ring_digest(&SHA256, verifier.expose()))
}

impl Places {
    /// The consent page with everything that it has to be asked with.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where the provider has none.
    pub fn authorize_url(
        &self,
        rules: &OAuth,
        client_id: &str,
        redirect_uri: &str,
        state: &str,
        challenge: Option<&str>,
    ) -> Result<String> {
        let mut url = self.authorize.clone().ok_or_else(|| {
            Error::conflict("this provider has no consent page: its tokens are asked for with the credential alone")
        })?;
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("response_type", "code");
            query.append_pair("client_id", client_id);
            query.append_pair("redirect_uri", redirect_uri);
            if !rules.scopes.is_empty() {
                query.append_pair("scope", &rules.scope());
            }
            query.append_pair("state", state);
            if let Some(challenge) = challenge {
                query.append_pair("code_challenge", challenge).append_pair("code_challenge_method", "S256");
            }
            query.extend_pairs(&rules.authorize_parameters);
        }
        Ok(url.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = Secret::from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        assert_eq!(challenge_of(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let (one, other) = (random_secret().unwrap(), random_secret().unwrap());
        assert!(one.len() == 43 && *one != *other);
        assert_ne!(digest(&one), digest(&other));
    }
}
