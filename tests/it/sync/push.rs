//! Pushing: what the host app hands in reaches the provider once, whatever becomes of the answers,
//! and both sides end up with the same.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Library, actions, counts};
use crate::harness::books::Fault;
use crate::harness::eventually;

impl Library {
    /// Hands a change in and answers its id.
    pub(super) async fn hand_in(&self, method: Method, rest: &str, data: Value) -> Value {
        let path = self.path(&format!("/records/{rest}"));
        let json = [("content-type", "application/json")];
        let body = if method == Method::DELETE { Vec::new() } else { json!({ "data": data }).to_string().into_bytes() };
        self.tenant.send(method, &path, &json, body).await.expect(202)["change"].clone()
    }

    async fn change(&self, entity: &str, id: &Value) -> Value {
        self.get(&format!("/records/{entity}/changes/{}", id.as_str().unwrap())).await
    }

    /// Waits until a change is in a state.
    pub(super) async fn change_in(&self, entity: &str, id: &Value, state: &str) -> Value {
        eventually(&format!("a change {state}"), async || {
            let change = self.change(entity, id).await;
            assert!(change["state"] == state || change["settled_at"].is_null(), "{change:#}");
            (change["state"] == state).then_some(change)
        })
        .await
    }

    /// Waits until no run of an entity is under way.
    pub(super) async fn quiet(&self, entity: &str) {
        eventually("the end of the runs", async || {
            let status = self.get("/sync/status").await;
            let found = status["items"].as_array().unwrap().iter().find(|one| one["entity"] == entity).unwrap().clone();
            found["current"].is_null().then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_both_sides_meet_and_nothing_goes_in_circles() {
    let library = Library::open().await;
    library.put_many("contacts", 0..3, 1);
    library.sync("contacts", json!({})).await;
    let made = library.hand_in(Method::POST, "contacts", json!({ "name": "Ada" })).await;
    let made = library.change_in("contacts", &made["id"], "pushed").await;
    let id = made["record"].as_str().unwrap().to_owned();
    let changed = library.hand_in(Method::PUT, "contacts/r00001", json!({ "name": "Grace" })).await;
    library.change_in("contacts", &changed["id"], "pushed").await;
    let gone = library.hand_in(Method::DELETE, "contacts/r00002", Value::Null).await;
    library.change_in("contacts", &gone["id"], "pushed").await;
    library.quiet("contacts").await;
    assert_eq!(library.books.kept().written.len(), 3);
    assert_eq!(library.books.kept().shelf("contacts")["r00001"]["name"], "Grace");

    // What the provider made of it comes back as ours, and then there is quiet.
    library.sync("contacts", json!({})).await;
    library.agrees("contacts").await;
    let ada = library.get(&format!("/records/contacts/{id}")).await;
    assert_eq!((&ada["origin"], &ada["data"]["provider_id"]), (&json!("host"), &json!(id)));
    assert_eq!(library.get("/records/contacts/r00000").await["origin"], "provider");
    let (_, cursor) = library.feed_from("contacts", None).await;
    let same =
        library.tenant.put(&library.path(&format!("/records/contacts/{id}")), json!({ "data": ada["data"] })).await;
    assert!(same.expect(202)["change"].is_null(), "there is nothing to push");
    let run = library.sync("contacts", json!({})).await;
    assert_eq!(counts(&run, &["added", "updated", "deleted", "pushed"]), [0, 0, 0, 0], "{run:#}");
    assert_eq!(library.feed_from("contacts", cursor).await.0, Vec::<Value>::new());
    assert_eq!(library.books.kept().written.len(), 3);
    let rows = library.logs("&entity=contacts").await;
    let pushed: Vec<&Value> = rows.iter().filter(|row| row["action"] == "pushed").collect();
    assert_eq!(pushed.len(), 3);
    assert_eq!(pushed[2]["request"]["body"], r#"{"name":"Ada"}"#);

    library
        .tenant
        .put(&library.path("/records/contacts/none"), json!({ "data": {} }))
        .await
        .expect_problem(404, "none");
    library
        .tenant
        .put(&library.path("/records/items/r1"), json!({ "data": {} }))
        .await
        .expect_problem(409, "direction");
    library
        .tenant
        .post(&library.path("/records/contacts"), json!({ "name": "x" }))
        .await
        .expect_problem(422, "unknown field");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_prevails_in_a_conflict_is_as_the_rule_says() {
    let library = Library::open().await;
    library.put_many("contacts", 0..3, 1);
    library.sync("contacts", json!({})).await;
    // The provider's times lie in the past, so that of `newest` ours is.
    for (number, (rule, winner)) in [("ours", "mine"), ("theirs", "yours"), ("newest", "mine")].into_iter().enumerate()
    {
        library.settings("contacts", json!({ "conflict": rule })).await;
        let id = format!("r{number:05}");
        library.books.kept().put("contacts", &id, json!({ "name": "yours" }));
        let change = library.hand_in(Method::PUT, &format!("contacts/{id}"), json!({ "name": "mine" })).await;
        let end = if winner == "mine" { "pushed" } else { "dropped" };
        library.change_in("contacts", &change["id"], end).await;
        library.quiet("contacts").await;
        assert_eq!(library.books.kept().shelf("contacts")[&id]["name"], winner, "{rule}");
        library.sync("contacts", json!({})).await;
        library.agrees("contacts").await;
    }
    let lost = library.logs("&outcome=conflict").await;
    assert_eq!((lost.len(), &lost[0]["record"]), (1, &json!("r00001")), "{lost:#?}");
    let runs = library.get("/sync/runs").await;
    let conflicts: u64 =
        runs["items"].as_array().unwrap().iter().map(|run| run["counts"]["conflicts"].as_u64().unwrap()).sum();
    assert_eq!(conflicts, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_done_once_though_answers_are_lost() {
    use Fault::{Fail, LoseAnswer, LoseRequest, None as Fine};
    let library = Library::open().await;
    library.put_many("contacts", 0..4, 1);
    library.sync("contacts", json!({})).await;
    library.books.kept().spoil(&[LoseAnswer, Fine, Fail, LoseAnswer, LoseRequest, Fine, LoseAnswer, Fail, LoseAnswer]);
    let mut changes = Vec::new();
    for number in 0..4 {
        changes.push(library.hand_in(Method::POST, "contacts", json!({ "name": format!("new {number}") })).await);
        let path = format!("contacts/r{number:05}");
        changes.push(library.hand_in(Method::PUT, &path, json!({ "name": format!("changed {number}") })).await);
    }
    for change in &changes {
        eventually("the end of a change", async || {
            let state = library.change("contacts", &change["id"]).await["state"].clone();
            assert_ne!(state, "failed");
            // A new record whose request was lost can not be told from one whose answer was.
            (state == "pushed" || state == "held").then_some(())
        })
        .await;
    }
    library.quiet("contacts").await;
    for change in &changes {
        let change = library.change("contacts", &change["id"]).await;
        let done = library.books.kept().written.iter().filter(|reference| **reference == change["id"]).count();
        if change["state"] == "held" {
            assert_eq!((done, change["record"].is_null()), (0, true), "{change:#}");
            let resolve =
                library.path(&format!("/records/contacts/changes/{}/resolve", change["id"].as_str().unwrap()));
            library.tenant.post(&resolve, json!({ "outcome": "pushed" })).await.expect_problem(422, "$.record");
            library.tenant.post(&resolve, json!({ "outcome": "retry" })).await.expect(200);
            library.change_in("contacts", &change["id"], "pushed").await;
            library.tenant.post(&resolve, json!({ "outcome": "drop" })).await.expect_problem(409, "does not wait");
        }
    }
    library.quiet("contacts").await;
    let mut written = library.books.kept().written.clone();
    written.sort();
    let mut handed_in: Vec<String> = changes.iter().map(|change| change["id"].as_str().unwrap().to_owned()).collect();
    handed_in.sort();
    assert_eq!(written, handed_in, "each was done once");
    library.sync("contacts", json!({})).await;
    library.agrees("contacts").await;
    assert_eq!(library.books.kept().shelf("contacts").len(), 8);
}

/// A provider whose records do not show our reference, and which can not be listed: nobody can
/// tell, so a person has to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_found_out_waits_for_a_person_and_is_not_sent_again() {
    let mut library = Library::open().await;
    library.books.kept().spoil(&[Fault::LoseAnswer]);
    let lost = library.hand_in(Method::POST, "notes", json!({ "text": "hello" })).await;
    let held = library.change_in("notes", &lost["id"], "held").await;
    assert!(held["reason"].as_str().unwrap().contains("lost"), "{held:#}");
    assert_eq!(library.events("sync.held").await[0]["data"]["changes"], json!([lost["id"]]));
    library.server = library.server.kill_and_restart();
    library.tenant = library.tenant.moved_to(&library.server);
    library.sync("notes", json!({})).await;
    assert_eq!(library.books.kept().written.len(), 1, "it is not sent again");
    let id = library.books.kept().shelf("notes").keys().next().unwrap().clone();
    let resolve = library.path(&format!("/records/notes/changes/{}/resolve", lost["id"].as_str().unwrap()));
    let done = library.tenant.post(&resolve, json!({ "outcome": "pushed", "record": id })).await.expect(200);
    assert_eq!((&done["state"], &done["record"]), (&json!("pushed"), &json!(id)));

    // One that is refused is told, and does not stop the others.
    library.books.kept().refuse(Method::POST, 422, &[], 1);
    let bad = library.hand_in(Method::POST, "notes", json!({ "text": "bad" })).await;
    let good = library.hand_in(Method::POST, "notes", json!({ "text": "good" })).await;
    library.change_in("notes", &bad["id"], "failed").await;
    library.change_in("notes", &good["id"], "pushed").await;
    assert_eq!(library.logs("&outcome=failed").await[0]["change"], bad["id"]);
    assert_eq!(actions(&library.feed("notes").await), [("ADDED".to_owned(), 1)].into());
}

/// A change that waits is replaced by a later one, and one that is taken back is not pushed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_of_several_changes_is_pushed() {
    let library = Library::open().await;
    library.put_many("contacts", 0..2, 1);
    library.sync("contacts", json!({})).await;
    // The run that would push waits at the provider's limit meanwhile.
    library.books.kept().refuse(Method::GET, 429, &[("retry-after", "1")], 1);
    let run = library.start("contacts", json!({})).await;
    library.run_in(&run, &["waiting"]).await;
    let first = library.hand_in(Method::PUT, "contacts/r00000", json!({ "name": "first" })).await;
    let second = library.hand_in(Method::PUT, "contacts/r00000", json!({ "name": "second" })).await;
    assert_eq!(first["id"], second["id"]);
    let back = library.hand_in(Method::PUT, "contacts/r00001", json!({ "name": "other" })).await;
    let as_it_was = library.get("/records/contacts/r00001").await;
    assert_eq!(as_it_was["pending"], back["id"]);
    let none = library.hand_in(Method::PUT, "contacts/r00001", as_it_was["data"].clone()).await;
    assert!(none.is_null());
    assert_eq!(library.change("contacts", &back["id"]).await["state"], "dropped");
    library.change_in("contacts", &second["id"], "pushed").await;
    assert_eq!(library.books.kept().written.len(), 1);
    assert_eq!(library.books.kept().shelf("contacts")["r00000"]["name"], "second");
    library.quiet("contacts").await;
    library.sync("contacts", json!({})).await;
    library.agrees("contacts").await;
}
