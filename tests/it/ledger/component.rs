//! The look-up fixtures on the compiled component: what it finds has to fit the capability's
//! result type, which only the host can tell.

use std::sync::{Arc, Mutex};

use gatehouse_domain::grant::Limits;
use gatehouse_runtime::egress::{BoxFuture, Request, Response, SendError};
use gatehouse_runtime::{Answer, Call, Egress, Inspection, PoolConfig, Runtime, RuntimeConfig, Tape, Target, Write};
use serde_json::{Map, Value};

use crate::harness::artefacts;

/// Answers with a fixture's exchange, in order.
struct Played(Mutex<std::vec::IntoIter<Value>>);

impl Egress for Played {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        let exchange = self.0.lock().unwrap().next().expect("the fixture has no such request");
        assert_eq!(exchange["request"]["path"], request.url);
        let answer = match &exchange["response"] {
            Value::Null => Err(SendError::Interrupted("gone".to_owned())),
            response => Ok(Response {
                status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
                headers: Vec::new(),
                body: response["json"].to_string().into_bytes(),
            }),
        };
        Box::pin(async { answer })
    }

    fn scrub_text(&self, text: &str) -> String {
        text.to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_component_finds_has_the_type_of_the_capability() {
    let bytes = std::fs::read(artefacts::plugin("stripe")).unwrap();
    let inspection = Inspection::of(&bytes).unwrap();
    assert!(inspection.has_outcomes);
    assert!(inspection.capabilities.iter().all(|capability| capability.function != "look-up"), "it is no capability");
    let folder = tempfile::tempdir().unwrap();
    let config = RuntimeConfig::new(folder.path(), [7; 32]);
    let runtime =
        Runtime::new(RuntimeConfig { pool: PoolConfig { instances: 4, ..config.pool.clone() }, ..config }).unwrap();
    let plugin = runtime.load(&inspection.digest, || Ok(bytes)).await.unwrap();
    let fixtures = inspection.fixtures.unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    for (name, case) in fixtures["look-up"].as_object().unwrap() {
        let exchange = case["exchange"].as_array().cloned().unwrap_or_default();
        let call = Call {
            egress: Arc::new(Played(Mutex::new(exchange.into_iter()))),
            settings: Map::new(),
            idempotency_key: "fixture-key".to_owned(),
            attempt: 1,
            account: None,
            limits: Limits { cpu_ms: 5_000, ..Limits::default() },
            cancel: None,
            tape: Tape::Off,
        };
        match runtime.call(&plugin, Target::LookUp(write(&case["input"])), call).await.outcome {
            Answer::Ok(found) => {
                kinds.insert(found["kind"].as_str().unwrap().to_owned());
                assert_eq!(found, case["output"], "{name}");
            }
            Answer::Refused(error) => {
                assert_eq!(serde_json::to_value(error.kind).unwrap(), case["error"]["kind"], "{name}")
            }
            Answer::Fault(fault) => panic!("{name}: {fault:?}"),
        }
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["absent", "done", "refused"]);
}

fn write(input: &Value) -> Write {
    let text = |name: &str| input[name].as_str().unwrap().to_owned();
    Write {
        capability: text("capability"),
        parameters: input["parameters"].clone(),
        reference: text("reference"),
        first_sent_at_ms: input["first_sent_at_ms"].as_u64().unwrap(),
        last_sent_at_ms: input["last_sent_at_ms"].as_u64().unwrap(),
    }
}
