//! Signed assertions (RFC 7515, RFC 7523): who we are, for whom, to whom, and for how long.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gatehouse_domain::manifest::OAuth;
use gatehouse_domain::manifest::oauth::{Assertion, AssertionAlgorithm};
use gatehouse_domain::time::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::answer::TokenError;
use super::client::OAuthClient;
use super::places::{Places, fill_text};
use crate::secret::Secret;

/// How far our clock may be ahead of the provider's, in seconds.
const SKEW: i64 = 10;

/// An assertion by the rules of the manifest.
pub(crate) fn sign(
    rules: &OAuth,
    places: &Places,
    client: &OAuthClient,
    settings: &Map<String, Value>,
    now: Timestamp,
) -> Result<Zeroizing<String>, TokenError> {
    let assertion = rules.assertion.as_ref().ok_or_else(|| TokenError::refused("the manifest says nothing to sign"))?;
    let header = header(assertion, client);
    let claims = claims(rules, assertion, places, client, settings, now)?;
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let key = client.private_key.as_ref().ok_or_else(|| {
        TokenError::refused("the app has no private key, which the provider asks for; register it with one")
    })?;
    let signature = signature(assertion.algorithm, key, signed.as_bytes())?;
    Ok(Zeroizing::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

fn header(assertion: &Assertion, client: &OAuthClient) -> Value {
    let name = match assertion.algorithm {
        AssertionAlgorithm::Rs256 => "RS256",
        AssertionAlgorithm::Ps256 => "PS256",
        AssertionAlgorithm::Es256 => "ES256",
    };
    match &client.key_id {
        Some(id) => json!({ "alg": name, "typ": "JWT", "kid": id }),
        None => json!({ "alg": name, "typ": "JWT" }),
    }
}

fn claims(
    rules: &OAuth,
    assertion: &Assertion,
    places: &Places,
    client: &OAuthClient,
    settings: &Map<String, Value>,
    now: Timestamp,
) -> Result<Value, TokenError> {
    let mut known = settings.clone();
    known.insert("client_id".to_owned(), client.id.clone().into());
    known.insert("scope".to_owned(), rules.scope().into());
    let fill = |text: &str| {
        fill_text(text, &known).ok_or_else(|| {
            TokenError::Refused(format!("the setting in `{text}` is needed for the assertion and not set"))
        })
    };
    let audience = match assertion.audience.as_str() {
        "issuer" => places.issuer.clone().unwrap_or_default(),
        "token_url" => places.token.to_string(),
        other => fill(other)?,
    };
    let at = now.as_second();
    let mut claims = Map::new();
    for (name, value) in &assertion.claims {
        claims.insert(name.clone(), fill_value(value, &fill)?);
    }
    claims.insert("iss".to_owned(), fill(&assertion.issuer)?.into());
    claims.insert("sub".to_owned(), fill(&assertion.subject)?.into());
    claims.insert("aud".to_owned(), audience.into());
    claims.insert("iat".to_owned(), (at - SKEW).into());
    claims.insert("exp".to_owned(), (at + i64::from(assertion.lifetime_seconds)).into());
    claims.insert("jti".to_owned(), jti()?.into());
    Ok(Value::Object(claims))
}

fn fill_value(value: &Value, fill: &impl Fn(&str) -> Result<String, TokenError>) -> Result<Value, TokenError> {
    Ok(match value {
        Value::String(text) => fill(text)?.into(),
        Value::Array(items) => items.iter().map(|item| fill_value(item, fill)).collect::<Result<_, _>>()?,
        other => other.clone(),
    })
}

fn jti() -> Result<String, TokenError> {
    let mut bytes = [0; 16];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| TokenError::Busy("the system gives no randomness".to_owned()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn signature(algorithm: AssertionAlgorithm, key: &Secret, text: &[u8]) -> Result<Vec<u8>, TokenError> {
    let wrong = || {
        let form = if algorithm == AssertionAlgorithm::Es256 {
            "an EC key on P-256"
        } else {
            "an RSA key of 2048 bits or more"
        };
        TokenError::Refused(format!("the app's private key can not be used: it must be {form}, as PKCS#8 in PEM"))
    };
    let der = pem(key).ok_or_else(wrong)?;
    let random = SystemRandom::new();
    if algorithm == AssertionAlgorithm::Es256 {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random).map_err(|_| wrong())?;
        return pair.sign(&random, text).map(|signature| signature.as_ref().to_vec()).map_err(|_| wrong());
    }
    // A key without its PKCS#8 wrapping is common as well.
    let pair = RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der)).map_err(|_| wrong())?;
    let mut signature = vec![0; pair.public().modulus_len()];
    let signed = match algorithm {
        AssertionAlgorithm::Ps256 => pair.sign(&RSA_PSS_SHA256, &random, text, &mut signature),
        _ => pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature),
    };
    signed.map(|()| signature).map_err(|_| wrong())
}

/// The bytes of the first block of a PEM text (RFC 7468). A key that was pasted into JSON may have
/// its line breaks as `\n`.
fn pem(key: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let text = Zeroizing::new(key.expose_text()?.replace("\\n", "\n"));
    let (_, rest) = text.split_once("PRIVATE KEY-----")?;
    let (body, _) = rest.split_once("-----END")?;
    let bare = Zeroizing::new(body.chars().filter(|c| !c.is_whitespace()).collect::<String>());
    STANDARD.decode(bare.as_bytes()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    /// A key that guards nothing, made for this test.
    const RSA: &str = include_str!("assertion/rsa.pem");

    fn rules(algorithm: &str) -> OAuth {
        serde_json::from_value(json!({
            "grants": ["jwt_bearer"], "token_url": "https://a.example/t", "scopes": ["signature", "impersonation"],
            "issuer": "https://issuer.example",
            "assertion": {
                "algorithm": algorithm, "audience": "issuer", "subject": "{user}", "lifetime_seconds": 60,
                "claims": { "scope": "{scope}", "list": ["{user}", 1] },
            },
        }))
        .unwrap()
    }

    fn places() -> Places {
        Places {
            authorize: None,
            token: "https://a.example/t".parse().unwrap(),
            revoke: None,
            lookup: None,
            issuer: Some("https://issuer.example".to_owned()),
            origin: None,
        }
    }

    fn assert_signed(algorithm: &str, key: String) -> (String, Vec<u8>, Value) {
        let private_key = Some(Secret::from(key));
        let client = OAuthClient { id: "app".into(), secret: None, private_key, key_id: Some("k1".into()) };
        let Value::Object(settings) = json!({ "user": "u-7" }) else { unreachable!() };
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let token = sign(&rules(algorithm), &places(), &client, &settings, now).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let json = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        assert_eq!(json(parts[0]), json!({ "alg": algorithm, "typ": "JWT", "kid": "k1" }));
        (format!("{}.{}", parts[0], parts[1]), URL_SAFE_NO_PAD.decode(parts[2]).unwrap(), json(parts[1]))
    }

    #[test]
    fn an_assertion_says_what_the_manifest_says_and_verifies() {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let text = STANDARD.encode(pkcs8.as_ref());
        let key = format!("-----BEGIN PRIVATE KEY-----\\n{text}\\n-----END PRIVATE KEY-----");
        let (signed, signature, claims) = assert_signed("ES256", key);
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
        public.verify(signed.as_bytes(), &signature).unwrap();
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("app"), &json!("u-7")));
        assert_eq!((&claims["aud"], &claims["exp"]), (&json!("https://issuer.example"), &json!(1_700_000_060)));
        assert_eq!((&claims["scope"], &claims["list"]), (&json!("signature impersonation"), &json!(["u-7", 1])));

        let (signed, signature, _) = assert_signed("RS256", RSA.to_owned());
        let pair = RsaKeyPair::from_pkcs8(&pem(&Secret::from(RSA.to_owned())).unwrap()).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public().as_ref());
        public.verify(signed.as_bytes(), &signature).unwrap();
        assert!(public.verify(b"other", &signature).is_err());
    }

    #[test]
    fn a_key_of_another_kind_and_a_missing_setting_are_named() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let sign_with = |key: Option<&str>, settings: &Map<String, Value>| {
            let private_key = key.map(|key| Secret::from(key.to_owned()));
            let client = OAuthClient { id: "app".into(), secret: None, private_key, key_id: None };
            sign(&rules("ES256"), &places(), &client, settings, now).unwrap_err().to_string()
        };
        let Value::Object(settings) = json!({ "user": "u" }) else { unreachable!() };
        assert!(sign_with(None, &settings).contains("no private key"));
        assert!(sign_with(Some(RSA), &settings).contains("P-256"));
        assert!(sign_with(Some("hunter2"), &settings).contains("PEM"));
        assert!(sign_with(Some(RSA), &Map::new()).contains("`{user}`"));
    }
}
