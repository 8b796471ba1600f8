//! A `POST` with an `Idempotency-Key` is carried out once: its change and its answer are one
//! commit, so asking again gives the first answer, whenever the server was killed in between
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! Calls of capabilities have their own rules, as they change something outside: see `execute`.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gatehouse_domain::id::{KeyId, TenantId};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::records::IdempotentAnswer;

use crate::work::Work;
use crate::{Caller, Engine};

/// How long a key is remembered.
pub(crate) const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// The largest answer that is kept, in bytes.
const LARGEST: usize = 256 << 10;

/// An answer as the caller got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status, as the layer above chose it.
    pub status: u16,
    /// The media type.
    pub content_type: Option<String>,
    /// The header `ETag`.
    pub etag: Option<String>,
    /// The header `Location`.
    pub location: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What becomes of a request with a key.
#[derive(Debug)]
pub enum Begun {
    /// It is the first one.
    New(Arc<Turn>),
    /// It was answered before.
    Again(Answer),
}

/// A request with a key that is being carried out. Dropping it changes nothing.
pub struct Turn {
    engine: Engine,
    tenant: Option<TenantId>,
    id: [u8; 32],
    request_hash: String,
    put_off: Mutex<Option<Work>>,
}

/// The keys in use at this moment.
pub(crate) type Turns = Mutex<HashSet<[u8; 32]>>;

impl Engine {
    /// Begins a request with a key, or finds the answer that it got before. `route` is its method
    /// and path, `request_hash` tells its content from any other.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] where the key is malformed or came with another
    /// request, [`gatehouse_domain::ErrorKind::Conflict`] while the first one is being carried out.
    pub async fn begin_once(&self, by: &Caller, route: &str, key: &str, request_hash: String) -> Result<Begun> {
        check_key(key)?;
        let tenant = by.tenant().ok();
        let id = id_of(tenant, by.key.id, route, key);
        if !lock(&self.0.turns).insert(id) {
            let message = "the first request with this idempotency key is still being carried out";
            return Err(Error::conflict(message).retry_after(1_000));
        }
        // From here on the key is given back by dropping the turn.
        let turn = Turn { engine: self.clone(), tenant, id, request_hash, put_off: Mutex::default() };
        match turn.known().await? {
            None => Ok(Begun::New(Arc::new(turn))),
            Some(known) if known.request_hash == turn.request_hash => turn.answer_of(&known).map(Begun::Again),
            Some(_) => {
                let problem = Problem::at("Idempotency-Key", "was used for another request; send a new key");
                Err(Error::problems("the idempotency key does not fit this request", vec![problem]))
            }
        }
    }
}

impl Turn {
    /// Ends the request: what it changes and what it was answered become durable together.
    /// Without an answer only the change does, and the key may be used again.
    ///
    /// # Errors
    /// As [`gatehouse_store::Change::commit`]; then nothing was changed.
    pub async fn end(&self, answer: Option<&Answer>) -> Result<()> {
        let work = lock(&self.put_off).take();
        let mut work = match (work, answer) {
            (Some(work), _) => work,
            (None, Some(_)) => self.engine.own_work(self.tenant),
            (None, None) => return Ok(()),
        };
        if let Some(answer) = answer {
            let kept = self.kept(answer)?;
            match self.tenant {
                Some(tenant) => work.tenant(tenant).put(&kept)?,
                None => work.admin().put(&kept)?,
            }
        }
        work.commit_now().await
    }

    /// Keeps a change until the answer to it is known. A second one does not wait for the first.
    pub(crate) async fn put_off(&self, work: Work) -> Result<()> {
        let earlier = lock(&self.put_off).replace(work);
        match earlier {
            Some(earlier) => earlier.commit_now().await,
            None => Ok(()),
        }
    }

    async fn known(&self) -> Result<Option<IdempotentAnswer>> {
        let store = &self.engine.0.store;
        let known = match self.tenant {
            Some(tenant) => store.tenant(tenant).get::<IdempotentAnswer>(&self.id).await?,
            None => store.admin().get::<IdempotentAnswer>(&self.id).await?,
        };
        let now = self.engine.now();
        Ok(known.map(|known| known.record).filter(|known| now < known.expires_at))
    }

    fn kept(&self, answer: &Answer) -> Result<IdempotentAnswer> {
        let body = match answer.body.len() {
            0..=LARGEST => Some(self.engine.0.vault.seal_answer(&self.id, &answer.body)?),
            _ => None,
        };
        Ok(IdempotentAnswer {
            id: self.id,
            request_hash: self.request_hash.clone(),
            status: answer.status,
            content_type: answer.content_type.clone(),
            etag: answer.etag.clone(),
            location: answer.location.clone(),
            body,
            expires_at: self.engine.now().saturating_add(REMEMBERED).unwrap_or(Timestamp::MAX),
        })
    }

    fn answer_of(&self, known: &IdempotentAnswer) -> Result<Answer> {
        let Some(sealed) = &known.body else {
            let message = "the first request with this idempotency key was carried out, and its answer was too large to \
                           keep; read what it made";
            return Err(Error::conflict(message));
        };
        let body = self.engine.0.vault.open_answer(&self.id, sealed)?;
        Ok(Answer {
            status: known.status,
            content_type: known.content_type.clone(),
            etag: known.etag.clone(),
            location: known.location.clone(),
            body,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock(&self.engine.0.turns).remove(&self.id);
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

/// What tells a request from any other: SHA-256 in hexadecimal.
pub fn request_hash(request: &[u8]) -> String {
    crate::execute::sha256_hex(request)
}

/// Refuses what can not be an idempotency key.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`].
pub(crate) fn check_key(key: &str) -> Result<()> {
    if (1..=255).contains(&key.len()) && key.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Ok(());
    }
    let problem = Problem::at("Idempotency-Key", "must have 1 to 255 printable ASCII characters");
    Err(Error::problems("the idempotency key does not fit", vec![problem]))
}

/// What a key names: the same text of another tenant, from another API key, or for another route,
/// is another key. The answer may hold what only its first reader may know, such as a token.
fn id_of(tenant: Option<TenantId>, by: KeyId, route: &str, key: &str) -> [u8; 32] {
    let owner = tenant.map_or_else(|| "operators".to_owned(), |tenant| tenant.to_string());
    let digest = ring::digest::digest(&ring::digest::SHA256, format!("{owner}\n{by}\n{route}\n{key}").as_bytes());
    let mut id = [0; 32];
    id.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    id
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
