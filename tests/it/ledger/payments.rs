//! A thousand payments through a provider of which every second request goes wrong.

use std::sync::Arc;

use futures_util::StreamExt;

use super::{Shop, count, rules};
use crate::harness::Faulty;
use crate::harness::faulty::Rules;

/// The seed of the faults: `GATEHOUSE_SEED`, or another one each time.
fn seed() -> u64 {
    let given = std::env::var("GATEHOUSE_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| {
        u64::from(std::process::id()) << 20 | u64::from(std::time::UNIX_EPOCH.elapsed().unwrap().subsec_micros())
    })
}

/// Says the seed where the test fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the seed was {}: GATEHOUSE_SEED={} gives the same faults", self.0, self.0);
        }
    }
}

async fn run(payments: usize, remembers_keys: bool) -> (Shop, std::collections::BTreeMap<String, serde_json::Value>) {
    let seed = Seed(seed());
    let provider = Faulty::start(Rules { seed: seed.0, faults: 50, remembers_keys }).await;
    let shop = Arc::new(Shop::open(provider, rules(remembers_keys)).await);
    let statuses: Vec<u16> = futures_util::stream::iter(0..payments)
        .map(|number| {
            let shop = Arc::clone(&shop);
            async move { shop.pay(&format!("p{number:04}"), number).await }
        })
        .buffer_unordered(16)
        .collect()
        .await;
    let lost = statuses.iter().filter(|status| **status == 504).count();
    let records = shop.settled().await;
    assert_eq!(records.len(), payments, "{statuses:?}");
    shop.check(&records);
    let found_out = records.values().filter(|record| record["resolution"].is_object()).count();
    // What the caller was told is unknown was found out later, and nothing else was.
    assert_eq!(found_out, lost, "{statuses:?}");
    let events = told(&shop).await;
    assert_eq!((events("execution.unknown"), events("execution.resolved")), (lost, lost));
    println!(
        "seed {}: {payments} payments, {lost} unknown; {} by repeat, {} by look-up; {} succeeded, {} failed",
        seed.0,
        count(&records, "/resolution/how", "repeat"),
        count(&records, "/resolution/how", "look_up"),
        count(&records, "/outcome", "succeeded"),
        count(&records, "/outcome", "failed"),
    );
    (Arc::into_inner(shop).unwrap(), records)
}

/// How many events of a kind the feed holds.
async fn told(shop: &Shop) -> impl Fn(&str) -> usize + use<> {
    let (mut kinds, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = shop.tenant.get(&format!("/events?limit=200{cursor}")).await.expect(200);
        kinds.extend(page["items"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()));
        if page["more"] != true {
            return move |kind: &str| kinds.iter().filter(|found| *found == kind).count();
        }
        cursor = format!("&cursor={}", page["cursor"].as_str().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_payments_have_one_effect_each_where_keys_are_remembered() {
    let (_shop, records) = run(1_000, true).await;
    // Both ways were needed: repeats settle most, and a 500 that is remembered only a look-up.
    assert!(count(&records, "/resolution/how", "repeat") > 50);
    assert!(count(&records, "/resolution/how", "look_up") > 10);
    assert!(count(&records, "/outcome", "failed") > 10 && count(&records, "/outcome", "succeeded") > 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_where_they_are_not_but_payments_are_listed() {
    let (_shop, records) = run(300, false).await;
    assert_eq!(count(&records, "/resolution/how", "repeat"), 0, "nothing may be sent twice here");
    assert!(count(&records, "/resolution/how", "look_up") > 50);
    assert!(count(&records, "/outcome", "failed") > 10 && count(&records, "/outcome", "succeeded") > 100);
}
