//! The keys of publishers: entered, revoked with a date, and signing for the next one.

use serde_json::{Value, json};

use super::{Author, User, gateway, signature, signed_only, upload};
use crate::harness::Server;

async fn revoke(server: &Server, author: &Author<'_>, earlier: &str) -> Value {
    let path = format!("/publishers/acme/keys/{}/revoke", author.key_id);
    let ask = json!({ "reason": "the laptop was stolen", "earlier": earlier });
    server.operator().post(&path, ask).await.expect(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_revoked_key_signed_stays_good_or_not_by_choice() {
    let server = Server::start_with(&[signed_only()]);
    let author = Author::new(&server, "acme", "acme.key");
    author.enter().await;
    let (first, second) = (gateway("1.0.0", "acme"), gateway("1.0.1", "acme"));
    upload(&server, first.clone(), Some(&author.sign(&first))).await.expect(201);
    let user = User::new(&server, "1.0.0").await;
    user.works().await;
    // It was signed before, and is not here yet: whoever has the key can write any date.
    let early = author.sign(&second);
    revoke(&server, &author, "valid").await;
    user.works().await;
    assert_eq!(signature(&server).await["state"], "signed");
    upload(&server, second, Some(&early)).await.expect_problem(403, "was revoked as of");
    let server = server.kill_and_restart();
    user.moved_to(&server).works().await;

    let user = user.moved_to(&server);
    let keys = server.operator().get("/publishers/acme").await.expect(200)["keys"].clone();
    let path = format!("/publishers/acme/keys/{}/revoke", keys[0]["id"].as_str().unwrap());
    let ask = json!({ "reason": "the laptop was stolen", "earlier": "refused" });
    server.operator().post(&path, ask).await.expect(200);
    user.call(7).await.expect_problem(403, "the laptop was stolen");
    let said = user.install().await["signature"].clone();
    assert_eq!(said["state"], "refused", "{said:#}");
    assert!(said["reason"].as_str().unwrap().contains("was revoked as of"), "{said:#}");
    let ask = json!({ "reason": "stolen", "earlier": "valid", "since": "2999-01-01T00:00:00Z" });
    server.operator().post(&path, ask).await.expect_problem(422, "$.since");
    let ask = json!({ "reason": " ", "earlier": "valid" });
    server.operator().post(&path, ask).await.expect_problem(422, "$.reason");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_signs_for_the_next_one() {
    let server = Server::start_with(&[signed_only()]);
    let (old, new) = (Author::new(&server, "acme", "old.key"), Author::new(&server, "acme", "new.key"));
    old.enter().await;
    let (first, second) = (gateway("1.0.0", "acme"), gateway("1.0.1", "acme"));
    upload(&server, first.clone(), Some(&old.sign(&first))).await.expect(201);
    let user = User::new(&server, "1.0.0").await;
    let rotate = async |document: String| {
        server.operator().post("/publishers/acme/rotate", json!({ "document": document })).await
    };
    rotate(new.next(&old)).await.expect_problem(403, "has no key");
    rotate(new.next(&old).replace(&new.key_id, &old.key_id)).await.expect_problem(403, "one of the two was changed");
    rotate(old.sign(&first)).await.expect_problem(422, "gatehouse-next-key 1");
    let document = old.next(&new);
    let keys = rotate(document.clone()).await.expect(200)["keys"].clone();
    assert_eq!((&keys[1]["id"], &keys[1]["follows"]), (&json!(new.key_id), &json!(old.key_id)));
    assert_eq!(keys[0]["revoked"]["earlier"], "valid");
    rotate(document).await.expect_problem(403, "was revoked as of");

    user.works().await;
    upload(&server, second.clone(), Some(&old.sign(&second))).await.expect_problem(403, "was revoked as of");
    upload(&server, second.clone(), Some(&new.sign(&second))).await.expect(201);
    assert_eq!(signature(&server).await["key"], new.key_id);
    // A key that was revoked does not come back.
    let operator = server.operator();
    let again = json!({ "public_key": old.public_key });
    operator.post("/publishers/acme/keys", again).await.expect_problem(409, "was revoked, and stays so");
    let odd = json!({ "public_key": "0123" });
    operator.post("/publishers/acme/keys", odd).await.expect_problem(422, "$.public_key");
    let taken = json!({ "id": "acme", "name": "Another" });
    operator.post("/publishers", taken).await.expect_problem(409, "there is a publisher `acme` already");
    operator.post("/publishers", json!({ "id": "A b", "name": "x" })).await.expect_problem(422, "$.id");
    let audit = operator.get("/audit?limit=50").await.expect(200).to_string();
    for action in ["publisher.created", "publisher.key_rotated", "plugin.uploaded"] {
        assert!(audit.contains(action), "{action} is not in the trail");
    }
}
