//! Tokens for which no person is asked: client credentials, and an assertion that we sign.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use serde_json::{Value, json};

use super::{Scene, execute, integration};
use crate::harness::authority::CLIENT;
use crate::harness::canary::SECRET_KEY;

fn by_credential(oauth: &mut Value, grant: &str) {
    oauth["grants"] = json!([grant]);
    oauth["client"] =
        json!({ "from": "credential", "id": "client_id", "secret": "client_secret", "private_key": "key" });
    oauth.as_object_mut().unwrap().remove("authorize_url");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_credentials_of_an_integration_are_tried_used_and_renewed() {
    let scene = Scene::begin_with(&[], &|oauth| by_credential(oauth, "client_credentials")).await;
    let credentials = |secret: &str| json!({ "client_id": CLIENT, "client_secret": secret });
    let id = integration(&scene.tenant, &scene.authority.origin, credentials(SECRET_KEY)).await;
    execute(&scene.tenant, &id).await.expect(200);
    execute(&scene.tenant, &id).await.expect(200);
    assert_eq!(scene.authority.count("client_credentials"), (1, 1));
    scene.authority.forget_access();
    execute(&scene.tenant, &id).await.expect(200);
    assert_eq!(scene.authority.count("client_credentials"), (2, 2));
    // A credential that gives no token takes no place, and what worked goes on.
    let connect = format!("/integrations/{id}/connect");
    let wrong = json!({ "credentials": credentials("wrong-secret") });
    scene.tenant.post(&connect, wrong).await.expect_problem(424, "invalid_client");
    execute(&scene.tenant, &id).await.expect(200);
    let right = json!({ "credentials": credentials(SECRET_KEY) });
    scene.tenant.post(&connect, right).await.expect(200);
    execute(&scene.tenant, &id).await.expect(200);
    scene.tenant.get(&format!("/integrations/{id}/oauth/url")).await.expect_problem(409, "no consent page");
    assert_eq!(scene.tenant.get(&format!("/integrations/{id}/status")).await.expect(200)["oauth"]["renewable"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assertion_is_signed_with_the_key_and_says_what_the_manifest_says() {
    let change = |oauth: &mut Value| {
        by_credential(oauth, "jwt_bearer");
        oauth["assertion"] = json!({ "algorithm": "ES256", "audience": "issuer", "claims": { "scope": "{scope}" } });
    };
    let scene = Scene::begin_with(&[], &change).await;
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(pkcs8.as_ref()));
    let credentials = json!({ "client_id": CLIENT, "client_secret": "unused", "key": pem });
    let id = integration(&scene.tenant, &scene.authority.origin, credentials).await;
    execute(&scene.tenant, &id).await.expect(200);
    let assertion = scene.authority.known().assertions[0].clone();
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
    public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!(CLIENT), &json!(CLIENT)));
    assert_eq!((&claims["aud"], &claims["scope"]), (&json!(scene.authority.origin), &json!("read write")));
}
