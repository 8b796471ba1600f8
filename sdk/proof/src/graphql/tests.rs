//! What the executing program finds to be wrong.

use super::*;

const SCHEMA: &str = "directive @once(key: String!) on FIELD
    type Query { ship(id: ID!): Ship things: [Thing]! }
    type Mutation { sail(id: ID!): Ship }
    union Thing = Ship | Pier
    enum Rig { SLOOP KETCH }
    type Ship { name: String! rig: Rig! length: Int }
    type Pier { depth: Int! }";
const GET: &str = "query($id:ID!){ship(id:$id){name rig}}";
const SAIL: &str = "mutation($k:String!){sail(id:1)@once(key:$k){name}}";

/// A request, its variables, the answer, and the end of what is said of it; nothing is where it is right.
type Said = (&'static str, Value, Value, &'static str);

/// What is said of several exchanges, each a case of its own, as the program is started once for all.
fn check(all: &[Said]) {
    let python = folder("GATEHOUSE_PEERS", "../../.peers").join("bin/python");
    if !python.is_file() {
        println!("skipped: the peer graphql-core is not installed; `cargo xtask peers install` installs it");
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let schema = root.path().join("schema.graphql");
    std::fs::write(&schema, SCHEMA).unwrap();
    for (at, (query, variables, data, _)) in all.iter().enumerate() {
        let case = root.path().join(format!("fixtures/get-ship/case_{at:02}."));
        std::fs::create_dir_all(&case).unwrap();
        let request = json!({"method": "POST", "path": "/g", "json": {"query": query, "variables": variables}});
        let exchange = json!([{"request": request, "response": {"status": 200, "json": {"data": data}}}]);
        std::fs::write(case.join("exchange.json"), exchange.to_string()).unwrap();
    }
    let problems = execute(&python, &schema, &root.path().join("fixtures"), &[]).unwrap_err();
    for (at, (query, _, _, expect)) in all.iter().enumerate() {
        let place = format!("case_{at:02}.");
        let said: Vec<_> = problems.iter().filter(|problem| problem.contains(&place)).collect();
        let fits = match said.as_slice() {
            [] => expect.is_empty(),
            [one] => !expect.is_empty() && one.contains(expect),
            _ => false,
        };
        assert!(fits, "{query}: {said:?}");
    }
}

#[test]
fn requests_and_answers_are_held_against_the_schema() {
    let id = || json!({"id": "1"});
    let ship = |name: Value, rig: &str| json!({"ship": {"name": name, "rig": rig}});
    let good = || ship(json!("Möwe"), "KETCH");
    let things = json!({"things": [{"__typename": "Pier", "depth": 3}, null, {"__typename": "Ship"}]});
    let longer = json!({"ship": {"name": "Möwe", "rig": "KETCH", "length": 9}});
    check(&[
        (GET, id(), good(), ""),
        (GET, id(), json!({"ship": null}), ""),
        ("{things{__typename ...on Pier{depth}}}", json!({}), things, ""),
        (SAIL, json!({"k": "1"}), json!({"sail": {"name": "Möwe"}}), ""),
        ("{ship", id(), good(), "Syntax Error"),
        ("query($id:ID!){ship(id:$id){colour}}", id(), good(), "Cannot query field 'colour'"),
        (GET, json!({}), good(), "value of non-null type 'ID!'"),
        (GET, id(), ship(json!(null), "KETCH"), "non-nullable field Ship.name"),
        (GET, id(), json!({"ship": {"name": "Möwe"}}), "no such field at ['ship', 'rig']"),
        (GET, id(), ship(json!("Möwe"), "BRIG"), "BRIG"),
        (GET, id(), longer, "data.ship.length: the document does not ask"),
        (GET, id(), ship(json!(7), "KETCH"), "data.ship.name: '7' comes of 7"),
    ]);
}
