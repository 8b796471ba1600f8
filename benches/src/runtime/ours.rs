//! The side that is measured: a call through `gatehouse_runtime::Runtime`, with its limits, its
//! journal, its cancellation and its report.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatehouse_domain::grant::Limits;
use gatehouse_runtime::egress::{BoxFuture, Request, Response, SendError};
use gatehouse_runtime::{Answer, Call, Egress, Parameters, Plugin, Runtime, RuntimeConfig, Tape, Target};
use serde_json::Map;

use super::Caller;
use super::subject::Subject;
use crate::samples::Samples;

/// A plugin in the runtime, ready to be called.
pub(super) struct Ours {
    /// How long it took to make it ready from its bytes alone.
    pub(super) compile_time: Duration,
    cache: PathBuf,
    runtime: Runtime,
    plugin: Arc<Plugin>,
    parameters: Parameters,
    egress: Arc<dyn Egress>,
}

/// A provider that answers at once and always the same.
struct Scripted(Response);

impl Egress for Scripted {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async { Ok(self.0.clone()) })
    }

    fn scrub_text(&self, text: &str) -> String {
        text.to_owned()
    }
}

impl Ours {
    /// Compiles and loads it, with the cache in `folder`.
    pub(super) async fn new(subject: &Subject, folder: &Path) -> Self {
        let cache = folder.join("compiled");
        let runtime = new_runtime(&cache);
        let digest = runtime.inspect(&subject.bytes).unwrap().digest;
        let begun = Instant::now();
        let plugin = runtime.load(&digest, || Ok(subject.bytes.clone())).await.unwrap();
        let compile_time = begun.elapsed();
        let parameters = plugin.parse(subject.capability, &subject.parameters).unwrap();
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let answer = Response { status: 200, headers, body: subject.answer.clone().into_bytes() };
        Self { compile_time, cache, runtime, plugin, parameters, egress: Arc::new(Scripted(answer)) }
    }

    /// How long it takes to load it again: a new runtime on the same cache, each time.
    pub(super) async fn load_times(&self, count: usize) -> Samples {
        let digest = self.plugin.digest().to_owned();
        let mut times = Samples::default();
        for _ in 0..count {
            let runtime = new_runtime(&self.cache);
            let begun = Instant::now();
            let unread = || panic!("the cache does not have it");
            let plugin = runtime.load(&digest, unread).await.unwrap();
            times.push(begun.elapsed());
            assert!(!Arc::ptr_eq(&plugin, &self.plugin));
        }
        times
    }
}

impl Caller for Ours {
    async fn call(&self) {
        let call = Call {
            egress: Arc::clone(&self.egress),
            settings: Map::new(),
            idempotency_key: "key".to_owned(),
            attempt: 1,
            account: None,
            limits: Limits::default(),
            cancel: None,
            tape: Tape::Off,
        };
        let target = Target::Capability(self.parameters.clone());
        let report = self.runtime.call(&self.plugin, target, call).await;
        assert!(matches!(report.outcome, Answer::Ok(_)), "{report:?}");
    }
}

fn new_runtime(cache: &Path) -> Runtime {
    Runtime::new(RuntimeConfig::new(cache, [1; 32])).unwrap()
}
