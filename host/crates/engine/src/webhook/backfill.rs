//! Finding what a provider did not tell: its own list of events is read from where they are known to be
//! complete, and what had not come goes the way of a delivery that was verified.
//!
//! A gateway says how the list is read; when, from when on and what is new is decided here. `jobs` says
//! when, `turn` reads page by page (with `ask`), `take` takes what is new and moves the position with it,
//! `state` shows it. The position moves only where a list was read to its end.

mod ask;
mod jobs;
mod span;
mod state;
mod take;
mod turn;

pub(crate) use jobs::Fill;
pub(super) use jobs::{begin, enqueue, look_at};
pub use state::BackfillState;
