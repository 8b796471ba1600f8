//! Webhooks in and out: how soon one that arrives is on the disk and acknowledged, how many arrive
//! in a second, and how many of our own events are delivered in one. Load and receiver have a core
//! of their own.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http1::SendRequest;
use reqwest::Client;
use ring::hmac;
use serde_json::{Value, json};

use crate::execute::load;
use crate::execute::start_upstream;
use crate::execute::story::{Story, WEBHOOK_SECRET, answer};
use crate::machine::{self, Side};
use crate::report::{Row, Section, Target};
use crate::samples::Samples;
use crate::size;

/// Webhooks over one connection, and over many.
const ALONE: usize = 500;
const MANY: usize = 6_000;
const CONNECTIONS: usize = 32;
/// How often the counts are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What was found.
struct Found {
    alone: Samples,
    many: Samples,
    per_second: f64,
    /// From the first webhook of many to the last of their deliveries.
    through: f64,
    delivered: f64,
}

/// Measures what arrives, and then what leaves.
pub(crate) fn measure() -> Vec<Section> {
    let upstream = start_upstream();
    let story = Story::begin(&crate::artefacts::folder(), &upstream.origin);
    let found = machine::on(Side::Generator, || {
        let thread = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        thread.block_on(turns(&story, &upstream.origin))
    });
    let loaded = format!("{CONNECTIONS} connections");
    let many = size::of(MANY);
    let rows = vec![
        Row::new("arrives, one connection: on the disk and acknowledged, median", "µs", found.alone.median()),
        Row::new("arrives, one connection, p99", "µs", found.alone.p99()).target(Target::AtMost(50_000.0)),
        Row::new(format!("arrives, {loaded}"), "webhooks/s", found.per_second),
        Row::new(format!("arrives, {loaded}, p99"), "µs", found.many.p99()).target(Target::AtMost(50_000.0)),
        Row::new(format!("{many} arrived, verified, parsed, delivered"), "webhooks/s", found.through),
        Row::new(format!("{many} deliveries sent again"), "deliveries/s", found.delivered),
    ];
    let notes = vec![
        "A webhook is acknowledged when its bytes and the job that parses them are on the disk. A delivery is a signed \
         request, and a commit of its outcome."
            .to_owned(),
    ];
    vec![Section { title: "webhooks in and out".to_owned(), against: "", rows, notes }]
}

async fn turns(story: &Story, receiver: &str) -> Found {
    let caller = Caller::of(story);
    let alone = arrive(story, 1, 0..size::of(ALONE)).await;
    let new = json!({ "url": format!("{receiver}/told"), "events": ["*"], "concurrency": 32, "rate_per_second": 1000 });
    let subscription = caller.post("/subscriptions", new).await;
    let path = format!("/subscriptions/{}", subscription["id"].as_str().unwrap());
    let count = size::of(MANY);
    let begun = Instant::now();
    let many = arrive(story, CONNECTIONS, ALONE..ALONE + count).await;
    let per_second = count as f64 / begun.elapsed().as_secs_f64();
    caller.delivered(&path, count).await;
    let through = count as f64 / begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let range = json!({ "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z" });
    caller.post(&format!("{path}/replay"), range).await;
    caller.delivered(&path, count).await;
    Found { alone, many, per_second, through, delivered: count as f64 / begun.elapsed().as_secs_f64() }
}

/// Sends signed webhooks over some connections and waits for each to be acknowledged.
async fn arrive(story: &Story, connections: usize, numbers: std::ops::Range<usize>) -> Samples {
    let address = story.process.origin.trim_start_matches("http://").to_owned();
    let requests: Vec<_> = numbers.map(|number| request(&address, &story.hook, number)).collect();
    let share = requests.len().div_ceil(connections);
    let mut tasks = Vec::new();
    let mut rest = requests.into_iter();
    for _ in 0..connections {
        let part: Vec<_> = rest.by_ref().take(share).collect();
        let address = address.clone();
        tasks.push(tokio::spawn(async move {
            let mut sender = load::connect(&address).await;
            let mut times = Samples::default();
            for request in part {
                let begun = Instant::now();
                send(&mut sender, request).await;
                times.push(begun.elapsed());
            }
            times
        }));
    }
    let mut times = Samples::default();
    for task in tasks {
        times.append(task.await.unwrap());
    }
    times
}

async fn send(sender: &mut SendRequest<Full<Bytes>>, request: Request<Full<Bytes>>) {
    sender.ready().await.unwrap();
    let response = sender.send_request(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(status == 200, "{status}: {}", String::from_utf8_lossy(&body));
}

/// A webhook as the provider sends it: signed over its time and its bytes.
fn request(address: &str, path: &str, number: usize) -> Request<Full<Bytes>> {
    let object = json!({ "id": format!("pi_{number}"), "object": "payment_intent", "status": "succeeded",
        "amount": 1999, "amount_received": 1999, "currency": "eur", "created": 1_700_000_000, "metadata": {} });
    let body = json!({ "id": format!("evt_{number}"), "object": "event", "type": "payment_intent.succeeded",
        "livemode": false, "created": 1_700_000_000, "data": { "object": object } });
    let body = body.to_string();
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let key = hmac::Key::new(hmac::HMAC_SHA256, WEBHOOK_SECRET.as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
    let tag: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let request = Request::post(path).header("host", address).header("content-type", "application/json");
    request.header("stripe-signature", format!("t={time},v1={tag}")).body(Full::new(Bytes::from(body))).unwrap()
}

/// The tenant, who subscribes.
struct Caller<'s> {
    http: Client,
    story: &'s Story,
}

impl<'s> Caller<'s> {
    fn of(story: &'s Story) -> Self {
        Self { http: Client::builder().no_proxy().build().unwrap(), story }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.story.process.origin)
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(self.url(path)).bearer_auth(&self.story.token);
        answer(request.header("content-type", "application/json").body(body.to_string())).await
    }

    /// Waits until a subscription has that many delivered, and none that waits.
    async fn delivered(&self, path: &str, count: usize) {
        loop {
            let view = answer(self.http.get(self.url(path)).bearer_auth(&self.story.token)).await;
            let found = |name: &str| view["counts"][name].as_u64().unwrap() as usize;
            assert_eq!(found("dead"), 0, "{view:#}");
            if found("delivered") >= count && found("pending") == 0 {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
