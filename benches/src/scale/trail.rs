//! An audit trail as calls of the API leave it, and how long its proof takes on data that no server
//! serves.

use std::time::Instant;

use reqwest::Client;
use serde_json::json;

use super::{Row, Story, artefacts, size, start_upstream};
use crate::execute::story::answer;

/// Entries that are made: one for each link of an entity.
const ENTRIES: usize = 10_000;
const WRITERS: usize = 32;

/// Measures the proof.
pub(super) fn measure() -> Vec<Row> {
    let upstream = start_upstream();
    let story = Story::begin(&artefacts::folder(), &upstream.origin);
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let count = size::of(ENTRIES);
    let begun = Instant::now();
    threads.block_on(write(&story, count));
    let written = count as f64 / begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let found = threads.block_on(verify(&story));
    let verified = found / begun.elapsed().as_secs_f64();
    vec![
        Row::new(format!("{WRITERS} writers of one tenant's audited changes"), "changes/s", written),
        Row::new(format!("proof of an audit trail of {found} entries"), "entries/s", verified),
    ]
}

async fn write(story: &Story, count: usize) {
    let http = Client::builder().no_proxy().build().unwrap();
    let writer = |writer: usize| {
        let (http, token, integration) = (http.clone(), story.token.clone(), story.integration.clone());
        let url = format!("{}/api/v1/entities/customer", story.process.origin);
        tokio::spawn(async move {
            for number in (writer..count).step_by(WRITERS) {
                let body = json!({ "integration_id": integration });
                let url = format!("{url}/c-{number}/integrations");
                let request = http.post(&url).bearer_auth(&token).header("content-type", "application/json");
                answer(request.body(body.to_string())).await;
            }
        })
    };
    for task in (0..WRITERS).map(writer).collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

/// Has the trail proved, and answers how many entries it has.
async fn verify(story: &Story) -> f64 {
    let http = Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/api/v1/audit/verify", story.process.origin);
    let found = answer(http.get(url).bearer_auth(&story.token)).await;
    assert_eq!(found["broken"], json!([]), "{found:#}");
    found["entries"].as_u64().unwrap() as f64
}
