//! The end of the server, every few seconds, at a moment that nothing leads up to, and what was
//! under way then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dice::Dice;
use super::world::World;

/// How long the server lives, in milliseconds: at least, and how much longer at most.
const LIFE: (u64, u64) = (1_200, 3_500);

/// Kills and starts the server until the time is over. It is alive then.
pub(super) async fn until_over(world: &Arc<World>, mut dice: Dice, time: Duration) {
    let end = Instant::now() + time;
    let mut slowest = Duration::ZERO;
    loop {
        let life = Duration::from_millis(LIFE.0 + dice.below(LIFE.1));
        if Instant::now() + life >= end {
            tokio::time::sleep(end.saturating_duration_since(Instant::now())).await;
            break;
        }
        tokio::time::sleep(life).await;
        note(world);
        let began = Instant::now();
        tokio::task::block_in_place(|| {
            world.kill(|| {
                // What it had sent is read before the next life begins.
                std::thread::sleep(Duration::from_millis(50));
                world.tenants.iter().for_each(|tenant| tenant.peers.authority.known().life += 1);
            });
        });
        slowest = slowest.max(began.elapsed());
        world.count("kills");
        println!("a kill; the next server came after {} ms", began.elapsed().as_millis());
    }
    world.add("ms from the slowest kill to the next server's address", u64::try_from(slowest.as_millis()).unwrap());
}

/// Notes what the kill that comes now meets.
fn note(world: &World) {
    let mut met = world.under_way();
    if world.payments.at_work() > 0 {
        met.push("a payment at the provider");
    }
    if world.tenants.iter().any(|tenant| tenant.peers.authority.unanswered() > 0) {
        met.push("a token that was given and not answered");
    }
    met.iter().for_each(|what| world.count(&format!("kills that met {what}")));
}
