//! What goes on with exchanges of keys in the background, from where each has come to.

use std::time::Duration;

use gatehouse_domain::Result;
use gatehouse_store::records::{Rotation, RotationOf};
use gatehouse_store::{Page, Stored};
use tokio::sync::watch::Receiver;

use crate::Engine;

/// How long to rest where nothing is left to do and nobody asks for more.
const IDLE: Duration = Duration::from_secs(600);
/// How long to rest before what went wrong is tried again.
const AGAIN: Duration = Duration::from_secs(30);
/// How many exchanges are read at a time.
const PAGE: usize = 100;

/// How an exchange stands after as much as could be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// It is finished, or was told to stop.
    Idle,
    /// There is more to do right now.
    Again,
    /// Something can not be sealed again.
    Blocked,
}

/// Goes on with exchanges of keys until `stop` says so.
pub(crate) async fn exchange_keys(engine: Engine, mut stop: Receiver<bool>) {
    let mut told = engine.0.store.admin().watch::<Rotation>();
    loop {
        let standing = engine.go_on(&stop).await.unwrap_or_else(|error| {
            tracing::error!(%error, "exchanging keys failed; it is tried again");
            Standing::Blocked
        });
        tokio::select! {
            () = told.changed(), if standing == Standing::Idle => {}
            () = tokio::time::sleep(IDLE), if standing == Standing::Idle => {}
            () = tokio::time::sleep(AGAIN), if standing == Standing::Blocked => {}
            _ = stop.wait_for(|stop| *stop) => return,
            () = std::future::ready(()), if standing == Standing::Again => {}
        }
    }
}

impl Engine {
    /// Goes on with every exchange that is under way. Answers the worst that any stands at.
    ///
    /// # Errors
    /// The last one of any exchange; the others went on all the same.
    pub(crate) async fn go_on(&self, stop: &Receiver<bool>) -> Result<Standing> {
        let (mut worst, mut page, mut failed) = (Standing::Idle, Page::first(PAGE), None);
        loop {
            let found = self.0.store.admin().list::<Rotation>(&page).await?;
            for rotation in found.items.iter().filter(|rotation| rotation.finished_at.is_none()) {
                let standing = match rotation.of {
                    RotationOf::Root => self.rewrap_all(stop).await,
                    RotationOf::Tenant(tenant) => self.reseal_all(tenant, stop).await,
                };
                match standing {
                    Ok(standing) => worst = worst.max(standing),
                    Err(error) => failed = Some(error),
                }
            }
            match found.next {
                Some(next) if !*stop.borrow() => page.after = Some(next),
                _ => return failed.map_or(Ok(worst), Err),
            }
        }
    }

    pub(super) async fn rotation(&self, of: RotationOf) -> Result<Option<Stored<Rotation>>> {
        self.0.store.admin().get::<Rotation>(&of).await
    }

    /// Writes how far an exchange has come, where nothing else is written.
    pub(super) async fn put_rotation(&self, old: &Stored<Rotation>, new: &Rotation) -> Result<()> {
        let mut change = self.0.store.change();
        change.admin().replace(old, new)?;
        change.commit().await.map(|_| ())
    }
}
