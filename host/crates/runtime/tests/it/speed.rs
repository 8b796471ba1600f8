//! A bound on the cost of one isolated call, wide enough for any machine; the example
//! `speed` measures it.

use std::time::Instant;

use gatehouse_runtime::Target;
use serde_json::json;

use crate::guest::{Script, call, shared};

#[tokio::test]
async fn a_fresh_instance_is_cheap() {
    let (runtime, plugin) = shared().await;
    let one = plugin.parse("MISBEHAVE", &json!({ "behaviour": "host_calls", "count": 1 })).unwrap();
    let script = Script::ok("");
    let mut times = Vec::new();
    for _ in 0..300 {
        let begun = Instant::now();
        runtime.call(plugin, Target::Capability(one.clone()), call(script.clone())).await;
        times.push(begun.elapsed());
    }
    times.sort();
    assert!(times[150].as_micros() < 2_000, "{:?}", times[150]);
}
