//! Renewing tokens: once a generation however many ask, the old one while it lives, and the end
//! when the provider says so.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::{Scene, execute};
use crate::harness::authority::Mode;
use crate::harness::{Client, eventually};

/// How many callers there are at once.
const CALLERS: usize = 1_000;

/// Settings that let as many in as come.
pub(crate) fn wide() -> Vec<(&'static str, String)> {
    let names = [
        "GATEHOUSE_RESILIENCE__PER_INTEGRATION",
        "GATEHOUSE_RESILIENCE__PER_PROVIDER",
        "GATEHOUSE_RESILIENCE__PER_TENANT",
        "GATEHOUSE_RESILIENCE__IN_ALL",
    ];
    let mut settings: Vec<(&'static str, String)> = names.into_iter().map(|name| (name, "5000".to_owned())).collect();
    settings.push(("GATEHOUSE_RESILIENCE__WAIT_MS", "30000".to_owned()));
    // A thousand calls at once take long where little else is idle; that is not what is looked at.
    settings.push(("GATEHOUSE_LIMITS__WALL_MS", "120000".to_owned()));
    settings.push(("GATEHOUSE_RESILIENCE__FAILURES_IN_A_ROW", "100000".to_owned()));
    settings.push(("GATEHOUSE_RESILIENCE__FAILURE_CALLS", "100000".to_owned()));
    settings
}

/// All of them call at once; the statuses that are not 200.
pub(crate) async fn all_call(tenant: &Client, integration: &str) -> Vec<String> {
    let calls = (0..CALLERS).map(|_| {
        let (tenant, integration) = (tenant.clone(), integration.to_owned());
        tokio::spawn(async move { execute(&tenant, &integration).await })
    });
    let calls: Vec<_> = calls.collect();
    let mut wrong = Vec::new();
    for call in calls {
        let answer = call.await.unwrap();
        if answer.status != 200 {
            wrong.push(format!("{} {}", answer.status, answer.body["detail"]));
        }
    }
    wrong
}

/// Waits until the token in use is due to be renewed.
pub(crate) async fn until_due(tenant: &Client, integration: &str) {
    eventually("the token is due", async || {
        let status = tenant.get(&format!("/integrations/{integration}/status")).await.expect(200);
        let due: gatehouse_domain::time::Timestamp = status["oauth"]["refresh_at"].as_str().unwrap().parse().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        (now > u128::try_from(due.as_millisecond()).unwrap()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callers_around_a_token_that_ends_renew_it_once() {
    let scene = Scene::begin_with(&wide(), &|_| {}).await;
    scene.authority.known().expires_in = Some(json!(1));
    scene.connect().await;
    until_due(&scene.tenant, &scene.integration).await;
    scene.authority.known().expires_in = Some(json!(3600));
    assert_eq!(all_call(&scene.tenant, &scene.integration).await, [""; 0]);
    assert_eq!(scene.authority.count("refresh_token"), (1, 1));
    // And around one that the provider refuses before its time.
    scene.authority.forget_access();
    assert_eq!(all_call(&scene.tenant, &scene.integration).await, [""; 0]);
    assert_eq!(scene.authority.count("refresh_token"), (2, 2));
    assert_eq!(scene.authority.known().reused, 0);
    assert_eq!(scene.status().await["oauth"]["cause"], "rejected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_token_that_is_refused_as_well_is_not_renewed_again() {
    let scene = Scene::begin().await;
    scene.connect().await;
    // The provider gives tokens that it does not take.
    scene.authority.forget_access();
    scene.authority.known().mode =
        Mode::Says(200, json!({ "access_token": "useless", "refresh_token": "r", "team": { "id": "T1" } }).to_string());
    for _ in 0..5 {
        scene.execute().await.expect(424);
    }
    assert_eq!(scene.authority.count("refresh_token").0, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_token_is_used_while_it_lives_and_the_provider_is_left_in_peace() {
    let scene = Scene::begin().await;
    scene.authority.known().expires_in = Some(json!(30));
    scene.connect().await;
    for (mode, part) in [
        (Mode::Says(503, String::new()), "503"),
        (Mode::Says(401, json!({ "error": "invalid_client" }).to_string()), "invalid_client"),
    ] {
        let before = scene.authority.count("refresh_token").0;
        scene.authority.known().mode = mode;
        scene.authority.forget_access();
        for _ in 0..5 {
            scene.execute().await.expect(424);
        }
        let oauth = scene.status().await["oauth"].clone();
        assert!(oauth["last_error"].as_str().unwrap().contains(part), "{oauth}");
        assert!(oauth["retry_at"].is_string() && oauth["expired_at"].is_null(), "{oauth}");
        // Asked once, and then not before the pause is over, however many call.
        assert_eq!(scene.authority.count("refresh_token").0, before + 1, "{part}");
        eventually("the pause is over, or a person mends it", async || {
            scene.authority.known().mode = Mode::Well;
            if part == "503" { (scene.execute().await.status == 200).then_some(()) } else { Some(()) }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_provider_says_that_it_is_over_a_person_is_asked_and_nobody_else() {
    let scene = Scene::begin().await;
    scene.connect().await;
    scene.authority.forget_access();
    scene.authority.known().mode = Mode::Says(400, json!({ "error": "invalid_grant" }).to_string());
    scene.execute().await.expect(424);
    for _ in 0..5 {
        scene.execute().await.expect_problem(409, "oauth/url");
    }
    assert_eq!(scene.authority.count("refresh_token").0, 1);
    assert_eq!(scene.told("integration.expired").await, 1);
    assert_eq!(scene.status().await["status"], "expired");
    assert!(scene.status().await["oauth"]["expired_at"].is_string());
    scene.authority.known().mode = Mode::Well;
    scene.connect().await;
    scene.execute().await.expect(200);
    assert_eq!(scene.status().await["status"], "active");
}
