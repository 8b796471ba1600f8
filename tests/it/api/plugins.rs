//! Uploads: what is taken in, and what is refused with which reason.

use serde_json::json;

use crate::harness::{Server, artefacts, story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_can_be_read_back_with_its_sheet() {
    let server = Server::start(&[]);
    let uploaded = story::upload(&server).await;
    assert_eq!(uploaded["plugin"]["id"], "stripe");
    assert_eq!(story::upload(&server).await, uploaded, "the same bytes change nothing");
    let tenant = story::new_tenant(&server, "Acme").await;
    let sheet = tenant.get("/plugins/stripe/permissions").await.expect(200);
    assert_eq!(sheet["sheet"]["requests"][0]["host"], "api.stripe.com");
    assert!(sheet["sheet"]["secrets"].to_string().contains("Bearer"), "{sheet:#}");
    assert!(sheet["sheet"]["writes"].to_string().contains("PROCESS_PAYMENT"));
    assert!(sheet["sheet"]["reads"].to_string().contains("GET_PAYMENT"));
    let listed = tenant.get("/plugins/available").await.expect(200);
    assert_eq!(listed["items"][0]["plugin"], uploaded["plugin"]);
    let providers = tenant.get("/providers").await.expect(200);
    assert_eq!(providers["items"][0]["code"], "stripe");
    tenant.get("/plugins/nobody").await.expect_problem(404, "nobody");
    tenant.get("/plugins/stripe/permissions?version=9.9.9").await.expect_problem(404, "9.9.9");
    tenant.get("/plugins/stripe/permissions?version=nine").await.expect_problem(422, "nine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_a_plugin_is_refused_with_the_reason() {
    let server = Server::start(&[]);
    let good = std::fs::read(artefacts::plugin("stripe")).unwrap();
    let check = async |bytes: Vec<u8>, status: u16, text: &str| {
        server.operator().post_bytes("/plugins", bytes, &[]).await.expect_problem(status, text);
    };
    check(Vec::new(), 422, "component").await;
    check(b"hello".to_vec(), 422, "component").await;
    check(b"\0asm\x01\0\0\0".to_vec(), 422, "core module").await;
    check(good[..good.len() / 2].to_vec(), 422, "component").await;
    check(vec![0; (32 << 20) + 1], 413, "larger").await;
    // The same version with another byte in a custom section is another artefact.
    server.operator().post_bytes("/plugins", good.clone(), &[]).await.expect(201);
    let text = b"Takes and refunds";
    let spot = good.windows(text.len()).position(|bytes| bytes == text).unwrap();
    let mut changed = good;
    changed[spot] = b't';
    check(changed, 409, "other bytes").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plugins_survive_a_restart() {
    let server = Server::start(&[]);
    story::upload(&server).await;
    let tenant = story::new_tenant(&server, "Acme").await;
    let listed = tenant.get("/plugins/available").await.expect(200);
    let server = server.kill_and_restart();
    let again = server.operator().get("/plugins/available").await.expect(200);
    assert_eq!(listed, again);
    assert_ne!(again, json!({ "items": [] }));
}
