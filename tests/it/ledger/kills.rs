//! SIGKILL at each step of a payment, and of its repeat. After every one the right outcome is
//! reached: done once, and recorded as done.

use std::time::Duration;

use futures_util::future::join_all;

use super::{Shop, flawless, rules};
use crate::harness::faulty::Step;
use crate::harness::{Faulty, eventually};

/// Payments that are under way when the server is killed.
const AT_ONCE: usize = 4;
/// How often the server is killed at a step; with [`AT_ONCE`], twelve payments.
const KILLS: usize = 3;

impl Shop {
    async fn restarted(mut self) -> Self {
        self.server = self.server.kill_and_restart();
        self.tenant = self.tenant.moved_to(&self.server);
        self
    }

    /// Kills the server while some payments wait at a step. `goes_on` says whether the provider
    /// then carries on with what it was asked.
    async fn killed_at(self, step: Step, round: usize, goes_on: bool) -> Self {
        self.provider.hold_at(step);
        let names: Vec<String> = (0..AT_ONCE).map(|number| format!("{step:?}-{round}-{number}")).collect();
        let paying = join_all(names.iter().enumerate().map(|(till, name)| self.pay(name, till)));
        let killing = async {
            eventually("the payments at the step", async || (self.provider.held() == AT_ONCE).then_some(())).await;
            self.server.signal_kill();
            self.provider.let_go(goes_on);
        };
        let (answers, ()) = tokio::join!(paying, killing);
        assert_eq!(answers, [0; AT_ONCE], "nobody can have been answered");
        self.restarted().await
    }
}

async fn check(step: Step) {
    let mut shop = Shop::open(Faulty::start(flawless(true)).await, rules(true)).await;
    for round in 0..KILLS {
        shop = shop.killed_at(step, round, round % 2 == 0).await;
        let records = shop.settled().await;
        // The intent was durable before the first byte: none of them is without a record.
        assert_eq!(records.len(), (round + 1) * AT_ONCE);
        assert!(records.values().all(|record| record["outcome"] == "succeeded"), "{records:#?}");
        assert!(records.values().all(|record| record["resolution"]["how"] == "repeat"), "{records:#?}");
        shop.check(&records);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_after_the_intent_leads_to_one_effect() {
    check(Step::Arrived).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_while_the_provider_has_not_done_it_leads_to_one_effect() {
    check(Step::Read).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_after_the_provider_did_it_leads_to_one_effect() {
    check(Step::Done).await;
}

/// Between the answer's arrival and its record there is nothing to wait at, so the kill comes at
/// a moment that moves, until it has often enough met this step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_between_the_answer_and_its_record_leads_to_one_effect() {
    let mut shop = Shop::open(Faulty::start(flawless(true)).await, rules(true)).await;
    let mut met = 0;
    for round in 0..60 {
        shop.provider.hold_at(Step::Answered);
        let names: Vec<String> = (0..AT_ONCE).map(|number| format!("answered-{round}-{number}")).collect();
        let paying = join_all(names.iter().enumerate().map(|(till, name)| shop.pay(name, till)));
        let killing = async {
            let wanted = 1 + round % AT_ONCE;
            while shop.provider.held() < wanted {
                tokio::task::yield_now().await;
            }
            tokio::time::sleep(Duration::from_micros(200 * (round as u64 % 5))).await;
            shop.server.signal_kill();
            shop.provider.let_go(false);
        };
        let (answers, ()) = tokio::join!(paying, killing);
        let done = shop.provider.books().effects();
        shop = shop.restarted().await;
        let records = shop.settled().await;
        shop.check(&records);
        for (name, answer) in names.iter().zip(answers) {
            let Some(record) = records.get(name) else {
                // Killed before the intent: nothing was asked of the provider either.
                assert!(answer == 0 && !done.contains_key(name));
                continue;
            };
            assert_eq!(record["outcome"], "succeeded", "{record:#}");
            // Done and answered before the kill, and found out after it.
            met += usize::from(done.contains_key(name) && record["resolution"].is_object());
        }
        if met >= 10 {
            return;
        }
    }
    panic!("only {met} kills met the step");
}

/// The ledger's own repeat is cut off at each step too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_during_the_repeat_leads_to_one_effect() {
    let mut shop = Shop::open(Faulty::start(flawless(true)).await, rules(true)).await;
    for (round, step) in [Step::Read, Step::Done, Step::Read, Step::Done].into_iter().enumerate() {
        shop = shop.killed_at(Step::Read, round, false).await;
        for kill in 0..KILLS {
            shop.provider.hold_at(step);
            let what = "the repeats at the step";
            eventually(what, async || (shop.provider.held() == AT_ONCE).then_some(())).await;
            shop.server.signal_kill();
            shop.provider.let_go(kill % 2 == 0);
            shop = shop.restarted().await;
        }
        let records = shop.settled().await;
        assert!(records.values().all(|record| record["outcome"] == "succeeded"), "{records:#?}");
        shop.check(&records);
    }
}
