//! What lives from a seed are made of: dice, a clock that is not the time, a disk that outlives its
//! servers, a network that loses answers, and a trace of all that happened. It simulates nothing by
//! itself; what is simulated lies beside what it is about.
//!
//! One thread does everything, time moves only when nothing else can, and what is left to chance
//! comes from the dice, so that a seed is a whole life.

mod clock;
mod dice;
mod disk;
mod ground;
mod life;
mod seeds;
mod trace;
mod wire;

pub(crate) use clock::Skewed;
pub(crate) use dice::Dice;
pub(crate) use disk::{Disk, Harm, Witness};
pub(crate) use ground::Ground;
pub(crate) use life::Life;
pub(crate) use seeds::{Living, live_all, seeds, the_same_twice};
pub(crate) use trace::Trace;
pub(crate) use wire::{Answering, Fate, Peer, Sent, Wire, answer};
