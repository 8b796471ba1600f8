//! Mappings: checked when they are saved, tried on real records, gone back to, and what records
//! go through on both ways.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Library, counts};
use crate::harness::books::Fault;
use crate::harness::client::Answer;

/// Names and countries of contacts, for both ways.
fn contacts() -> Value {
    json!({
        "rules": [
            { "direction": "both", "theirs": "$.name", "ours": "$.person.name", "missing": "error" },
            { "direction": "both", "theirs": "$.land", "ours": "$.country",
              "transform": { "kind": "lookup", "table": "countries" } },
            { "ours": "$.label", "transform": { "kind": "formula", "formula": "record.name + '!'" } },
            { "direction": "out", "theirs": "$.source", "transform": { "kind": "constant", "value": "us" } },
        ],
        "tables": { "countries": { "rows": [
            { "theirs": "DE", "ours": "Germany" }, { "theirs": "FR", "ours": "France" },
        ] } },
    })
}

impl Library {
    async fn map(&self, entity: &str, set: Value) -> Value {
        self.tenant.put(&self.path(&format!("/mappings/{entity}")), set).await.expect(200)
    }

    async fn save_as(&self, entity: &str, set: &Value, tag: &str) -> Answer {
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        let path = self.path(&format!("/mappings/{entity}"));
        self.tenant.send(Method::PUT, &path, &headers, set.to_string().into_bytes()).await
    }

    async fn preview(&self, ask: Value) -> Value {
        self.tenant.post(&self.path("/mappings/preview"), ask).await.expect(200)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_save_is_a_version_and_an_old_one_is_saved_again() {
    let library = Library::open().await;
    let mappings = library.path("/mappings");
    assert_eq!(library.get("/mappings").await["items"], json!([]));
    library.tenant.get(&format!("{mappings}/contacts")).await.expect_problem(404, "mapping");
    library.tenant.put(&format!("{mappings}/people"), contacts()).await.expect_problem(404, "no entity");
    library.save_as("contacts", &contacts(), "\"0\"").await.expect_problem(412, "no mapping");

    let first = library.map("contacts", contacts()).await;
    assert_eq!((&first["version"], &first["rules"][2]["ours"]), (&json!(1), &json!("$.label")), "{first:#}");
    assert_eq!(library.map("contacts", contacts()).await["version"], 1, "nothing was changed");
    let read = library.tenant.get(&format!("{mappings}/contacts")).await;
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    let other = json!({ "rules": [{ "theirs": "$.name", "ours": "$.name" }] });
    let saved = library.save_as("contacts", &other, &tag).await;
    assert_eq!(saved.expect(200)["version"], 2);
    library.save_as("contacts", &contacts(), &tag).await.expect_problem(412, "changed meanwhile");

    let old = library.get("/mappings/contacts/versions/1").await;
    let again: Value =
        ["rules", "tables", "unmapped", "calls"].map(|name| (name, old[name].clone())).into_iter().collect();
    assert_eq!(library.map("contacts", again).await["version"], 3);
    let versions = library.get("/mappings/contacts/versions?limit=2").await;
    let numbers: Vec<&Value> = versions["items"].as_array().unwrap().iter().map(|one| &one["version"]).collect();
    assert_eq!(numbers, [3, 2], "{versions:#}");
    let next = versions["next"].as_str().unwrap();
    let rest = library.get(&format!("/mappings/contacts/versions?limit=2&cursor={next}")).await;
    assert_eq!((&rest["items"][0]["version"], &rest["next"]), (&json!(1), &Value::Null));
    for version in ["4", "0", "x", "-1"] {
        let path = format!("{mappings}/contacts/versions/{version}");
        library.tenant.get(&path).await.expect_problem(404, "version");
    }
    let audit = library.tenant.get("/audit?limit=200").await.expect(200);
    let saves = audit["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "mapping.saved");
    assert_eq!(saves.count(), 3, "{audit:#}");

    // Of several, all are saved or none.
    let wrong = json!({ "mappings": { "contacts": other, "items": { "rules": [{ "theirs": "$.a", "ours": "b" }] } } });
    let refused =
        library.tenant.put(&mappings, wrong.clone()).await.expect_problem(422, "$.mappings.items.rules[0].ours");
    assert_eq!(refused["errors"].as_array().map(Vec::len), Some(1), "{refused:#}");
    let mut right = wrong;
    right["mappings"]["items"]["rules"][0]["ours"] = json!("$.b");
    library.tenant.put(&mappings, right).await.expect(200);
    let all = library.get("/mappings").await;
    let brief = |one: &Value| json!([one["entity"], one["version"], one["rules"]]);
    let all: Vec<Value> = all["items"].as_array().unwrap().iter().map(brief).collect();
    assert_eq!(all, [json!(["contacts", 4, 1]), json!(["items", 1, 1])]);

    // What is kept of an integration goes with it.
    library.tenant.send(Method::DELETE, &library.path(""), &[], Vec::new()).await.expect(204);
    library.tenant.get(&mappings).await.expect_problem(404, "integration");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mapping_is_checked_against_both_sides_and_tried_on_a_record() {
    let library = Library::open().await;
    let schema = library.path("/entities/contacts/schema");
    library.tenant.get(&schema).await.expect_problem(404, "schema");
    library.tenant.put(&schema, json!({ "schema": { "type": 7 } })).await.expect_problem(422, "$.schema");
    library.tenant.put(&schema, json!({ "schema": true })).await.expect_problem(422, "$.schema");
    library
        .tenant
        .put(&library.path("/entities/none/schema"), json!({ "schema": {} }))
        .await
        .expect_problem(404, "none");
    let ours = json!({
        "type": "object",
        "properties": {
            "person": { "type": "object", "properties": { "name": { "type": "string" } } },
            "country": { "enum": ["Germany", "France"] },
            "label": { "type": "string", "maxLength": 6 },
        },
        "required": ["person"],
    });
    library.tenant.put(&schema, json!({ "schema": ours })).await.expect(200);
    assert_eq!(library.tenant.get(&schema).await.expect(200)["schema"], ours);

    let mut wrong = contacts();
    wrong["rules"][0]["ours"] = json!("$.persn.name");
    wrong["rules"][1]["transform"]["table"] = json!("lands");
    wrong["rules"][2]["transform"]["formula"] = json!("record.name == 'x'");
    wrong["rules"][3]["theirs"] = json!("source");
    let refused = library.tenant.put(&library.path("/mappings/contacts"), wrong.clone()).await.expect(422);
    let places = |refused: &Value| -> Vec<String> {
        let problems = refused["errors"].as_array().unwrap().iter();
        problems.map(|problem| problem["path"].as_str().unwrap().to_owned()).collect()
    };
    // What does not read is told first, then what does not fit.
    assert_eq!(places(&refused), ["$.rules[1].transform.table", "$.rules[3].theirs"], "{refused:#}");
    wrong["rules"][1]["transform"]["table"] = json!("countries");
    wrong["rules"][3]["theirs"] = json!("$.source");
    let refused = library.tenant.put(&library.path("/mappings/contacts"), wrong).await.expect(422);
    assert_eq!(places(&refused), ["$.rules[0].ours", "$.rules[2].ours", "$.rules", "$.rules[0].ours"], "{refused:#}");

    let ask = json!({ "entity": "contacts", "mapping": contacts() });
    let preview = library.path("/mappings/preview");
    library.tenant.post(&preview, ask.clone()).await.expect_problem(409, "send one as");
    library.tenant.post(&preview, json!({ "entity": "contacts" })).await.expect_problem(404, "mapping");
    let broken = json!({ "entity": "contacts", "mapping": { "rules": [{ "ours": "$.a" }] } });
    library.tenant.post(&preview, broken).await.expect_problem(422, "$.mapping.rules[0].theirs");

    // Before there is a mapping, the newest record is as the provider sent it.
    library.books.kept().put("contacts", "r1", json!({ "name": "Ada", "land": "DE" }));
    library.sync("contacts", json!({})).await;
    let shown = library.preview(ask.clone()).await;
    assert_eq!(shown["data"], json!({ "person": { "name": "Ada" }, "country": "Germany", "label": "Ada!" }));
    assert_eq!((&shown["record"], &shown["version"], &shown["problems"]), (&json!("r1"), &Value::Null, &json!([])));
    let rule = json!({ "rule": 1, "kind": "lookup", "reads": "$.land", "writes": "$.country",
                       "data": { "before": ["DE"], "after": ["Germany"] }, "error": null });
    assert_eq!(shown["rules"][1], rule);
    assert_eq!(library.get("/mappings").await["items"], json!([]), "nothing is kept");

    // One that is given, the other way, and one that does not fit.
    let given = |direction: &str, record: Value| json!({ "entity": "contacts", "mapping": contacts(), "direction": direction, "record": record });
    let shown = library.preview(given("out", json!({ "person": { "name": "Eve" }, "country": "France" }))).await;
    assert_eq!(shown["data"], json!({ "name": "Eve", "land": "FR", "source": "us" }), "{shown:#}");
    let shown = library.preview(given("in", json!({ "name": "Bo", "land": "XX" }))).await;
    assert_eq!((&shown["data"], &shown["rules"][0]["error"]), (&Value::Null, &Value::Null));
    assert!(shown["rules"][1]["error"].as_str().unwrap().contains("`countries`"), "{shown:#}");
    let shown = library.preview(given("in", json!({ "name": "Theodora" }))).await;
    assert_eq!((&shown["data"]["label"], &shown["problems"][0]["path"]), (&json!("Theodora!"), &json!("$.label")));

    // Whoever may not see records sees what rules do to them, and no content.
    let key = json!({ "name": "mapper", "permissions": ["mappings:read", "mappings:write", "integrations:read"] });
    let key = library.tenant.post("/keys", key).await.expect(201);
    let mapper = library.server.client().with_key(key["token"].as_str().unwrap());
    let shown = mapper.post(&preview, ask).await.expect(200);
    assert!(!shown.to_string().contains("Ada") && shown["rules"][1]["kind"] == "lookup", "{shown:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_pass_through_their_mapping_on_both_ways() {
    let library = Library::open().await;
    library.map("contacts", contacts()).await;
    for (id, land) in [("r1", json!("DE")), ("r2", json!("XX")), ("r3", Value::Null)] {
        library.books.kept().put("contacts", id, json!({ "name": format!("name {id}"), "land": land }));
    }
    let run = library.sync("contacts", json!({})).await;
    assert_eq!((counts(&run, &["added", "failed"]), &run["mapping"]), (vec![2, 1], &json!(1)), "{run:#}");
    let first = json!({ "person": { "name": "name r1" }, "country": "Germany", "label": "name r1!" });
    assert_eq!(library.get("/records/contacts/r1").await["data"], first);
    assert_eq!(library.get("/records/contacts/r3").await["data"]["country"], Value::Null);
    library.tenant.get(&library.path("/records/contacts/r2")).await.expect_problem(404, "record");
    let failed = &library.logs("&outcome=failed").await[0];
    assert_eq!((&failed["record"], &failed["action"]), (&json!("r2"), &json!("pulled")));
    let reason = failed["reason"].as_str().unwrap();
    assert!(reason.contains("rule 1") && reason.contains("`countries`") && !reason.contains("XX"), "{reason}");

    // A preview shows the record that failed, as the provider sent it.
    let shown = library.preview(json!({ "entity": "contacts" })).await;
    assert_eq!((&shown["record"], &shown["version"], &shown["data"]), (&json!("r2"), &json!(1), &Value::Null));
    assert_eq!(shown["rules"][1]["data"]["before"], json!(["XX"]));

    // What is as known writes nothing, though the provider's shape is another one.
    let run = library.sync("contacts", json!({ "mode": "full" })).await;
    // The page behind the last one begins with the last record once more.
    assert_eq!(counts(&run, &["added", "updated", "deleted", "unchanged", "failed"]), [0, 0, 0, 3, 1], "{run:#}");

    // What is handed in reaches the provider in its shape, and comes back as it was handed in.
    let content = json!({ "person": { "name": "Grace" }, "country": "France" });
    let changed = library.hand_in(Method::PUT, "contacts/r1", content.clone()).await;
    library.change_in("contacts", &changed["id"], "pushed").await;
    let theirs = library.books.kept().shelf("contacts")["r1"].clone();
    assert_eq!((&theirs["name"], &theirs["land"], &theirs["source"]), (&json!("Grace"), &json!("FR"), &json!("us")));
    let pushed = library.logs("&entity=contacts").await.into_iter().find(|row| row["action"] == "pushed").unwrap();
    assert_eq!(pushed["request"]["body"], r#"{"land":"FR","name":"Grace","source":"us"}"#);
    let unfit = library.hand_in(Method::POST, "contacts", json!({ "person": {} })).await;
    let unfit = library.change_in("contacts", &unfit["id"], "failed").await;
    assert!(unfit["reason"].as_str().unwrap().contains("rule 0 at `$.person.name`"), "{unfit:#}");
    let gone = library.hand_in(Method::DELETE, "contacts/r3", Value::Null).await;
    library.change_in("contacts", &gone["id"], "pushed").await;
    library.quiet("contacts").await;
    let written = library.books.kept().written.len();
    library.sync("contacts", json!({})).await;
    library.sync("contacts", json!({})).await;
    assert_eq!(library.books.kept().written.len(), written, "nothing goes in circles");
    assert_eq!(library.get("/records/contacts/r1").await["data"]["person"], content["person"]);

    // Records that are known change with the mapping once they are read again.
    library.map("contacts", json!({ "rules": [], "unmapped": "keep" })).await;
    let run = library.sync("contacts", json!({ "mode": "full" })).await;
    assert_eq!((&run["mapping"], &run["counts"]["failed"]), (&json!(2), &json!(0)), "{run:#}");
    library.agrees("contacts").await;

    // A mapping that says nothing about a way lets nothing through it.
    library.map("contacts", json!({ "rules": [{ "theirs": "$.name", "ours": "$.name" }] })).await;
    let one_way = library.hand_in(Method::PUT, "contacts/r1", json!({ "name": "lost" })).await;
    let one_way = library.change_in("contacts", &one_way["id"], "failed").await;
    assert!(one_way["reason"].as_str().unwrap().contains("no rule for the way out"), "{one_way:#}");
}

/// The provider's answer is lost: what was done is found in what the provider sends, though a mapping
/// leaves our reference out and makes another content of the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_found_in_what_the_provider_sent() {
    let library = Library::open().await;
    library.map("contacts", contacts()).await;
    library.books.kept().put("contacts", "r1", json!({ "name": "Ada", "land": "DE" }));
    library.sync("contacts", json!({})).await;
    library.books.kept().spoil(&[Fault::LoseAnswer, Fault::LoseAnswer]);
    let content = |name: &str| json!({ "person": { "name": name }, "country": "France", "ours alone": 1 });
    let new = library.hand_in(Method::POST, "contacts", content("New")).await;
    let changed = library.hand_in(Method::PUT, "contacts/r1", content("Changed")).await;
    for change in [&new, &changed] {
        library.change_in("contacts", &change["id"], "pushed").await;
    }
    library.quiet("contacts").await;
    assert_eq!(library.books.kept().written.len(), 2, "each was done once");
}
