//! One exchange of each kind from begin to end, as operators see it.

use serde_json::{Value, json};

use super::{new_root, with_roots};
use crate::harness::story::payment;
use crate::harness::{Client, Story, eventually};

/// The id of the story's tenant.
async fn tenant_of(story: &Story) -> String {
    story.tenant.get("/keys").await.expect(200)["items"][0]["tenant"].as_str().unwrap().to_owned()
}

fn actions(trail: &Value) -> Vec<&str> {
    trail["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

async fn check_trail(client: &Client, expect: &[&str]) {
    let trail = client.get("/audit?limit=200").await.expect(200);
    for action in expect {
        assert!(actions(&trail).contains(action), "no {action} in {:?}", actions(&trail));
    }
    assert_eq!(client.get("/audit/verify").await.expect(200)["broken"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_root_key_is_exchanged_from_the_shell() {
    let mut story = Story::begin().await;
    let operator = story.server.operator();
    operator.post("/admin/rotation", json!({})).await.expect_problem(409, "in use already");
    let before = operator.get("/admin/rotation").await.expect(200);
    assert_eq!((&before["in_use"], &before["rotation"]), (&before["current"], &Value::Null));
    let old = story.server.place("keys/root.key").display().to_string();
    let (new, id) = new_root(&story.server, "new.key");

    story.server = with_roots(story.server, &new, std::slice::from_ref(&old));
    story.tenant = story.tenant.moved_to(&story.server);
    let operator = story.server.operator();
    let ready = operator.get("/admin/rotation").await.expect(200);
    // Nothing moves before somebody says so.
    assert_eq!((&ready["in_use"], &ready["current"]), (&before["in_use"], &json!(id)));
    assert_eq!(ready["removable"], json!([]));
    let doctor = story.server.command(&["doctor"]);
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("rotate-root"), "{doctor:?}");

    let output = story.server.command(&["keys", "rotate-root", "--url", &story.server.base, "--json"]);
    assert!(output.status.success(), "{output:?}");
    let done: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(done, operator.get("/admin/rotation").await.expect(200));
    assert_eq!((&done["in_use"], &done["needed"]), (&json!(id), &json!([id])));
    assert_eq!(done["removable"], json!([before["in_use"]]));
    assert_eq!((&done["rotation"]["done"], &done["rotation"]["total"]), (&json!(1), &json!(1)));
    operator.post("/admin/rotation", json!({})).await.expect_problem(409, "in use already");
    check_trail(&operator, &["root_key.rotation_started", "root_key.rotation_finished"]).await;

    // The note for the doctor is written behind the commit.
    eventually("the doctor says which key is not needed", async || {
        let doctor = story.server.command(&["doctor"]);
        let needless = format!("nothing needs `{}`", before["in_use"].as_str().unwrap());
        String::from_utf8_lossy(&doctor.stdout).contains(&needless).then_some(())
    })
    .await;
    std::fs::remove_file(&old).unwrap();
    story.server = with_roots(story.server, &new, &[]);
    story.tenant = story.tenant.moved_to(&story.server);
    story.execute("PROCESS_PAYMENT", payment("after")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenants_key_is_exchanged_and_the_old_one_destroyed() {
    let story = Story::begin().await;
    let (operator, id) = (story.server.operator(), tenant_of(&story).await);
    let path = format!("/tenants/{id}/rotate-key");
    let before = operator.get(&path).await.expect(200);
    assert_eq!((&before["version"], &before["versions"], &before["rotation"]), (&json!(1), &json!([1]), &Value::Null));
    let credential = story.tenant.get(&format!("/integrations/{}", story.integration)).await.expect(200);
    for version in [2, 3] {
        let begun = operator.post(&path, json!({})).await.expect(202);
        assert_eq!((&begun["version"], &begun["rotation"]["to"]), (&json!(version), &json!(version.to_string())));
        story.execute("PROCESS_PAYMENT", payment("meanwhile")).await.expect(200);
        eventually("the old key is destroyed", async || {
            let state = operator.get(&path).await.expect(200);
            (state["versions"] == json!([version]) && state["rotation"].is_null()).then_some(())
        })
        .await;
        story.execute("PROCESS_PAYMENT", payment("after")).await.expect(200);
    }
    // To the tenant nothing has changed: it is the same credential.
    let after = story.tenant.get(&format!("/integrations/{}", story.integration)).await.expect(200);
    assert_eq!(after["credential_version"], credential["credential_version"]);
    check_trail(&story.tenant, &["tenant.key_rotation_started", "tenant.key_rotation_finished"]).await;
    check_trail(&operator, &["tenant.key_rotation_started"]).await;
    operator.post("/tenants/ten_00000000000000000000000000000000/rotate-key", json!({})).await.expect(404);

    // A tenant that is deleted in the middle of it leaves nothing behind that goes on.
    operator.post(&path, json!({})).await.expect(202);
    operator.delete(&format!("/tenants/{id}")).await.expect(200);
    operator.get(&path).await.expect(404);
    assert_eq!(operator.get("/audit/verify").await.expect(200)["broken"], json!([]));
}
