//! What the OpenAPI document says for people: about the API as a whole, and about each area of it.

use crate::table::Route;

/// What there is to know before the first request, in Markdown.
const API: &str = include_str!("api.md");

/// Where the requirement documents went, in Markdown: rows with routes as `METHOD /path`.
const REQUIREMENTS: &str = include_str!("../requirements.md");

/// What stands behind a route that a row names and that there is not.
const NOT_YET: &str = " (not yet)";

/// The description of the API, in Markdown. What of the requirements there is not yet is marked by
/// looking into the table, so that the mark goes when the route comes.
pub(super) fn description(table: &[Route]) -> String {
    let rows: Vec<String> = REQUIREMENTS.lines().map(|row| marked(row, table)).collect();
    format!("{API}\n{}\n", rows.join("\n"))
}

fn marked(row: &str, table: &[Route]) -> String {
    // The second column is ours: `| asked for | here | differences |`.
    let columns: Vec<&str> = row.split('|').collect();
    let [_, asked, here, rest @ ..] = columns.as_slice() else { return row.to_owned() };
    let names = here.split('`').skip(1).step_by(2);
    let routes = names.filter(|name| name.contains(" /"));
    let missing = routes.filter(|name| !table.iter().any(|route| **name == format!("{} {}", route.method, route.path)));
    let here = missing
        .fold((*here).to_owned(), |here, name| here.replace(&format!("`{name}`"), &format!("`{name}`{NOT_YET}")));
    format!("|{asked}|{here}|{}", rest.join("|"))
}

/// What an area is about.
pub(super) fn tag(name: &str) -> Option<&'static str> {
    let says = match name {
        "admin" => "The deployment's own keys, for operators.",
        "audit" => "Who did what, in a chain that shows whether it was altered.",
        "batches" => "Many calls accepted at once, each with a result of its own.",
        "entities" => "Links of integrations to the host app's own records.",
        "events" => "What happened, as a feed that can be read on from any place.",
        "execute" => "Calls by intent: who serves is decided by links and policies.",
        "executions" => "The records of calls, and what became of writes whose answer was lost.",
        "health" => "Whether the server is well.",
        "integrations" => "A tenant's configured instances of providers: made, connected, called, synchronised.",
        "keys" => "API keys. A token is shown once.",
        "metrics" => "What is counted and timed, for Prometheus.",
        "oauth" => "Where browsers pass during a sign-in.",
        "oauth-apps" => "The tenant's own registrations with providers.",
        "openapi.json" => "This document.",
        "permissions" => "Every permission that a key can hold.",
        "plugins" => "Plugins, their versions, and what a tenant has enabled of them.",
        "policies" => "Routing policies.",
        "problems" => "The kinds of problems that an answer can name as its `type`.",
        "providers" => "External services and what they can do.",
        "roles" => "Named sets of permissions.",
        "subscriptions" => "Webhooks out: the host app's registrations for events, and their deliveries.",
        "tenants" => "Tenants, for operators.",
        "webhooks" => "Webhooks in: where providers reach us.",
        _ => return None,
    };
    Some(says)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::router::table;

    #[test]
    fn a_row_is_marked_where_its_route_is_not_there() {
        let table = table(&Options::default());
        let check = |row: &str, expect: &str| assert_eq!(marked(row, &table), expect);
        check("| `GET /old` | `GET /health` | x |", "| `GET /old` | `GET /health` | x |");
        check("| `GET /old` | `GET /nothing` | `GET /no` |", "| `GET /old` | `GET /nothing` (not yet) | `GET /no` |");
        check("| a | `Link.id` | x |", "| a | `Link.id` | x |");
        check("no row", "no row");
    }
}
