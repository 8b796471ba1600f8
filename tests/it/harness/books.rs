//! A provider of records that tests change behind our back. It keeps books on what it was really
//! asked to do, and it can refuse, delay, do a thing and lose the answer.
//!
//! Contacts are listed by a counter of changes, inclusively, with their deletions; items by their
//! ids, so that only a complete list tells what is gone; notes can not be listed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde_json::{Value, json};

use super::canary::SECRET_KEY;

/// The provider. It stops when it is dropped.
pub(crate) struct Books {
    pub(crate) origin: String,
    state: Arc<Mutex<Kept>>,
    task: tokio::task::JoinHandle<()>,
}

/// What the provider keeps.
#[derive(Default)]
pub(crate) struct Kept {
    shelves: BTreeMap<String, BTreeMap<String, Record>>,
    /// Counts every change of every record.
    counter: u64,
    /// Pages that were read.
    pub(crate) pages: usize,
    /// The references of what was written, in the order in which it was done.
    pub(crate) written: Vec<String>,
    /// Answers that are given before anything is done, to requests of a method.
    refusals: Vec<Refusal>,
    /// What happens to the next writes.
    faults: Vec<Fault>,
    /// Whether new records keep our reference.
    pub(crate) forgets_references: bool,
    /// Whether the list of items ends before its end, as if half of it were gone.
    pub(crate) empty: bool,
    /// The oldest cursor that is still taken.
    pub(crate) oldest_cursor: u64,
}

#[derive(Clone)]
struct Record {
    data: Value,
    changed: u64,
    deleted: bool,
}

/// An answer to the next request of a method: its status and its headers.
type Refusal = (Method, u16, Vec<(&'static str, String)>);

/// What goes wrong with a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It is done, and the answer is lost.
    LoseAnswer,
    /// It is not done, and there is no answer.
    LoseRequest,
    /// It is done and answered with 500.
    Fail,
}

type Shared = State<Arc<Mutex<Kept>>>;

impl Books {
    pub(crate) async fn open() -> Self {
        let state = Arc::new(Mutex::new(Kept::default()));
        let router = Router::new()
            .route("/account", get(async || axum::Json(json!({}))))
            .route("/{shelf}", get(list).post(create))
            .route("/queries/search", post(search))
            .route("/{shelf}/{id}", put(change).delete(delete))
            .layer(from_fn_with_state(Arc::clone(&state), refuse))
            .with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, state, task }
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.state.lock().unwrap()
    }
}

impl Drop for Books {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Kept {
    /// Puts a record on a shelf, or another content in its place.
    pub(crate) fn put(&mut self, shelf: &str, id: &str, data: Value) {
        self.counter += 1;
        let record = Record { data, changed: self.counter, deleted: false };
        self.shelves.entry(shelf.to_owned()).or_default().insert(id.to_owned(), record);
    }

    /// Takes a record off a shelf. Contacts leave a trace.
    pub(crate) fn remove(&mut self, shelf: &str, id: &str) {
        self.counter += 1;
        let changed = self.counter;
        let records = self.shelves.entry(shelf.to_owned()).or_default();
        if shelf == "items" {
            records.remove(id);
        } else if let Some(record) = records.get_mut(id) {
            (record.deleted, record.changed) = (true, changed);
        }
    }

    /// What is on a shelf.
    pub(crate) fn shelf(&self, shelf: &str) -> BTreeMap<String, Value> {
        let records = self.shelves.get(shelf).into_iter().flatten();
        records.filter(|(_, record)| !record.deleted).map(|(id, record)| (id.clone(), record.data.clone())).collect()
    }

    /// Refuses the next so many requests of a method before anything is done.
    pub(crate) fn refuse(&mut self, method: Method, status: u16, headers: &[(&'static str, &str)], times: usize) {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.refusals.extend((0..times).map(|_| (method.clone(), status, headers.clone())));
    }

    /// Says what happens to the next writes.
    pub(crate) fn spoil(&mut self, faults: &[Fault]) {
        self.faults.extend(faults);
    }

    /// Refuses and spoils nothing any more.
    pub(crate) fn behave(&mut self) {
        self.refusals.clear();
        self.faults.clear();
    }

    fn page(&self, shelf: &str, query: &BTreeMap<String, String>) -> Result<Value, StatusCode> {
        let limit: usize = query["limit"].parse().unwrap();
        if shelf == "items" {
            Ok(self.by_id(query.get("cursor"), limit))
        } else {
            self.by_change(shelf, query.get("cursor"), limit)
        }
    }

    fn by_id(&self, cursor: Option<&String>, limit: usize) -> Value {
        let none = BTreeMap::new();
        let items = self.shelves.get("items").filter(|_| !self.empty).unwrap_or(&none);
        let after = |id: &&String| cursor.is_none_or(|cursor| *id > cursor);
        let found: Vec<&String> = items.keys().filter(after).collect();
        let page: Vec<&String> = found.iter().copied().take(limit).collect();
        let more = found.len() > limit;
        let listed: Vec<Value> = page.iter().map(|id| json!({ "id": id, "data": items[*id].data })).collect();
        json!({ "items": listed, "next": page.last().filter(|_| more), "complete": !more })
    }

    fn by_change(&self, shelf: &str, cursor: Option<&String>, limit: usize) -> Result<Value, StatusCode> {
        let from: u64 = cursor.map_or(0, |cursor| cursor.parse().unwrap());
        if cursor.is_some() && from < self.oldest_cursor {
            return Err(StatusCode::GONE);
        }
        let records = self.shelves.get(shelf).into_iter().flatten();
        let mut found: Vec<(&String, &Record)> = records.filter(|(_, record)| record.changed >= from).collect();
        found.sort_by_key(|(_, record)| record.changed);
        let page: Vec<&(&String, &Record)> = found.iter().take(limit).collect();
        // The last one is read again with the next page; where it is the only one, the cursor stays.
        let next = page.last().map(|(_, record)| record.changed.to_string()).or(cursor.cloned());
        let listed: Vec<Value> = page
            .iter()
            .map(|(id, record)| {
                let updated = 1_700_000_000_000_u64 + record.changed;
                json!({ "id": id, "data": record.data, "deleted": record.deleted, "updated_at_ms": updated })
            })
            .collect();
        Ok(json!({ "items": listed, "next": next, "complete": false }))
    }

    /// What is kept of a write: the content, and what the provider adds.
    fn rendition(&self, id: &str, sent: &Value, kept: Option<&Value>) -> Value {
        let mut data = sent["data"].clone();
        data["provider_id"] = json!(id);
        let reference = kept.map_or(&sent["reference"], |kept| &kept["reference"]);
        if !self.forgets_references {
            data["reference"] = reference.clone();
        }
        data
    }
}

async fn refuse(State(state): Shared, request: Request, next: Next) -> Response {
    let authorized = request
        .headers()
        .get("authorization")
        .is_some_and(|value| value.as_bytes() == format!("Bearer {SECRET_KEY}").as_bytes());
    let refusal = {
        let mut kept = state.lock().unwrap();
        let place = kept.refusals.iter().position(|(method, ..)| method == request.method());
        place.map(|place| kept.refusals.remove(place))
    };
    match refusal {
        Some((_, status, headers)) => {
            let mut response = StatusCode::from_u16(status).unwrap().into_response();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
        None if !authorized => StatusCode::UNAUTHORIZED.into_response(),
        None => next.run(request).await,
    }
}

async fn list(
    State(state): Shared,
    Path(shelf): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let mut kept = state.lock().unwrap();
    kept.pages += 1;
    match kept.page(&shelf, &query) {
        Ok(page) => axum::Json(page).into_response(),
        Err(status) => status.into_response(),
    }
}

async fn search(State(state): Shared, axum::Json(query): axum::Json<BTreeMap<String, String>>) -> Response {
    let mut kept = state.lock().unwrap();
    kept.pages += 1;
    match kept.page("queries", &query) {
        Ok(page) => axum::Json(page).into_response(),
        Err(status) => status.into_response(),
    }
}

async fn create(State(state): Shared, Path(shelf): Path<String>, _: HeaderMap, body: Bytes) -> Response {
    let sent: Value = serde_json::from_slice(&body).unwrap();
    write(&state, &sent, |kept| {
        let id = format!("new-{}", kept.counter + 1);
        let data = kept.rendition(&id, &sent, None);
        kept.put(&shelf, &id, data);
        id
    })
}

async fn change(State(state): Shared, Path((shelf, id)): Path<(String, String)>, body: Bytes) -> Response {
    let sent: Value = serde_json::from_slice(&body).unwrap();
    write(&state, &sent, |kept| {
        let before = kept.shelf(&shelf).get(&id).cloned();
        let data = kept.rendition(&id, &sent, before.as_ref());
        kept.put(&shelf, &id, data);
        id
    })
}

async fn delete(State(state): Shared, Path((shelf, id)): Path<(String, String)>) -> Response {
    write(&state, &json!({ "reference": format!("delete {id}") }), |kept| {
        kept.remove(&shelf, &id);
        id
    })
}

fn write(state: &Mutex<Kept>, sent: &Value, carry_out: impl FnOnce(&mut Kept) -> String) -> Response {
    let mut kept = state.lock().unwrap();
    let fault = if kept.faults.is_empty() { Fault::None } else { kept.faults.remove(0) };
    if fault == Fault::LoseRequest {
        return broken();
    }
    let id = carry_out(&mut kept);
    kept.written.push(sent["reference"].as_str().unwrap().to_owned());
    match fault {
        Fault::LoseAnswer => broken(),
        Fault::Fail => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => axum::Json(json!({ "id": id })).into_response(),
    }
}

/// An answer that breaks off before it is whole.
fn broken() -> Response {
    let parts = [Ok(Bytes::from_static(b"{\"id\":")), Err(std::io::Error::other("gone"))];
    Response::new(Body::from_stream(futures_util::stream::iter(parts)))
}
