//! Hostile guests, each unlike the others: every one is ended by its own limit or trap, which the
//! report names, while a neighbour goes on to be answered and the host's memory stays where it was.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use gatehouse_domain::execution::Fault;
use gatehouse_domain::grant::Limits;
use gatehouse_runtime::{Answer, Report, Runtime, Target};
use serde_json::{Value, json};

use crate::guest::{Script, call, limit, load, misbehave_as, misbehave_within, new_runtime, response, shared, text};
use crate::small;

mod written;

use written::{Written, all};

/// How a guest has to end.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// By the limit of this name.
    Limit(&'static str),
    /// By a trap that says this.
    Trap(&'static str),
}

/// Few resources, so that each limit is soon hit.
pub(super) fn scarce() -> Limits {
    Limits {
        cpu_ms: 50,
        wall_ms: 2_000,
        memory_bytes: 16 << 20,
        host_calls: 200,
        requests: 3,
        request_bytes: 10_000,
        response_bytes: 10_000,
        egress_ms: 60,
        log_bytes: 1_000,
        output_bytes: 100_000,
    }
}

/// What the guest that is written in Rust is told to do, and how that has to end.
fn orders() -> Vec<(Value, End)> {
    let order = |behaviour: &str, count: u64| json!({ "behaviour": behaviour, "count": count, "text": "/x" });
    vec![
        (order("spin", 0), End::Limit("cpu_ms")),
        (order("spin_clock", 0), End::Limit("host_calls")),
        (order("sleep", 60_000), End::Limit("wall_ms")),
        (order("allocate", 32 << 20), End::Limit("memory_bytes")),
        (order("grow", 64), End::Limit("memory_bytes")),
        (order("log", 1_000), End::Limit("log_bytes")),
        (order("log_one", 1_001), End::Limit("log_bytes")),
        (order("print", 1_000), End::Limit("log_bytes")),
        (order("host_calls", 201), End::Limit("host_calls")),
        (order("send", 5), End::Limit("requests")),
        (order("send_bytes", 10_001), End::Limit("request_bytes")),
        (order("send_bytes", 4 << 20), End::Limit("request_bytes")),
        (order("output", 100_001), End::Limit("output_bytes")),
        (order("output", 8 << 20), End::Limit("output_bytes")),
        (order("panic", 0), End::Trap("unreachable")),
        (order("unreachable", 0), End::Trap("unreachable")),
        (order("exit", 7), End::Trap("it ended itself with exit status 1")),
    ]
}

/// Calls that are made all the while by somebody who did nothing wrong.
struct Neighbour {
    stop: Arc<AtomicBool>,
    made: Arc<AtomicUsize>,
    calling: tokio::task::JoinHandle<()>,
}

impl Neighbour {
    fn start() -> Self {
        let (stop, made) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stopped, counted) = (stop.clone(), made.clone());
        let calling = tokio::spawn(async move {
            while !stopped.load(Ordering::Relaxed) {
                let number = counted.fetch_add(1, Ordering::Relaxed).to_string();
                let answer = misbehave_within(patient(), json!({ "behaviour": "echo", "text": number })).await;
                assert_eq!(text(&answer), number);
                let fresh = misbehave_within(patient(), json!({ "behaviour": "count" })).await;
                assert_eq!(text(&fresh), "1", "nothing is left of another's call");
            }
        });
        Self { stop, made, calling }
    }

    /// How many calls were made, every one of them answered as it should be.
    async fn end(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.calling.await.unwrap();
        self.made.load(Ordering::Relaxed)
    }
}

/// Time enough on a machine that has much else to do.
fn patient() -> Limits {
    Limits { cpu_ms: 10_000, ..Limits::default() }
}

/// What a guest that ended in another way than it has to is reported as.
fn difference(name: &str, report: &Report, end: End) -> Option<String> {
    let as_expected = match (&report.outcome, end) {
        (Answer::Fault(Fault::Limit { limit, .. }), End::Limit(expect)) => limit == expect,
        (Answer::Fault(Fault::Trap { message, .. }), End::Trap(expect)) => message.contains(expect),
        _ => false,
    };
    (!as_expected).then(|| format!("{name}: wanted {end:?}, got {:?}", report.outcome))
}

/// What this process holds in memory, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Runs a guest: how it ended otherwise than it has to.
async fn run(runtime: &Runtime, guest: &Written) -> Option<String> {
    let plugin = match load(runtime, &small::packaged(&guest.component(), small::MANIFEST)).await {
        Ok(plugin) => plugin,
        Err(error) => return Some(format!("{}: {error}", guest.name)),
    };
    let parameters = plugin.parse("RUN", &guest.parameters()).unwrap();
    let mut call = call(Script::ok("fine"));
    call.limits = scarce();
    let report = runtime.call(&plugin, Target::Capability(parameters), call).await;
    difference(guest.name, &report, guest.end)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hostile_guest_is_ended_by_its_own_limit() {
    shared().await;
    let folder = tempfile::tempdir().unwrap();
    let runtime = new_runtime(folder.path());
    let neighbour = Neighbour::start();
    let written = all();
    // Once to have everything loaded, and then it has to stay as it is.
    let mut wrong = Vec::new();
    for guest in &written {
        wrong.extend(run(&runtime, guest).await);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let before = resident();
    for (order, end) in orders() {
        wrong.extend(difference(&order.to_string(), &misbehave_within(scarce(), order).await, end));
    }
    for guest in &written {
        wrong.extend(run(&runtime, guest).await);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let grown = resident().saturating_sub(before);
    // Other tests run in this process; what one guest could take if nothing ended it is far more.
    assert!(grown < 256 << 20, "the host grew by {grown} bytes");
    assert!(neighbour.end().await > 0);
    let distinct = orders().len() + written.len();
    assert!(distinct >= 30, "only {distinct} hostile guests");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn providers_that_help_a_guest_are_ended_too() {
    let sends = |count: u32| json!({ "behaviour": "send", "count": count, "text": "/x" });
    let cases: Vec<(Arc<Script>, Value, &str)> = vec![
        (Script::new(|_| Box::pin(std::future::pending())), sends(9), "egress_ms"),
        (
            Script::new(|_| {
                Box::pin(async {
                    tokio::time::sleep(Duration::from_millis(25)).await;
                    Ok(response(200, "slow"))
                })
            }),
            sends(9),
            "egress_ms",
        ),
    ];
    for (script, order, expect) in cases {
        let mut call = call(script);
        call.limits = Limits { requests: 100, ..scarce() };
        let report = misbehave_as(call, order.clone()).await;
        assert_eq!(limit(&report).0, expect, "{order}: {report:?}");
    }
    // What is too large is an answer to the guest, and none of it reaches its memory.
    let huge = Script::new(|_| Box::pin(async { Ok(response(200, &"x".repeat(10_001))) }));
    let mut call = call(huge);
    call.limits = scarce();
    let report = misbehave_as(call, sends(1)).await;
    assert!(text(&report).contains("TooLarge"), "{report:?}");
    assert!(report.cost.memory_bytes < 8 << 20, "{:?}", report.cost);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_without_a_bottom_is_refused() {
    let (runtime, plugin) = shared().await;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{{\"a\":{}1{}}}", open.repeat(100_000), close.repeat(100_000));
        let target = Target::ParseWebhook {
            trust: gatehouse_domain::webhook::Trust::Verified,
            headers: Vec::new(),
            body: deep.into_bytes(),
        };
        let report = runtime.call(plugin, target, call(Script::ok("fine"))).await;
        assert_eq!(difference("deep JSON", &report, End::Trap("recursion limit exceeded")), None);
    }
}
