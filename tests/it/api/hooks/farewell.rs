//! Endpoints of integrations that go: taken away from the provider whatever it takes, also from under a
//! turn, and told of where that is not to be.

use serde_json::json;

use super::registered::{Known, Scene, key};
use crate::harness::eventually;

impl Scene {
    async fn registered(known: Known) -> Self {
        let scene = Self::begin(key(), known).await;
        scene.until("it is registered", |state, _| state["standing"] == "registered").await;
        scene
    }

    async fn disconnect(&self) {
        self.tenant.delete(&format!("/integrations/{}/disconnect", self.integration)).await.expect(200);
    }

    /// Waits for an entry of the audit trail.
    async fn audited(&self, action: &str) {
        eventually(action, async || {
            let trail = self.tenant.get("/audit?limit=200").await.expect(200);
            trail["items"].as_array().unwrap().iter().any(|entry| entry["action"] == action).then_some(())
        })
        .await;
    }

    async fn gone(&self) {
        eventually("none is left", async || self.known.lock().unwrap().endpoints.is_empty().then_some(())).await;
        self.audited("endpoint.unregistered").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_provider_is_asked_again_and_what_is_deleted_goes_too() {
    let scene = Scene::registered(Known { busy: 2, ..Known::default() }).await;
    let others =
        json!({ "id": "we_other", "url": "https://other.example/", "enabled_events": ["*"], "status": "enabled" });
    scene.known.lock().unwrap().endpoints.push(others.clone());
    scene.tenant.delete(&format!("/integrations/{}", scene.integration)).await.expect(204);
    scene.audited("endpoint.unregistered").await;
    let known = scene.known.lock().unwrap();
    assert_eq!(known.endpoints, [others]);
    assert_eq!(known.taken, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_takes_it_away_after_its_start() {
    let scene = Scene::registered(Known { busy: usize::MAX, ..Known::default() }).await;
    scene.disconnect().await;
    eventually("it was tried", async || (scene.known.lock().unwrap().taken > 0).then_some(())).await;
    let server = scene.server.kill_and_restart();
    scene.known.lock().unwrap().busy = 0;
    let scene = Scene { tenant: scene.tenant.moved_to(&server), server, ..scene };
    scene.gone().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_is_under_way_leaves_nothing_behind() {
    let scene = Scene::begin(key(), Known { mute: true, ..Known::default() }).await;
    eventually("the provider has made it", async || (scene.known.lock().unwrap().made == 1).then_some(())).await;
    scene.disconnect().await;
    scene.known.lock().unwrap().mute = false;
    scene.gone().await;
    let state = scene.state().await;
    assert_eq!((&state["standing"], &state["registrations"]), (&json!("waiting"), &json!([])));
    // Connected again it is registered as the first time, and the secret is the new one's.
    let path = format!("/integrations/{}/connect", scene.integration);
    scene.tenant.post(&path, json!({ "credentials": key() })).await.expect(200);
    scene.until("it is registered again", |state, _| state["standing"] == "registered").await;
    let known = scene.known.lock().unwrap();
    assert_eq!((known.endpoints.len(), known.made), (1, 2));
}

/// Where nobody can look for it, who made it takes it away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_is_under_way_takes_its_own_away() {
    let scene = Scene::begin(key(), Known { mute: true, ..Known::default() }).await;
    eventually("the provider has made it", async || (scene.known.lock().unwrap().made == 1).then_some(())).await;
    scene.disconnect().await;
    {
        let mut known = scene.known.lock().unwrap();
        (known.refuses, known.mute) = (true, false);
    }
    eventually("none is left", async || scene.known.lock().unwrap().endpoints.is_empty().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_taken_away_is_told() {
    let scene = Scene::registered(Known { clings: true, ..Known::default() }).await;
    scene.disconnect().await;
    scene.audited("endpoint.not_unregistered").await;
    eventually("people are told", async || (scene.told("webhooks.left_behind").await == 1).then_some(())).await;
    assert_eq!(scene.known.lock().unwrap().taken, 1);
    // Who was never registered is not asked for.
    let path = format!("/integrations/{}", scene.integration);
    scene.tenant.delete(&path).await.expect(204);
    assert_eq!(scene.told("webhooks.left_behind").await, 1);
}
