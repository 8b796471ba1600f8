//! The only crate that knows the database: one storage trait, two implementations,
//! and typed records above them. It never sees a secret in the clear.
//!
//! Read in this order: what a storage does (`storage`, `watch`, `health`), what does it
//! (`memory`, `sled`), how records become keys and values (`record`, `keys`, `codec`,
//! `records`), and what the layers above use (`store`, `scope`, `page`, `change`, `prune`,
//! `erase`, `artefacts`).

pub mod health;
pub mod storage;
pub mod watch;

pub mod memory;
pub mod sled;

mod codec;
pub mod entry;
mod files;
mod keys;
pub mod record;
pub mod records;

pub mod artefacts;
pub mod change;
pub mod erase;
pub mod feed;
pub mod page;
pub mod prune;
pub mod scope;
pub mod store;

pub use artefacts::Artefacts;
pub use change::Change;
pub use entry::{Entry, GlobalEntry, Placed, Position, TenantEntry};
pub use health::{Health, Space, State};
pub use memory::MemoryStorage;
pub use page::{Cursor, Page, Paged};
pub use prune::{Pruned, Retention};
pub use record::{GlobalRecord, Kind, Raw, Record, Stored, TenantRecord};
pub use scope::{Admin, TenantScope};
pub use store::Store;

pub use crate::sled::{SledConfig, SledStorage};
