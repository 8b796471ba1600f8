//! `ETag` and `If-Match`, over the router's own table: a change of any single resource can be made to
//! depend on the version that its maker has seen.

use gatehouse_api::Options;
use gatehouse_api::router::table;
use gatehouse_api::table::{Access, Route};
use gatehouse_domain::permission::{ALL, Reach};

use super::matrix::world::World;
use crate::harness::Client;
use crate::harness::client::Answer;

/// Changes that no version stands before, and why.
const UNCONDITIONAL: &[(&str, &str)] = &[
    ("/entities/{entity_type}/{entity_id}/integrations/{integration}", "a link is there or is not"),
    ("/integrations/{integration}/webhooks/secrets", "secrets are written and never read"),
    ("/integrations/{integration}/webhooks/quarantine/{inbound}", "what came is never changed"),
    ("/integrations/{integration}/sync/settings", "names what it changes; the rest stays"),
    ("/integrations/{integration}/records/{entity}/{record}", "the conflict rule of the sync decides"),
    ("/integrations/{integration}/mappings", "each saved one is a version, and none is lost"),
    ("/integrations/{integration}/entities/{entity}/schema", "a schema is given whole and nobody adds to it"),
    ("/plugins/{plugin}/versions/{version}", "a version never changes"),
];

/// A change that is no `PUT`, as the requirement documents have it.
const CONFIGURE: &str = "/configure";

/// A version that no record has.
const OTHER: &str = "\"00000000000000000000000000000000\"";

#[test]
fn every_change_of_a_single_resource_takes_a_condition() {
    for route in table(&Options::default()) {
        let changes = matches!(route.method.as_str(), "PUT" | "DELETE");
        let known = UNCONDITIONAL.iter().any(|(path, _)| *path == route.path);
        let place = format!("{} {}", route.method, route.path);
        assert_eq!(
            route.matches,
            changes && !known || route.path.ends_with(CONFIGURE),
            "{place}: `.tagged()` or `.matching()`, or say why not in tags.rs"
        );
    }
}

fn client(world: &World, route: &Route) -> Client {
    let operators = match route.access {
        Access::Needs(permission) => ALL.iter().any(|known| known.name == permission && known.reach == Reach::Operator),
        Access::Public => false,
    };
    if operators { world.server.operator() } else { world.own.owner.clone() }
}

/// Sends a route's own good request, on the version that `tag` names.
async fn ask(world: &World, route: &Route, path: &str, body: &[u8], tag: &str) -> Answer {
    let headers = [("if-match", tag), ("content-type", "application/json")];
    client(world, route).send(route.method.clone(), path, &headers, body.to_vec()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_another_version_is_refused_and_of_this_one_done() {
    let world = World::build().await;
    for route in table(&Options::default()).iter().filter(|route| route.matches) {
        let (places, body) = world.example(route).await;
        let path = places
            .iter()
            .fold(route.path.to_owned(), |path, (name, there)| path.replace(&format!("{{{name}}}"), there));
        let place = format!("{} {}", route.method, route.path);
        let stale = ask(&world, route, &path, &body, OTHER).await;
        assert_eq!(
            (stale.status, &stale.body["type"]),
            (412, &"urn:gatehouse:problem:stale".into()),
            "{place}: {}",
            stale.body
        );
        // The record whose version it is: the path itself, or the one above it for what is done to it.
        let shown = path.trim_end_matches("/disconnect").replace(CONFIGURE, "/config");
        let read = client(&world, route).get(&shown).await;
        let tag = read.headers.get("etag").unwrap_or_else(|| panic!("{place}: GET {shown} has no ETag: {}", read.body));
        let done = ask(&world, route, &path, &body, tag.to_str().unwrap()).await;
        assert_eq!(done.status, route.gives.0.as_u16(), "{place}: {}", done.body);
    }
}
