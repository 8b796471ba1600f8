//! The audit trail.

use axum::Json;
use axum::extract::{Query, State};
use gatehouse_domain::audit::AuditEntry;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Problem};
use gatehouse_engine::audit::{CheckpointKey, Filter, Verified};
use serde::Deserialize;

use super::Answer;
use crate::guard::By;
use crate::page::{Asked, Listing};
use crate::router::App;

/// The query parameters of the list.
pub(crate) const QUERY: &[(&str, &str)] = &[
    ("action", "Only those whose action begins with this, such as `integration.`."),
    ("target", "Only those about this: an id, or a name where the thing has none."),
    ("actor", "Only those by this key, by its id, or by all of a kind: `key`, `operator`, `system`."),
    ("from", "Not before this moment (RFC 3339)."),
    ("to", "Before this moment (RFC 3339)."),
    ("limit", "How many at most, 1 to 200; 50 where absent. A page of a list that is narrowed may hold fewer."),
    ("cursor", "Where to go on: the `next` of the page before."),
];

/// The query parameters of the proof.
pub(crate) const NAMED: &[(&str, &str)] = &[
    ("number", "The number of an entry that has to be there, with `hash`."),
    ("hash", "The hash that it has to have."),
];

#[derive(Deserialize)]
pub(crate) struct Asks {
    action: Option<String>,
    target: Option<String>,
    actor: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Names {
    number: Option<String>,
    hash: Option<String>,
}

pub(crate) async fn list(
    State(app): State<App>,
    By(caller): By,
    Query(asks): Query<Asks>,
    Asked(page): Asked,
) -> Answer<Listing<AuditEntry>> {
    let (from, to) = (moment("from", asks.from)?, moment("to", asks.to)?);
    let filter = Filter { action: asks.action, target: asks.target, actor: asks.actor, from, to };
    Ok(Json(Listing::of(app.engine.audit_entries(&caller, &filter, &page).await?, |entry| entry)))
}

pub(crate) async fn verify(State(app): State<App>, By(caller): By, Query(names): Query<Names>) -> Answer<Verified> {
    let named = match (names.number, names.hash) {
        (None, None) => None,
        (Some(number), Some(hash)) => match number.parse() {
            Ok(number) => Some((number, hash)),
            Err(_) => return Err(wrong("number", format!("`{number}` is not the number of an entry")).into()),
        },
        (Some(_), None) => return Err(wrong("hash", "is missing; name it with `number`".to_owned()).into()),
        (None, Some(_)) => return Err(wrong("number", "is missing; name it with `hash`".to_owned()).into()),
    };
    Ok(Json(app.engine.verify_own_audit(&caller, named).await?))
}

pub(crate) async fn key(State(app): State<App>, By(caller): By) -> Answer<CheckpointKey> {
    Ok(Json(app.engine.checkpoint_key(&caller).await?))
}

fn moment(name: &str, text: Option<String>) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text else { return Ok(None) };
    let moment = text.parse().map(Some);
    moment.map_err(|_| wrong(name, format!("`{text}` is not a moment; write one such as 2026-01-31T00:00:00Z")))
}

fn wrong(name: &str, message: String) -> Error {
    Error::problems("the query does not fit", vec![Problem::at(format!("?{name}"), message)])
}
