//! Batches: many calls that are accepted in one commit and made by a job, each with a record and a
//! result of its own.
//!
//! `create` keeps a batch, `drive` makes its calls, `standing` says how they are, `cancel` takes
//! back those that are not begun, `read` shows it.

use gatehouse_domain::batch::Mode;

use crate::routing::Wanted;

mod cancel;
mod create;
mod drive;
mod read;
mod standing;

pub(crate) use drive::Drive;
pub use read::Line;

/// The most calls of one batch.
pub const MOST: usize = 1_000;

/// A batch to make.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// Its calls.
    pub items: Vec<NewItem>,
    /// In which order they are made.
    pub mode: Mode,
    /// Whether none is begun after one that did not succeed.
    pub stop_on_error: bool,
}

/// A call of a batch to make. Where it names an integration, that one is called as it is.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// The call.
    pub wanted: Wanted,
    /// The host app's own name for it.
    pub reference: Option<String>,
}
