//! Lives of a server whose tokens are renewed, each from a seed that is printed when one goes
//! wrong: a provider that rotates, takes the repeated use of an old token for theft, and loses
//! answers; kills at any step; servers that were thought dead; clocks that jump; people who sign in
//! again at the worst moment.

mod issuer;
mod servers;

use gatehouse_domain::time::SignedDuration;
use tokio::time::{Duration, sleep};

use super::*;
use crate::simulation::{Dice, Ground, Harm, Living, Trace, live_all, the_same_twice};
use issuer::Issuer;
use servers::Servers;

/// How many steps a life has before its faults end.
const STEPS: usize = 70;
/// How often a call is made in the end before it has to have been answered, and how far apart.
const PATIENCE: (usize, Duration) = (80, Duration::from_secs(30));

/// One life, on a disk that does this harm.
async fn life(dice: Dice, trace: Trace, harm: Option<Harm>) {
    let mut ground = Ground::new(dice.clone(), trace.clone()).await;
    ground.harm = harm;
    let issuer = Issuer::new(&ground);
    let mut servers = Servers::new(ground, issuer).await;
    servers.sign_in().await;
    servers.start().await;
    for _ in 0..STEPS {
        step(&mut servers, &dice).await;
        if trace.broken().is_some() {
            return;
        }
    }
    settle(&mut servers, &trace).await;
}

async fn step(servers: &mut Servers, dice: &Dice) {
    sleep(dice.millis(40_000)).await;
    match dice.below(40) {
        0 => servers.jump(SignedDuration::from_hours(if dice.one_in(2) { 24 } else { -24 })),
        1 => servers.issuer.take_back(),
        2 => servers.sign_in().await,
        3 | 4 => servers.haunt(),
        _ => {}
    }
    if servers.is_expired().await && dice.one_in(3) {
        servers.sign_in().await;
    }
    servers.replace_dead().await;
}

/// Without faults every integration has a token that works, or a person who is needed for a reason.
async fn settle(servers: &mut Servers, trace: &Trace) {
    servers.issuer.behave();
    servers.end();
    servers.start_for_good().await;
    for round in 0..2 {
        if !settled(servers).await {
            let tokens = servers.tokens().await;
            trace.must(false, || format!("no token is to be had in the end: {tokens:?}"));
            return;
        }
        if servers.is_expired().await {
            servers.sign_in().await;
            trace.must(settled(servers).await, || "what was signed in anew does not work".to_owned());
        }
        // The next generation is to be had as well.
        trace.note(format!("settled, round {round}"));
        sleep(Duration::from_secs(1_200)).await;
    }
    servers.issuer.judge();
    let tokens = servers.tokens().await;
    trace.must(tokens.expired_at.is_some() || !tokens.inflight, || "a refresh is left open".to_owned());
}

/// Whether a call went through, or a person has to agree again.
async fn settled(servers: &mut Servers) -> bool {
    for _ in 0..PATIENCE.0 {
        if servers.call_once().await || servers.is_expired().await {
            return true;
        }
        sleep(PATIENCE.1).await;
    }
    false
}

fn lives(harm: Option<Harm>) -> impl Fn(Dice, Trace) -> Living {
    move |dice, trace| Box::pin(life(dice, trace, harm.clone()))
}

#[test]
fn no_token_is_used_twice_nor_lost_for_nothing() {
    live_all("no_token_is_used_twice_nor_lost_for_nothing", 40, &lives(None));
}

#[test]
fn a_seed_of_refreshes_is_a_whole_life() {
    the_same_twice(0..3, &lives(None));
}

/// The record of the tokens among what a commit puts.
fn tokens_in(value: &[u8]) -> Option<OAuthTokens> {
    serde_json::from_slice(value.get(2..)?).ok()
}
