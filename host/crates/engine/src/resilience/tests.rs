//! The parts together, at virtual time: places, circuits, budgets, retries, memory.

use std::sync::Arc;

use gatehouse_domain::ErrorKind;
use gatehouse_domain::execution::{ProviderCall, RateSeen};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::manifest::rate::RateNumbers;
use gatehouse_domain::time::{Timestamp, from_millis};
use gatehouse_store::{Artefacts, MemoryStorage, Store};
use proptest::prelude::*;
use tokio::time::{Duration, Instant};

use super::seen::tests::{call, calls};
use super::*;

const START: i64 = 1_700_000_000_000;

fn resilience(settings: Settings) -> Resilience {
    Resilience::new(settings, Arc::new(|| 0.5))
}

fn at(millis: i64) -> Timestamp {
    from_millis(START + millis)
}

fn entry(tenant: u8, provider: &'static str, integration: u8) -> Entry<'static> {
    Entry {
        tenant: TenantId::from_bytes([tenant; 16]),
        provider,
        integration: IntegrationId::from_bytes([integration; 16]),
        rate: None,
        priority: Priority::Interactive,
        attempt: 1,
    }
}

fn seen(text: &str) -> Seen {
    Seen::of_calls(&calls(text))
}

fn blocked(result: Result<Pass, Refused>) -> Option<Blocked> {
    result.err().map(|refused| refused.blocked)
}

/// Ends a good many attempts badly, until the circuit opens.
fn break_circuit(resilience: &Resilience, entry: &Entry<'_>, now: Timestamp) -> Transition {
    let fail = |_| resilience.try_enter(entry, now).ok()?.finish(&seen("GET 503"), now);
    (0..10).find_map(fail).expect("the circuit did not open")
}

#[test]
fn each_compartment_has_its_bound_and_gives_places_back() {
    let settings = Settings { per_integration: 2, per_provider: 3, per_tenant: 4, in_all: 6, ..Settings::default() };
    let resilience = resilience(settings);
    let enter = |tenant, provider, integration| resilience.try_enter(&entry(tenant, provider, integration), at(0));
    let mut held = vec![enter(1, "a", 1).ok(), enter(1, "a", 1).ok()];
    assert_eq!(blocked(enter(1, "a", 1)), Some(Blocked::Full), "two of an integration");
    held.push(enter(1, "a", 2).ok());
    assert_eq!(blocked(enter(1, "a", 2)), Some(Blocked::Full), "three of a tenant at a provider");
    held.push(enter(1, "b", 3).ok());
    assert_eq!(blocked(enter(1, "c", 4)), Some(Blocked::Full), "four of a tenant");
    held.extend([enter(2, "a", 5).ok(), enter(3, "a", 6).ok()]);
    assert!(held.iter().all(Option::is_some));
    assert_eq!(blocked(enter(4, "a", 7)), Some(Blocked::Full), "six in all");
    drop(held);
    let standing = resilience.standing(entry(1, "a", 1).integration, at(0));
    assert_eq!((standing.in_flight, standing.blocked), (0, None));
    assert!(enter(4, "a", 7).is_ok());
}

#[test]
fn what_is_less_urgent_leaves_a_place() {
    let resilience = resilience(Settings::default());
    let ask = |priority| Entry { priority, ..entry(1, "a", 1) };
    let held: Vec<_> = (0..3).map(|_| resilience.try_enter(&ask(Priority::Sync), at(0)).ok().unwrap()).collect();
    assert_eq!(blocked(resilience.try_enter(&ask(Priority::Webhook), at(0))), Some(Blocked::Full));
    assert!(resilience.try_enter(&ask(Priority::Interactive), at(0)).is_ok());
    drop(held);
}

#[test]
fn a_circuit_opens_for_one_integration_alone_and_closes_again() {
    let resilience = resilience(Settings::default());
    let (bad, good) = (entry(1, "a", 1), entry(1, "a", 2));
    let opened = break_circuit(&resilience, &bad, at(0));
    assert_eq!(opened.circuit, Circuit::Open { until: at(30_000) });
    assert_eq!(opened.why.as_deref(), Some("GET: status 503"));
    let refused = resilience.try_enter(&bad, at(10_000)).err().unwrap();
    assert_eq!((refused.blocked, refused.after_ms), (Blocked::CircuitOpen, 20_000));
    let error = refused.into_error(bad.integration);
    assert_eq!((error.kind, error.retry_after_ms), (ErrorKind::CircuitOpen, Some(20_000)));
    assert_eq!(resilience.standing(bad.integration, at(10_000)).blocked, Some(Blocked::CircuitOpen));
    assert_eq!(resilience.standing(good.integration, at(10_000)).blocked, None);
    assert!(resilience.try_enter(&good, at(10_000)).is_ok());
    assert!(!resilience.take_retry(bad.integration, at(10_000)), "no retries while it is open");

    let probes: Vec<_> = (0..1).filter_map(|_| resilience.try_enter(&bad, at(30_000)).ok()).collect();
    assert_eq!(resilience.standing(bad.integration, at(30_000)).circuit, Circuit::HalfOpen);
    let mut changes: Vec<_> = probes.into_iter().map(|pass| pass.finish(&seen("GET 200"), at(30_000))).collect();
    for _ in 0..2 {
        let pass = resilience.try_enter(&bad, at(30_000)).ok().unwrap();
        changes.push(pass.finish(&seen("GET 404"), at(30_000)));
    }
    assert_eq!(changes.pop().unwrap().map(|change| change.circuit), Some(Circuit::Closed));
    assert!(changes.iter().all(Option::is_none));
    assert_eq!(resilience.standing(bad.integration, at(30_000)).circuit, Circuit::Closed);
    assert_eq!(resilience.transitions(), (1, 1));
}

#[test]
fn probes_that_are_dropped_do_not_block_the_next() {
    let resilience = resilience(Settings::default());
    let bad = entry(1, "a", 1);
    break_circuit(&resilience, &bad, at(0));
    for _ in 0..20 {
        drop(resilience.try_enter(&bad, at(40_000)).ok().unwrap());
    }
    assert_eq!(resilience.standing(bad.integration, at(40_000)).circuit, Circuit::HalfOpen);
}

#[test]
fn a_429_with_retry_after_parks_the_integration_and_halves_what_may_run() {
    let resilience = resilience(Settings::default());
    let ask = Entry { rate: Some(RateNumbers { requests: 100, window_seconds: 1 }), ..entry(1, "a", 1) };
    let told = ProviderCall {
        rate: Some(RateSeen { retry_after_ms: Some(60_000), ..RateSeen::default() }),
        ..call("POST 429")
    };
    let pass = resilience.try_enter(&ask, at(0)).ok().unwrap();
    pass.finish(&Seen::of_calls(&[told]), at(0));
    let standing = resilience.standing(ask.integration, at(1_000));
    assert_eq!((standing.parked_until, standing.allowed), (Some(at(60_000)), 2));
    assert_eq!(standing.blocked, Some(Blocked::RateLimited));
    let refused = resilience.try_enter(&ask, at(1_000)).err().unwrap();
    assert_eq!((refused.blocked, refused.after_ms), (Blocked::RateLimited, 59_000));
    assert!(resilience.try_enter(&ask, at(60_000)).is_ok());
}

#[test]
fn requests_that_were_not_let_in_are_learned_from_all_the_same() {
    let resilience = resilience(Settings::default());
    let ask = entry(1, "a", 1);
    let told = ProviderCall {
        rate: Some(RateSeen { remaining: Some(0), limit: Some(10), reset_ms: Some(5_000), ..RateSeen::default() }),
        ..call("GET 200")
    };
    resilience.observe(&ask, &Seen::of_calls(&[told]), at(0));
    assert_eq!(blocked(resilience.try_enter(&ask, at(4_999))), Some(Blocked::RateLimited));
    assert!(resilience.try_enter(&ask, at(5_000)).is_ok());
    resilience.observe(&entry(1, "a", 9), &seen(""), at(0));
    assert_eq!(resilience.remembered(), 1, "what sent nothing is not remembered");
}

#[test]
fn a_hundred_thousand_integrations_take_no_more_than_their_room() {
    let resilience = resilience(Settings { tracked: 1_000, ..Settings::default() });
    let id = |n: u32| IntegrationId::from_bytes([[0; 12].as_slice(), &n.to_be_bytes()].concat().try_into().unwrap());
    let held = resilience.try_enter(&Entry { integration: id(7), ..entry(1, "a", 1) }, at(0)).ok().unwrap();
    for n in 100u32..100_100 {
        let tenant =
            TenantId::from_bytes([[0; 12].as_slice(), &(n % 5_000).to_be_bytes()].concat().try_into().unwrap());
        let ask = Entry { integration: id(n), tenant, ..entry(1, "a", 1) };
        let pass = resilience.try_enter(&ask, at(i64::from(n))).ok().unwrap();
        pass.finish(&seen("GET 200"), at(i64::from(n)));
    }
    assert!(resilience.remembered() <= 1_100, "{}", resilience.remembered());
    assert!(resilience.0.lanes.compartments() <= 5_000, "{}", resilience.0.lanes.compartments());
    assert_eq!(resilience.standing(id(7), at(0)).in_flight, 1, "what is in use is not forgotten");
    // The last one of all was used a moment ago.
    assert!(resilience.0.lanes.find(id(100_099)).is_some());
    drop(held);
}

struct Fixed(Timestamp);
impl crate::Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn memory() -> (Store, tempfile::TempDir) {
    let folder = tempfile::TempDir::new().unwrap();
    let artefacts = Artefacts::open(folder.path().join("artefacts"), 1 << 20).unwrap();
    (Store::new(Arc::new(MemoryStorage::new()), artefacts), folder)
}

#[tokio::test]
async fn what_was_learned_is_there_after_a_restart() {
    let (store, _folder) = memory();
    let ask = entry(1, "a", 1);
    let told = |wait| {
        let rate = RateSeen { limit: Some(40), remaining: Some(7), retry_after_ms: Some(wait), ..RateSeen::default() };
        Seen::of_calls(&[ProviderCall { rate: Some(rate), ..call("GET 429") }])
    };
    let first = resilience(Settings::default());
    assert_eq!(first.keep(&store, at(0)).await.unwrap(), 0, "nothing to keep, nothing written");
    first.try_enter(&ask, at(0)).ok().unwrap().finish(&told(60_000), at(0));
    assert_eq!(first.keep(&store, at(0)).await.unwrap(), 1);
    assert_eq!(first.keep(&store, at(0)).await.unwrap(), 0, "once is enough");

    let second = resilience(Settings::default());
    let until = Instant::now() + Duration::from_secs(5);
    let error = second.enter(&store, &Fixed(at(1_000)), &ask, until).await.err().unwrap();
    assert_eq!((error.kind, error.retry_after_ms), (ErrorKind::RateLimited, Some(59_000)));
    let standing = second.standing(ask.integration, at(1_000));
    assert_eq!(standing.budget.map(|budget| budget.limit), Some(40));
}

#[tokio::test]
async fn a_budget_that_was_used_up_is_not_full_after_a_restart() {
    let (store, _folder) = memory();
    let ask = Entry { rate: Some(RateNumbers { requests: 10, window_seconds: 100 }), ..entry(1, "a", 1) };
    let first = resilience(Settings::default());
    first.try_enter(&ask, at(0)).ok().unwrap().finish(&seen("GET 429"), at(0));
    first.keep(&store, at(0)).await.unwrap();
    let second = resilience(Settings::default());
    let until = Instant::now() + Duration::from_secs(5);
    let error = second.enter(&store, &Fixed(at(0)), &ask, until).await.err().unwrap();
    assert_eq!((error.kind, error.retry_after_ms), (ErrorKind::RateLimited, Some(10_000)));
}

#[tokio::test]
async fn an_interactive_call_waits_for_a_place_and_others_do_not() {
    let (store, _folder) = memory();
    let resilience = resilience(Settings { per_integration: 1, wait_ms: 30_000, ..Settings::default() });
    let clock = Fixed(at(0));
    let ask = entry(1, "a", 1);
    let held = resilience.try_enter(&ask, at(0)).ok().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    let sync = Entry { priority: Priority::Sync, ..ask };
    let error = resilience.enter(&store, &clock, &sync, until).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Overloaded);
    let short = Instant::now() + Duration::from_millis(130);
    let error = resilience.enter(&store, &clock, &ask, short).await.err().unwrap();
    assert_eq!((error.kind, error.retry_after_ms), (ErrorKind::Overloaded, Some(1_000)), "no longer than its time");
    let late = Instant::now() + Duration::from_millis(99);
    let error = resilience.enter(&store, &clock, &ask, late).await.err().unwrap();
    assert!(error.message.contains("100 ms left"), "{error}");

    // Ten wait in a row; each gets the place of the one before.
    let waiting = (0..10).map(|_| async {
        let pass = resilience.enter(&store, &clock, &ask, until).await.ok().unwrap();
        tokio::task::yield_now().await;
        drop(pass);
    });
    let free = async {
        tokio::task::yield_now().await;
        drop(held);
    };
    futures_util::future::join(futures_util::future::join_all(waiting), free).await;
    assert_eq!(resilience.standing(ask.integration, at(0)).in_flight, 0);
}

#[tokio::test]
async fn a_tenant_has_only_so_many_that_wait() {
    let (store, _folder) = memory();
    let settings = Settings { per_integration: 1, per_tenant: 2, wait_ms: 300, ..Settings::default() };
    let resilience = resilience(settings);
    let clock = Fixed(at(0));
    let ask = entry(1, "a", 1);
    let held = resilience.try_enter(&ask, at(0)).ok().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    let began = Instant::now();
    let enter = || async {
        let kind = resilience.enter(&store, &clock, &ask, until).await.err().unwrap().kind;
        (kind, began.elapsed() >= Duration::from_millis(300))
    };
    let asked = futures_util::future::join_all((0..5).map(|_| enter())).await;
    assert!(asked.iter().all(|(kind, _)| *kind == ErrorKind::Overloaded));
    assert_eq!(asked.iter().filter(|(_, waited)| *waited).count(), 2, "the others were refused at once");
    drop(held);
}

/// A pass with its tenant, its provider and its integration.
type Held = (u8, u8, u8, Pass);

proptest! {
    /// Whatever comes and goes: no compartment ever holds more than it may, and in the end all
    /// places are free.
    #[test]
    fn no_compartment_overflows(steps in prop::collection::vec((0u8..3, 0u8..2, 0u8..3, any::<bool>(), 0u8..4), 1..300)) {
        let settings = Settings { per_integration: 2, per_provider: 3, per_tenant: 5, in_all: 8, ..Settings::default() };
        let resilience = resilience(settings.clone());
        let mut held: Vec<Held> = Vec::new();
        for (step, (tenant, provider, integration, enters, how)) in steps.into_iter().enumerate() {
            let now = at(step as i64 * 50);
            if enters {
                let id = 100 * tenant + 10 * provider + integration;
                let ask = entry(tenant, ["a", "b"][usize::from(provider)], id);
                if let Ok(pass) = resilience.try_enter(&ask, now) {
                    held.push((tenant, provider, integration, pass));
                }
            } else if !held.is_empty() {
                let (.., pass) = held.swap_remove(usize::from(how) % held.len());
                match how {
                    0 => drop(pass),
                    1 => drop(pass.finish(&seen("GET 429"), now)),
                    _ => drop(pass.finish(&seen("GET 200"), now)),
                }
            }
            let count = |fits: &dyn Fn(&Held) -> bool| held.iter().filter(|one| fits(one)).count();
            prop_assert!(held.len() <= 8);
            for (t, p, i, _) in &held {
                prop_assert!(count(&|(a, ..)| a == t) <= 5);
                prop_assert!(count(&|(a, b, ..)| (a, b) == (t, p)) <= 3);
                prop_assert!(count(&|(a, b, c, _)| (a, b, c) == (t, p, i)) <= 2);
            }
        }
        held.clear();
        for tenant in 0..3 {
            let one = entry(tenant, "a", 100 * tenant);
            if let Some(lane) = resilience.0.lanes.find(one.integration) {
                prop_assert!(lane.compartments().iter().all(|slots| slots.taken() == 0));
            }
        }
    }
}
