//! Root key files that are gone, wrong or open to others: the start says which key is missing,
//! and makes nothing.

use serde_json::json;

use super::{PREVIOUS, ROOT, new_root};
use crate::harness::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_without_the_right_root_key_says_which_one_and_makes_nothing() {
    let server = Server::start(&[]);
    let tenant = server.operator().post("/tenants", json!({ "name": "Acme" })).await.expect(201);
    let needed = server.operator().get("/admin/rotation").await.expect(200)["in_use"].as_str().unwrap().to_owned();
    let (wrong, wrong_id) = new_root(&server, "wrong.key");
    let (root, absent) = (server.place("keys/root.key"), server.place("absent.key"));
    let root = root.display().to_string();
    let stopped = server.kill();

    let check = |file: &str, previous: &str, expect: &[&str]| {
        let stopped = stopped.clone().with(ROOT, file).with(PREVIOUS, previous);
        let (code, said) = stopped.start_in_vain();
        assert_eq!(code, Some(1), "{said}");
        for text in expect {
            assert!(said.contains(text), "no {text:?} in {said}");
        }
        let doctor = stopped.command(&["doctor"]);
        assert_eq!(doctor.status.code(), Some(1), "{doctor:?}");
        String::from_utf8_lossy(&doctor.stdout).into_owned()
    };
    let doctor = check(&wrong, "", &[&needed, &wrong_id, "previous_root_key_files"]);
    assert!(doctor.contains(&needed), "{doctor}");
    check(&wrong, &absent.display().to_string(), &[&needed, "is not there"]);
    check(&absent.display().to_string(), "", &[&needed, "there is no root key file"]);
    // The right key as an older one, and no current one.
    check(&absent.display().to_string(), &root, &[&needed, "there is no root key file"]);
    assert!(!absent.exists(), "a new key was made for old data");

    // Whatever was tried, with the right key all is as it was; a file that nothing needs may lack.
    let server = stopped.with(ROOT, &root).with(PREVIOUS, &absent.display().to_string()).start_again();
    let path = format!("/tenants/{}", tenant["id"].as_str().unwrap());
    assert_eq!(server.operator().get(&path).await.expect(200), tenant);
    assert_eq!(server.operator().get("/admin/rotation").await.expect(200)["in_use"], json!(needed));
    assert_eq!(server.operator().get("/audit/verify").await.expect(200)["broken"], json!([]));
}
