//! Reading a chain: newest first, and only the entries that are asked for.

use gatehouse_domain::Result;
use gatehouse_domain::audit::AuditEntry;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::page::{Cursor, MAX_LIMIT};
use gatehouse_store::{Page, Paged};

use super::{Chain, end_of};
use crate::{Caller, Engine};

/// How many entries are looked at for one page. A page may hold fewer than was asked for; its
/// cursor still leads on.
const LOOKED_AT: usize = 10_000;
/// By how much a clock may have gone back without an entry being missed that is asked for by time.
const BEHIND: SignedDuration = SignedDuration::from_hours(1);

/// Which entries are asked for: those that fit all that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// What their action begins with.
    pub action: Option<String>,
    /// What was changed.
    pub target: Option<String>,
    /// Who did it: a key's id, or `key`, `operator` or `system` for all of a kind.
    pub actor: Option<String>,
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
}

impl Filter {
    fn fits(&self, entry: &AuditEntry) -> bool {
        let said = &entry.statement;
        self.action.as_ref().is_none_or(|action| said.action.starts_with(action.as_str()))
            && self.target.as_ref().is_none_or(|target| said.target == *target)
            && self.actor.as_ref().is_none_or(|actor| said.actor.is(actor))
            && self.from.is_none_or(|from| said.at >= from)
            && self.to.is_none_or(|to| said.at < to)
    }

    /// Whether nothing before an entry can fit.
    fn ends_before(&self, entry: &AuditEntry) -> bool {
        self.from.is_some_and(|from| entry.statement.at.saturating_add(BEHIND).is_ok_and(|at| at < from))
    }
}

impl Engine {
    /// A page of the caller's chain, newest first: its tenant's, or the operators'.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn audit_entries(&self, by: &Caller, filter: &Filter, page: &Page) -> Result<Paged<AuditEntry>> {
        let chain = by.tenant_if_any();
        let limit = page.limit.clamp(1, MAX_LIMIT);
        let mut after = match (&page.after, filter.to) {
            (None, Some(to)) => Some(self.first_after(chain, to).await?),
            (after, _) => after.clone(),
        };
        let (mut items, mut looked_at) = (Vec::new(), 0);
        let at_once = if *filter == Filter::default() { limit } else { MAX_LIMIT };
        loop {
            let found = self.entries(chain, &Page { after, limit: at_once, reverse: true }).await?;
            let (mut ended, mut left) = (false, found.items.len());
            for entry in found.items {
                (looked_at, left) = (looked_at + 1, left - 1);
                let (number, fits) = (entry.statement.number, filter.fits(&entry));
                ended |= filter.ends_before(&entry);
                if fits {
                    items.push(entry);
                }
                if items.len() == limit {
                    let more = !ended && (left > 0 || found.next.is_some());
                    return Ok(Paged { items, next: more.then(|| Cursor::at(&number)) });
                }
            }
            match found.next {
                Some(next) if !ended && looked_at < LOOKED_AT => after = Some(next),
                Some(next) if !ended => return Ok(Paged { items, next: Some(next) }),
                _ => return Ok(Paged { items, next: None }),
            }
        }
    }

    async fn entries(&self, chain: Chain, page: &Page) -> Result<Paged<AuditEntry>> {
        match chain {
            Some(tenant) => self.0.store.tenant(tenant).list::<AuditEntry>(page).await,
            None => self.0.store.admin().list::<AuditEntry>(page).await,
        }
    }

    /// A place behind which, going back, every entry stands that was written before a moment.
    /// Times rise along a chain but for a clock that was set back.
    async fn first_after(&self, chain: Chain, to: Timestamp) -> Result<Cursor> {
        let late = to.saturating_add(BEHIND).unwrap_or(to);
        let (mut low, mut high) = (0, end_of(&self.0.store, chain).await?.number + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            // One that was pruned is older than any that is there.
            match self.entry_at(chain, middle).await? {
                Some(entry) if entry.statement.at >= late => high = middle,
                _ => low = middle,
            }
        }
        Ok(Cursor::at(&high))
    }

    async fn entry_at(&self, chain: Chain, number: u64) -> Result<Option<AuditEntry>> {
        let found = match chain {
            Some(tenant) => self.0.store.tenant(tenant).get::<AuditEntry>(&number).await?,
            None => self.0.store.admin().get::<AuditEntry>(&number).await?,
        };
        Ok(found.map(|found| found.record))
    }
}
