//! Everything at once for as long as one likes, over several tenants, with providers and receivers
//! that fail by chance and a server that is killed every few seconds. At the end what was accepted
//! has to equal what became of it, to the last one.
//!
//! `cargo xtask soak` runs it for half an hour; the test command for some seconds.

mod balance;
mod dice;
mod kills;
mod load;
mod sums;
mod tenant;
mod world;

use std::time::Duration;

use dice::Dice;
use world::World;

/// What the command passes on: how long the load lasts, and what every choice follows from.
const SECONDS: &str = "SOAK_SECONDS";
const SEED: &str = "SOAK_SEED";

/// How many differences are shown.
const SHOWN: usize = 50;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_accepted_equals_what_became_of_it_after_many_kills() {
    let (seconds, seed) = (setting(SECONDS, 8), setting(SEED, 7));
    println!("soak: {seconds} s with the seed {seed}");
    let world = World::begin(seed, if seconds < 60 { 2 } else { 3 }).await;
    let work = load::begin(&world);
    kills::until_over(&world, Dice::of(seed, "kills"), Duration::from_secs(seconds)).await;
    load::end(&world, work).await;
    println!("the load is over");
    let differences = balance::of(&world).await;
    world.tally().lines().for_each(|line| println!("soak: {line}"));
    differences.iter().take(SHOWN).for_each(|line| println!("soak: OFF: {line}"));
    assert!(differences.is_empty(), "{} things are off, with the seed {seed}", differences.len());
    println!("soak: everything that was accepted is accounted for");
}
