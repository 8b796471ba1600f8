//! Canaries that are under way, in memory: which version a call goes to, and how it ended. A failure of
//! the new version is written down before its call is answered; the other counts a second after they
//! moved. So a crash takes a second's successes, and never what speaks against the new version.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gatehouse_domain::canary::{Canary, Counts, Shown, State, fault_speaks_of_version, speaks_of_version};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_runtime::Answer;
use gatehouse_store::Page;
use ring::digest::{SHA256, digest};

use crate::Engine;

/// How long after they moved the counts are written down.
const PAUSE: Duration = Duration::from_secs(1);
/// How often they are written down against others who change the canary at the same moment.
const TRIES: usize = 16;

/// A tenant's canaries that are under way, by plugin.
type OfTenant = Arc<HashMap<String, Arc<Watched>>>;

/// The canaries of all tenants that called anything since the start.
#[derive(Default)]
pub(crate) struct Canaries {
    known: Mutex<HashMap<TenantId, OfTenant>>,
    /// Grows as one begins or ends, so that nothing older is taken for the present.
    moved: AtomicU64,
}

/// A canary that is under way.
pub(crate) struct Watched {
    pub(crate) tenant: TenantId,
    pub(crate) canary: Canary,
    counts: Mutex<(Counts, Counts)>,
    /// Whether its counts are about to be written.
    writing: AtomicBool,
    /// Whether it is being ended.
    pub(super) ending: AtomicBool,
}

impl Canaries {
    /// Has a tenant's canaries read anew.
    pub(crate) fn forget(&self, tenant: TenantId) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.moved.fetch_add(1, Ordering::SeqCst);
        known.remove(&tenant);
    }

    fn known(&self, tenant: TenantId) -> Option<OfTenant> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned()
    }

    fn keep(&self, tenant: TenantId, found: OfTenant, moved: u64) -> OfTenant {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if self.moved.load(Ordering::SeqCst) != moved {
            return known.get(&tenant).cloned().unwrap_or(found);
        }
        Arc::clone(known.entry(tenant).or_insert(found))
    }
}

impl Watched {
    fn new(tenant: TenantId, canary: Canary) -> Self {
        let counts = Mutex::new((canary.old, canary.new));
        Self { tenant, canary, counts, writing: AtomicBool::default(), ending: AtomicBool::default() }
    }

    /// Whether a call under this key goes to the new version.
    pub(crate) fn takes(&self, integration: IntegrationId, key: &str) -> bool {
        let begun = self.canary.started_at.as_millisecond();
        let text = format!("{}\n{begun}\n{integration}\n{key}", self.canary.to.digest);
        let bytes = digest(&SHA256, text.as_bytes());
        let number = bytes.as_ref().first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        number % 100 < u64::from(self.canary.rules.percent)
    }

    /// The canary with the counts of this moment.
    pub(crate) fn now(&self) -> Canary {
        let (old, new) = self.counts();
        Canary { old, new, ..self.canary.clone() }
    }

    /// Counts a call.
    fn count(&self, on_new: bool, failed: bool) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = if on_new { &mut counts.1 } else { &mut counts.0 };
        counts.calls += 1;
        counts.failures += u64::from(failed);
    }

    fn counts(&self) -> (Counts, Counts) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a call ended in a way that speaks of the version.
pub(crate) fn failed(answer: &Answer) -> bool {
    match answer {
        Answer::Ok(_) => false,
        Answer::Refused(error) => speaks_of_version(error.kind),
        Answer::Fault(fault) => fault_speaks_of_version(fault),
    }
}

impl Engine {
    /// The canary of a plugin that is under way.
    pub(crate) async fn watched(&self, tenant: TenantId, plugin: &str) -> Result<Option<Arc<Watched>>> {
        let known = match self.0.canaries.known(tenant) {
            Some(known) => known,
            None => self.read_canaries(tenant).await?,
        };
        Ok(known.get(plugin).cloned())
    }

    async fn read_canaries(&self, tenant: TenantId) -> Result<OfTenant> {
        let moved = self.0.canaries.moved.load(Ordering::SeqCst);
        let (mut found, mut page) = (HashMap::new(), Page::first(200));
        loop {
            let part = self.0.store.tenant(tenant).list::<Canary>(&page).await?;
            let running = part.items.into_iter().filter(|canary| canary.state == State::Running);
            found.extend(running.map(|canary| (canary.to.id.clone(), Arc::new(Watched::new(tenant, canary)))));
            match part.next {
                Some(next) => page.after = Some(next),
                None => return Ok(self.0.canaries.keep(tenant, Arc::new(found), moved)),
            }
        }
    }

    /// Counts how a call under a canary ended, and ends the canary where that decides it.
    pub(crate) async fn count_for_canary(&self, watched: &Arc<Watched>, on_new: bool, failed: bool) {
        watched.count(on_new, failed);
        if on_new && failed {
            self.write_counts_or_tell(watched).await;
        }
        self.judge_canary(watched);
        if (on_new && failed) || watched.writing.swap(true, Ordering::SeqCst) {
            return;
        }
        let (engine, watched) = (self.clone(), Arc::clone(watched));
        tokio::spawn(async move {
            tokio::time::sleep(PAUSE).await;
            watched.writing.store(false, Ordering::SeqCst);
            engine.write_counts_or_tell(&watched).await;
        });
    }

    /// Ends a canary in the background where its counts decide it.
    pub(super) fn judge_canary(&self, watched: &Arc<Watched>) {
        let (old, new) = watched.counts();
        let Some(shown) = watched.canary.shown(old, new, self.now()) else { return };
        if watched.ending.swap(true, Ordering::SeqCst) {
            return;
        }
        let (engine, watched) = (self.clone(), Arc::clone(watched));
        tokio::spawn(async move {
            let ended = match shown {
                Shown::Good(reason) => engine.promote(None, &watched, reason).await,
                Shown::Bad(reason) => engine.give_up(None, &watched, State::RolledBack, reason).await,
            };
            if let Err(error) = ended {
                tracing::warn!(%error, tenant.id = %watched.tenant, plugin.id = watched.canary.to.id, "a canary could not be ended; the next call tries again");
                watched.ending.store(false, Ordering::SeqCst);
            }
        });
    }

    async fn write_counts_or_tell(&self, watched: &Watched) {
        if let Err(error) = self.write_counts(watched).await {
            tracing::warn!(%error, tenant.id = %watched.tenant, "the counts of a canary could not be written");
        }
    }

    async fn write_counts(&self, watched: &Watched) -> Result<()> {
        let id = &watched.canary.to.id;
        let mut tries = 0;
        loop {
            let Some(stored) = self.stored_canary(watched.tenant, id).await? else { return Ok(()) };
            if stored.state != State::Running || stored.started_at != watched.canary.started_at {
                return Ok(());
            }
            // Taken after the look, so that nobody's newer counts are overwritten with older ones.
            let (old, new) = watched.counts();
            if (stored.old, stored.new) == (old, new) {
                return Ok(());
            }
            let mut change = self.0.store.change();
            change.tenant(watched.tenant).replace(&stored, &Canary { old, new, ..stored.record.clone() })?;
            match change.commit().await {
                // It was ended at this moment with its counts, or another call's were written.
                Err(error) if error.kind == ErrorKind::Conflict && tries < TRIES => tries += 1,
                outcome => return outcome.map(|_| ()),
            }
        }
    }
}
