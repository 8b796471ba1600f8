//! The matrix: every route of the router's own table, as every kind of caller, on its own records,
//! on another tenant's and on such as do not exist. What each cell has to answer is computed from
//! the permission that the route declares, never from what the server does.

mod absent;
mod bodies;
mod callers;
mod expect;
pub(crate) mod world;

use gatehouse_api::Options;
use gatehouse_api::router::table;
use gatehouse_api::table::{Access, Route};
use serde_json::Value;

use callers::Column;
use expect::{Expect, Whose};
use world::World;

use crate::harness::client::Answer;

/// The fewest cells that the matrix may have.
const FEWEST: usize = 3_000;

/// Routes that anybody may use, and why.
const PUBLIC: &[(&str, &str)] = &[
    ("/health", "says nothing of any tenant"),
    ("/health/live", "says nothing of any tenant"),
    ("/health/ready", "says nothing of any tenant"),
    ("/openapi.json", "is the same for everybody"),
    ("/problems", "is the same for everybody"),
    ("/permissions", "is the same for everybody"),
    ("/oauth/start/{link}", "is a secret itself, good for once"),
    ("/oauth/cb/{context}", "is protected by a state and the cookie of the browser that began"),
    ("/integrations/{provider}/oauth/callback", "is protected by a state and the cookie of the browser that began"),
    ("/webhooks/{endpoint}", "is protected by the provider's signature"),
    ("/webhooks/{provider}/{tenant}", "is protected by the provider's signature"),
];

#[test]
fn routes_without_a_permission_are_known_by_name() {
    for route in table(&Options::default()) {
        let public = PUBLIC.iter().any(|(path, _)| *path == route.path);
        assert_eq!(route.access == Access::Public, public, "{} {}", route.method, route.path);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_every_caller_as_its_permission_says() {
    let world = World::build().await;
    let before = world.fixed().await;
    let (mut cells, mut wrong) = (0, Vec::new());
    for route in table(&Options::default()) {
        for column in world.columns(&route).await {
            let mut answers = Vec::new();
            for whose in Whose::ALL {
                let answer = ask(&world, &route, &column, whose).await;
                let place = format!("{} {} as {} on {whose:?}", route.method, route.path, column.name);
                wrong.extend(
                    difference(&expect::of(&route, &column, whose), &answer.0).map(|what| format!("{place}: {what}")),
                );
                answers.push(answer);
                cells += 1;
            }
            let [_, foreign, absent] = answers.try_into().unwrap();
            wrong.extend(told_apart(&route, &column, foreign, absent));
        }
        // After each route, before what went wrong there can hide itself in the next.
        let first: Vec<&String> = wrong.iter().take(40).collect();
        assert!(wrong.is_empty(), "{} cells are wrong, among them {first:#?}", wrong.len());
    }
    println!("{cells} cells");
    assert!(cells >= FEWEST, "only {cells} cells");
    assert_eq!(world.fixed().await, before, "something changed that nobody was allowed to change");
}

/// Asks what a cell asks. Answers what was said, and the ids in the request.
async fn ask(world: &World, route: &Route, column: &Column, whose: Whose) -> (Answer, Vec<String>) {
    let target = world.target(route, column, whose, &expect::of(route, column, whose)).await;
    let headers: Vec<(&str, &str)> =
        target.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = column.client.send(route.method.clone(), &target.path, &headers, target.body).await;
    (answer, target.ids)
}

/// What of an answer is other than expected.
fn difference(expect: &Expect, answer: &Answer) -> Option<String> {
    let fits = match expect {
        Expect::Good(status) => answer.status == *status,
        Expect::Problem(status, kind, text) => {
            let detail = answer.body["detail"].as_str().unwrap_or_default();
            let kind = answer.body["type"] == format!("urn:gatehouse:problem:{kind}");
            answer.status == *status && kind && detail.contains(text.as_str())
        }
    };
    (!fits).then(|| format!("expected {expect:?} and got {} {}", answer.status, answer.body))
}

/// A foreign record and one that does not exist can not be told apart: the answers are the same
/// but for the id that was asked for. Where an operator may act for every tenant, or a record is
/// there for all, there is nothing to hide.
fn told_apart(
    route: &Route,
    column: &Column,
    foreign: (Answer, Vec<String>),
    absent: (Answer, Vec<String>),
) -> Option<String> {
    let place = format!("{} {} as {}", route.method, route.path, column.name);
    if expect::of(route, column, Whose::Foreign) != expect::of(route, column, Whose::Absent) {
        let open = expect::is_open_to_all(route, column);
        return (!open).then(|| format!("{place}: foreign and absent are expected to differ"));
    }
    // Good answers have their own content; that both are good was said before.
    if matches!(expect::of(route, column, Whose::Foreign), Expect::Good(_)) {
        return None;
    }
    let seen = |(answer, ids): (Answer, Vec<String>)| {
        let text = ids.iter().fold(answer.body.to_string(), |text, id| text.replace(id.as_str(), "ID"));
        let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        (answer.status, text, names)
    };
    let (foreign, absent) = (seen(foreign), seen(absent));
    (foreign != absent).then(|| format!("{place}: {foreign:?} and {absent:?} can be told apart"))
}

/// A text field of a JSON document.
fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value:#}")).to_owned()
}
