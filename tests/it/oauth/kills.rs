//! The server is killed between the question and the answer: it asks once more, and then either has
//! a token or says that a person has to agree again.

use super::Scene;
use crate::harness::authority::Mode;

/// A call that renews the token, cut off when the provider was asked.
async fn killed_while_asking(mode: Mode) -> Scene {
    let scene = Scene::begin().await;
    scene.connect().await;
    scene.authority.forget_access();
    scene.authority.known().mode = mode;
    let (tenant, path) = (scene.tenant.clone(), format!("/integrations/{}/execute", scene.integration));
    let call = tokio::spawn(async move {
        let body = br#"{"capability":"GET_PAYMENT","parameters":{"id":"pi_0001"}}"#.to_vec();
        tenant.try_send(reqwest::Method::POST, &path, &[("content-type", "application/json")], body).await
    });
    // The first time is that of the code.
    scene.authority.was_asked().await;
    scene.authority.was_asked().await;
    scene.server.signal_kill();
    assert!(call.await.unwrap().is_err(), "the call was answered");
    scene.authority.known().mode = Mode::Well;
    scene.after_a_kill().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_provider_never_did_is_done_after_the_kill() {
    let scene = killed_while_asking(Mode::MuteBefore).await;
    for _ in 0..3 {
        scene.execute().await.expect(200);
    }
    assert_eq!((scene.authority.count("refresh_token"), scene.authority.known().reused), ((2, 1), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_provider_did_unheard_ends_with_a_person_and_never_in_a_loop() {
    let scene = killed_while_asking(Mode::MuteAfter).await;
    assert_eq!(scene.execute().await.status, 424);
    for _ in 0..5 {
        scene.execute().await.expect_problem(409, "oauth/url");
    }
    // Once before the kill and once after: the provider tells that the token was used twice.
    assert_eq!((scene.authority.count("refresh_token"), scene.authority.known().reused), ((2, 1), 1));
    assert_eq!(scene.told("integration.expired").await, 1);
    scene.connect().await;
    scene.execute().await.expect(200);
}
