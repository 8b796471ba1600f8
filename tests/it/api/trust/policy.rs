//! What a deployment takes: anything while it is tried out, only what is signed afterwards.

use serde_json::json;

use super::{Author, User, gateway, signature, signed_only, upload};
use crate::harness::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_unsigned_has_to_be_signed_once_that_is_the_rule() {
    let server = Server::start(&[]);
    let author = Author::new(&server, "acme", "acme.key");
    let component = gateway("1.0.0", "acme");
    let signed = author.sign(&component);
    upload(&server, component.clone(), None).await.expect(201);
    assert_eq!(signature(&server).await, json!({ "state": "unsigned" }));
    let user = User::new(&server, "1.0.0").await;
    user.works().await;
    for path in ["/plugins/small/permissions", "/plugins/available", "/plugins/small/versions", "/plugins/tenant/list"]
    {
        let shown = user.client.get(path).await.expect(200);
        let one = if shown["items"].is_array() { &shown["items"][0] } else { &shown };
        assert_eq!(one["signature"]["state"], "unsigned", "{path}: {shown:#}");
    }
    // A signature that is no good is no better than none.
    upload(&server, component.clone(), Some(&signed)).await.expect_problem(403, "does not know");
    author.enter().await;

    let (name, value) = signed_only();
    let server = server.kill().with(name, &value).start_again();
    let user = user.moved_to(&server);
    assert!(server.output().contains("this plugin version will not run"), "{}", server.output());
    user.call(7).await.expect_problem(403, "has no signature");
    upload(&server, component.clone(), Some(&signed)).await.expect(201);
    user.works().await;
    assert_eq!(user.install().await["signature"]["state"], "signed");
    let again = upload(&server, component, Some(&signed)).await.expect(201);
    assert_eq!(again["signature"]["state"], "signed", "the same once more changes nothing");

    let server = server.kill().with("GATEHOUSE_PLUGINS__PUBLISHERS", "other,third").start_again();
    user.moved_to(&server).call(7).await.expect_problem(403, "none of those that `plugins.publishers` allows");
    let server = server.kill().with("GATEHOUSE_PLUGINS__PUBLISHERS", "other,acme").start_again();
    user.moved_to(&server).works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_brings_its_signatures_along() {
    let server = Server::start_with(&[signed_only()]);
    let author = Author::new(&server, "acme", "acme.key");
    author.enter().await;
    let folder = server.place("plugins");
    std::fs::create_dir(&folder).unwrap();
    for (version, sign) in [("1.0.0", true), ("1.0.1", false)] {
        let component = gateway(version, "acme");
        let file = folder.join(format!("small-{version}.wasm"));
        if sign {
            std::fs::write(folder.join(format!("small-{version}.wasm.sig")), author.sign(&component)).unwrap();
        }
        std::fs::write(file, component).unwrap();
    }
    let server = server.kill().with("GATEHOUSE_PLUGINS_DIR", folder.to_str().unwrap()).start_again();
    let versions = server.operator().get("/plugins/small/versions").await.expect(200);
    let versions = versions["items"].as_array().unwrap();
    assert_eq!(versions.len(), 1, "{versions:#?}");
    assert_eq!(
        (&versions[0]["plugin"]["version"], &versions[0]["signature"]["state"]),
        (&json!("1.0.0"), &json!("signed"))
    );
    assert!(server.output().contains("the upload has no signature"), "{}", server.output());
}
