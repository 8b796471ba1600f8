//! What the resilience of a call costs: entering and ending an attempt, and reading a standing.
//! `cargo run --release --example resilience_cost`.
#![allow(clippy::print_stdout, clippy::indexing_slicing, reason = "it measures, and prints what it found")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use gatehouse_domain::execution::ProviderCall;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::manifest::rate::RateNumbers;
use gatehouse_domain::time::Timestamp;
use gatehouse_engine::resilience::{Entry, Priority, Resilience, Seen, Settings};

const ROUNDS: u32 = 1_000_000;

fn main() {
    let resilience = Resilience::new(Settings::default(), Arc::new(|| 0.5));
    for count in [1, 200, 10_000u32] {
        let entries: Vec<Entry<'_>> = (0..count).map(entry).collect();
        let call = best(|round| {
            let now = Timestamp::now();
            if let Ok(pass) = resilience.try_enter(&entries[(round % count) as usize], now) {
                pass.finish(&Seen::of_calls(&[answered()]), Timestamp::now());
            }
        });
        let made = best(|_| {
            std::hint::black_box((Timestamp::now(), Timestamp::now(), answered()));
        });
        let standing = best(|round| {
            let id = entries[(round % count) as usize].integration;
            std::hint::black_box(resilience.standing(id, Timestamp::UNIX_EPOCH));
        });
        println!("{count} integrations: call {call:?}, of which clock and record {made:?}; standing {standing:?}");
    }
    let began = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let resilience = &resilience;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let entry = entry(thread * 1_000 + round % 100);
                    if let Ok(pass) = resilience.try_enter(&entry, Timestamp::now()) {
                        pass.finish(&Seen::of_calls(&[answered()]), Timestamp::now());
                    }
                }
            });
        }
    });
    println!("two threads: call {:?} each", began.elapsed() / ROUNDS);
}

/// The mean of a round, in the best of five runs.
fn best(mut one: impl FnMut(u32)) -> Duration {
    let run = |_| {
        let began = Instant::now();
        (0..ROUNDS).for_each(&mut one);
        began.elapsed() / ROUNDS
    };
    (0..5).map(run).min().unwrap_or_default()
}

fn entry(number: u32) -> Entry<'static> {
    let mut id = [0; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    Entry {
        tenant: TenantId::from_bytes([(number % 50) as u8; 16]),
        provider: "acme",
        integration: IntegrationId::from_bytes(id),
        rate: Some(RateNumbers { requests: 1_000_000_000, window_seconds: 1 }),
        priority: Priority::Interactive,
        attempt: 1,
    }
}

fn answered() -> ProviderCall {
    ProviderCall {
        method: String::new(),
        url: String::new(),
        status: Some(200),
        error: None,
        request_bytes: 0,
        response_bytes: 0,
        duration_us: 20_000,
        answer_lost: false,
        reads: false,
        failure: None,
        rate: None,
    }
}
