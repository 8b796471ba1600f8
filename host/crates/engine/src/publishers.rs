//! Publishers: entering them and their keys, revoking a key, and letting one key sign for the next.

use gatehouse_domain::time::Timestamp;
use gatehouse_domain::trust::{Document, Earlier, NextKey, Publisher, PublisherKey, Revoked, check_id};
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::{Page, Stored};

use crate::trust::ed25519::{self, key_id};
use crate::trust::{check_key, refused};
use crate::{Caller, Engine, name};

/// How many keys one publisher may have, revoked ones among them.
const MOST_KEYS: usize = 50;
/// How many publishers there may be.
const MOST_PUBLISHERS: usize = 1_000;
/// The longest reason, in bytes.
const LONGEST: usize = 2_000;

/// A publisher to enter.
#[derive(Debug, Clone)]
pub struct NewPublisher {
    /// The id that its statements name.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// Its first public key, where it is at hand.
    pub public_key: Option<String>,
}

/// A key that is no longer to be believed.
#[derive(Debug, Clone)]
pub struct Revoke {
    /// Since when; now where absent.
    pub since: Option<Timestamp>,
    /// What becomes of what was signed before.
    pub earlier: Earlier,
    /// Why.
    pub reason: String,
}

impl Engine {
    /// Enters a publisher.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`]; [`gatehouse_domain::ErrorKind::Conflict`] where the
    /// id is taken.
    pub async fn create_publisher(&self, by: &Caller, new: NewPublisher) -> Result<Publisher> {
        check_id(&new.id)?;
        name::check("publisher", &new.name)?;
        let keys = new.public_key.iter().map(|key| self.new_key(key, None)).collect::<Result<_>>()?;
        if self.0.store.admin().get::<Publisher>(&new.id).await?.is_some() {
            return Err(Error::conflict(format!("there is a publisher `{}` already; add a key to it", new.id)));
        }
        if self.publishers().await?.len() >= MOST_PUBLISHERS {
            return Err(Error::conflict(format!("there are {MOST_PUBLISHERS} publishers, which is as many as may be")));
        }
        let name = new.name.trim().to_owned();
        let publisher = Publisher { id: new.id, name, keys, created_at: self.now() };
        let mut work = self.work(by);
        work.admin().create(&publisher)?;
        work.audit("publisher.created", &publisher.id, None, Some(&publisher))?;
        work.commit().await?;
        Ok(publisher)
    }

    /// Every publisher, by id.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn publishers(&self) -> Result<Vec<Publisher>> {
        Ok(self.0.store.admin().list::<Publisher>(&Page::first(MOST_PUBLISHERS)).await?.items)
    }

    /// One publisher.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn publisher(&self, id: &str) -> Result<Publisher> {
        self.stored_publisher(id).await.map(|stored| stored.record)
    }

    /// Enters a further key of a publisher.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Invalid`] for what is
    /// no key; [`gatehouse_domain::ErrorKind::Conflict`] for one that is there, or was revoked.
    pub async fn add_publisher_key(&self, by: &Caller, id: &str, public_key: &str) -> Result<Publisher> {
        let stored = self.stored_publisher(id).await?;
        let next = with_key(&stored, self.new_key(public_key, None)?)?;
        let mut work = self.work(by);
        work.admin().replace(&stored, &next)?;
        work.audit("publisher.key_added", id, Some(&stored.record), Some(&next))?;
        work.commit().await?;
        Ok(next)
    }

    /// Takes a key back. What it signed is looked at again before it runs the next time; running
    /// calls go on to their end. Doing so again changes what was said the first time.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Invalid`] for a date
    /// to come, or no reason.
    pub async fn revoke_publisher_key(&self, by: &Caller, id: &str, key: &str, ask: Revoke) -> Result<Publisher> {
        let stored = self.stored_publisher(id).await?;
        if stored.key(key).is_none() {
            return Err(Error::not_found("key of the publisher", key));
        }
        let revoked = self.check_revocation(ask)?;
        let mut next = stored.record.clone();
        for known in next.keys.iter_mut().filter(|known| known.id == key) {
            known.revoked = Some(revoked.clone());
        }
        let mut work = self.work(by);
        work.admin().replace(&stored, &next)?;
        work.audit("publisher.key_revoked", format!("{id}/{key}"), Some(&stored.record), Some(&next))?;
        // Now, and not at the request's end: nothing may be loaded by the old word after this.
        work.commit_now().await?;
        self.look_again_at_signed().await?;
        Ok(next)
    }

    /// Lets a key sign for the next one: that takes its place, and what the old one signed before
    /// stays good.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Invalid`] for what is
    /// no such document; [`gatehouse_domain::ErrorKind::Forbidden`] where the signature is not that
    /// of a good key; [`gatehouse_domain::ErrorKind::Conflict`] for a key that is there already.
    pub async fn rotate_publisher_key(&self, by: &Caller, id: &str, document: &str) -> Result<Publisher> {
        let stored = self.stored_publisher(id).await?;
        let document = Document::<NextKey>::read(document)?;
        let said = &document.statement;
        if said.publisher != id {
            return Err(refused(format!("the document is for the publisher `{}`, and this is `{id}`", said.publisher)));
        }
        check_key(&stored, &document.key, said.signed_at, None)?;
        ed25519::verify(&stored, &document)?;
        let mut next = with_key(&stored, self.new_key(&said.public_key, Some(document.key.clone()))?)?;
        let reason = "another key took its place".to_owned();
        let revoked = Revoked { since: self.now(), earlier: Earlier::Valid, reason };
        for old in next.keys.iter_mut().filter(|old| old.id == document.key) {
            old.revoked = Some(revoked.clone());
        }
        let mut work = self.work(by);
        work.admin().replace(&stored, &next)?;
        work.audit("publisher.key_rotated", id, Some(&stored.record), Some(&next))?;
        work.commit().await?;
        Ok(next)
    }

    async fn stored_publisher(&self, id: &str) -> Result<Stored<Publisher>> {
        let stored = self.0.store.admin().get::<Publisher>(&id.to_owned()).await?;
        stored.ok_or_else(|| Error::not_found("publisher", id))
    }

    fn new_key(&self, public_key: &str, follows: Option<String>) -> Result<PublisherKey> {
        let public_key = public_key.trim().to_owned();
        Ok(PublisherKey { id: key_id(&public_key)?, public_key, added_at: self.now(), follows, revoked: None })
    }

    fn check_revocation(&self, ask: Revoke) -> Result<Revoked> {
        let reason = ask.reason.trim().to_owned();
        let mut problems = Vec::new();
        if reason.is_empty() || reason.len() > LONGEST {
            problems.push(Problem::at("$.reason", format!("must have 1 to {LONGEST} bytes: say why")));
        }
        let since = ask.since.unwrap_or_else(|| self.now());
        if since > self.now() {
            problems.push(Problem::at("$.since", format!("{since} is to come; a key is revoked now or as of earlier")));
        }
        if problems.is_empty() {
            return Ok(Revoked { since, earlier: ask.earlier, reason });
        }
        Err(Error::problems("the revocation does not fit", problems))
    }

    /// Has every signed version looked at before its next use.
    async fn look_again_at_signed(&self) -> Result<()> {
        for version in self.all_versions(&[]).await? {
            // What is linked with a signed helper need not be signed itself.
            if version.signature.is_some() || version.composition.is_some() {
                self.0.loaded.look_again(&version.plugin.digest);
            }
        }
        Ok(())
    }
}

fn with_key(stored: &Publisher, key: PublisherKey) -> Result<Publisher> {
    if let Some(known) = stored.key(&key.id) {
        let what = if known.revoked.is_some() { "was revoked, and stays so" } else { "is there already" };
        return Err(Error::conflict(format!("the key {} of `{}` {what}; make a new one", key.id, stored.id)));
    }
    if stored.keys.len() >= MOST_KEYS {
        let message =
            format!("`{}` has {MOST_KEYS} keys, which is as many as may be; enter another publisher", stored.id);
        return Err(Error::conflict(message));
    }
    let mut next = stored.clone();
    next.keys.push(key);
    Ok(next)
}
