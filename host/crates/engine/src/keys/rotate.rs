//! Rotation: a successor with the same rights, and an overlap in which both keys work, so that
//! whoever holds the old one can change over without a gap.

use gatehouse_domain::id::KeyId;
use gatehouse_domain::key::ApiKey;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::token::Token;
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_store::Stored;

use super::draft::LONGEST;
use super::{RETRIES, replace};
use crate::clock::random;
use crate::{Caller, Engine};

/// The overlap where nothing is said, in hours.
const USUAL_HOURS: u16 = 24;
/// The longest overlap, in hours.
const MOST_HOURS: u16 = 7 * 24;

impl Engine {
    /// Makes a successor of a key, and lets the old one work for `overlap_hours` more, 24 where
    /// absent, at most 168. Answers the successor and its token, which is shown this once.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] where the key may do more than `by`, as its token would be theirs
    /// then; [`ErrorKind::Conflict`] where two keys of the line work already.
    pub async fn rotate_key(&self, by: &Caller, id: KeyId, overlap_hours: Option<u16>) -> Result<(ApiKey, String)> {
        let overlap = overlap(overlap_hours)?;
        for _ in 0..RETRIES {
            let stored = self.key(by.tenant_if_any(), id).await?;
            self.check_rotation(by, &stored).await?;
            let (next, token) = self.successor(by, &stored)?;
            let end = add(self.now(), overlap);
            let old = ApiKey {
                expires_at: Some(stored.expires_at.map_or(end, |known| known.min(end))),
                successor: Some(next.id),
                ..stored.record.clone()
            };
            let mut work = self.work(by);
            replace(work.change(), &stored, &old)?;
            self.keep_key(&mut work, &next, &token)?;
            work.audit("key.rotated", old.id, Some(&stored.record), Some(&old))?;
            work.audit("key.created", next.id, None, Some(&next))?;
            match work.commit().await {
                Ok(_) => return Ok((next, token.reveal())),
                Err(error) if error.kind == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::conflict(format!("the key `{id}` changes too fast; retry")))
    }

    async fn check_rotation(&self, by: &Caller, key: &ApiKey) -> Result<()> {
        if !key.is_active(self.now()) {
            return Err(Error::conflict(format!("the key `{}` is expired or revoked; make a new one", key.id)));
        }
        self.check_gift(by, key).await?;
        for other in [key.successor, key.predecessor].into_iter().flatten() {
            match self.key(key.tenant, other).await {
                Ok(other) if other.is_active(self.now()) => return Err(two_work(key.id, &other)),
                Ok(_) => {}
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The successor: the same rights, for as long again as the key was made for.
    fn successor(&self, by: &Caller, key: &Stored<ApiKey>) -> Result<(ApiKey, Token)> {
        let now = self.now();
        let length = |end: Timestamp| end.duration_since(key.created_at).min(LONGEST);
        let token = Token::new(key.environment, self.new_id()?, random()?);
        let next = ApiKey {
            id: token.id,
            hint: token.hint(),
            created_at: now,
            created_by: Some(by.key.id),
            expires_at: key.expires_at.map(|end| add(now, length(end))),
            last_used_at: None,
            predecessor: Some(key.id),
            successor: None,
            ..key.record.clone()
        };
        Ok((next, token))
    }
}

fn overlap(hours: Option<u16>) -> Result<SignedDuration> {
    let hours = hours.unwrap_or(USUAL_HOURS);
    if hours > MOST_HOURS {
        let problem = Problem::at("$.overlap_hours", format!("`{hours}` is not between 0 and {MOST_HOURS}"));
        return Err(Error::problems("the overlap does not fit", vec![problem]));
    }
    Ok(SignedDuration::from_hours(hours.into()))
}

fn two_work(id: KeyId, other: &ApiKey) -> Error {
    let until = other.expires_at.map_or_else(|| "it is revoked".to_owned(), |end| format!("{end}"));
    let message = format!("of the line of `{id}` two keys work already; revoke `{}` or wait until {until}", other.id);
    Error::conflict(message)
}

fn add(moment: Timestamp, length: SignedDuration) -> Timestamp {
    moment.saturating_add(length).unwrap_or(Timestamp::MAX)
}
