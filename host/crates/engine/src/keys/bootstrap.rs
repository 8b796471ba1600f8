//! The first operator's key of a deployment, which nobody else can make.

use gatehouse_domain::key::{ApiKey, KeyEnvironment};
use gatehouse_domain::role::BuiltIn;
use gatehouse_domain::token::Token;
use gatehouse_domain::{Error, Result};
use gatehouse_store::Page;
use gatehouse_store::records::KeyDigest;

use crate::Engine;
use crate::clock::random;

impl Engine {
    /// Makes the first operator's key where there is none, from `token` or from nothing.
    /// Answers the token where a key was made. It does not expire by itself: a deployment must
    /// not lock its operators out.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] for what is no token, or that of another key.
    pub async fn bootstrap(&self, token: Option<String>) -> Result<Option<String>> {
        let (token, name) = match token {
            Some(text) => (read(&text)?, "bootstrap"),
            None if self.has_operator().await? => return Ok(None),
            None => (Token::new(KeyEnvironment::Live, self.new_id()?, random()?), "first operator"),
        };
        if let Some(known) = self.0.store.admin().get::<KeyDigest>(&token.id).await? {
            let own =
                known.tenant.is_none() && self.0.vault.verify_api_key(token.id, token.secret(), Some(&known.digest));
            return if own { Ok(None) } else { Err(taken()) };
        }
        let key = self.first_key(&token, name);
        let mut work = self.own_work(None);
        self.keep_key(&mut work, &key, &token)?;
        work.audit("key.created", key.id, None, Some(&key))?;
        work.commit().await?;
        Ok(Some(token.reveal()))
    }

    fn first_key(&self, token: &Token, name: &str) -> ApiKey {
        ApiKey {
            id: token.id,
            tenant: None,
            name: name.to_owned(),
            environment: KeyEnvironment::Live,
            role: Some(BuiltIn::Operator.name().to_owned()),
            permissions: Vec::new(),
            integrations: None,
            capabilities: None,
            allowed_ips: Vec::new(),
            hint: token.hint(),
            created_at: self.now(),
            created_by: None,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
            predecessor: None,
            successor: None,
        }
    }

    async fn has_operator(&self) -> Result<bool> {
        let mut page = Page::first(100);
        loop {
            let keys = self.0.store.admin().list::<ApiKey>(&page).await?;
            if keys.items.iter().any(|key| key.is_active(self.now())) {
                return Ok(true);
            }
            match keys.next {
                Some(next) => page.after = Some(next),
                None => return Ok(false),
            }
        }
    }
}

fn read(text: &str) -> Result<Token> {
    let token = Token::parse(text).filter(|token| token.environment == KeyEnvironment::Live);
    token.ok_or_else(|| {
        Error::invalid("the bootstrap key is no token such as `gh_live_…`; `gatehouse keys generate` makes one")
    })
}

fn taken() -> Error {
    Error::invalid("the bootstrap key has the id of another key; `gatehouse keys generate` makes a fresh one")
}
