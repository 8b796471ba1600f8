//! The token of a call: the one that is kept, where it is good, else the next one, for which the
//! call waits no longer than it may.

use gatehouse_broker::oauth::Ask;
use gatehouse_broker::{Secret, TenantKeyRef};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::manifest::Manifest;
use gatehouse_domain::manifest::oauth::ClientFrom;
use gatehouse_domain::oauth::TokenCause;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::Stored;
use gatehouse_store::records::{OAuthTokens, SealedToken};
use tokio::time::Instant;

use super::refresh::Order;
use super::sign_in::{Which, rules_of};
use super::{after, connect_again, settle};
use crate::Engine;
use crate::integrations::Opened;

/// How often the record is read again after somebody renewed it.
const ROUNDS: usize = 4;

/// What a clock is set right by without anybody noticing.
const ASKEW: SignedDuration = SignedDuration::from_secs(60);

/// A sealed access token that is in use, with what opens it.
pub(crate) struct Access {
    /// Its generation.
    pub(crate) generation: u32,
    /// Whether a call with it has worked.
    pub(crate) worked: bool,
    sealed: SealedToken,
    /// What it was sealed with: it opens also where that key is exchanged meanwhile.
    key: TenantKeyRef,
}

/// What a call does for its token.
enum Verdict {
    /// There is none to be had.
    None,
    /// The one that is kept is good.
    Good,
    /// A new one can not be asked for yet.
    Wait,
    /// A new one is to be asked for.
    Next(TokenCause),
}

/// Whether the access token is good at `now`, as far as is known.
pub(super) fn lives(tokens: &OAuthTokens, now: Timestamp) -> bool {
    tokens.access.is_some() && tokens.expires_at.is_none_or(|at| now < at)
}

/// Whether the next one is to be asked for.
fn is_stale(tokens: &OAuthTokens, now: Timestamp, renewable: bool, credential_version: u32) -> bool {
    // It was issued before the clock was set back: by this clock nobody knows how old it is.
    let from_later = renewable && tokens.obtained_at.is_some_and(|at| at > after(now, ASKEW));
    let other_credential = tokens.credential_version.is_some_and(|version| version != credential_version);
    let due = if renewable { tokens.refresh_at.or(tokens.expires_at) } else { tokens.expires_at };
    tokens.access.is_none() || other_credential || from_later || due.is_some_and(|at| at <= now)
}

/// Whether a generation that the provider refused is worth another: each is given up once, and one
/// that was asked for because of a refusal and never worked is not the answer.
fn may_replace(tokens: &OAuthTokens) -> bool {
    tokens.worked || tokens.cause != TokenCause::Rejected
}

impl Engine {
    /// The access token for a call that ends at `until`; none where the plugin uses none, or where
    /// no person has agreed yet.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where a person has to agree again, [`ErrorKind::Unavailable`] where
    /// there is no token and the provider gives none now.
    pub(crate) async fn access(
        &self,
        tenant: TenantId,
        integration: &Integration,
        manifest: &Manifest,
        until: Instant,
    ) -> Result<Option<Access>> {
        self.access_beyond(tenant, integration, manifest, until, None).await
    }

    /// A newer token than the one that the provider has just refused; none where there is none to
    /// be had.
    pub(crate) async fn access_after(
        &self,
        tenant: TenantId,
        integration: &Integration,
        manifest: &Manifest,
        until: Instant,
        refused: u32,
    ) -> Option<Access> {
        let next = self.access_beyond(tenant, integration, manifest, until, Some(refused)).await.ok().flatten();
        next.filter(|next| next.generation > refused)
    }

    async fn access_beyond(
        &self,
        tenant: TenantId,
        integration: &Integration,
        manifest: &Manifest,
        until: Instant,
        refused: Option<u32>,
    ) -> Result<Option<Access>> {
        let Some(rules) = rules_of(manifest, integration) else { return Ok(None) };
        let own = rules.own_grant().is_some();
        let mut sealed = None;
        for _ in 0..ROUNDS {
            let stored = self.0.store.tenant(tenant).get::<OAuthTokens>(&integration.id).await?;
            let tokens = match &stored {
                Some(stored) => stored.record.clone(),
                None if own && integration.connected_at.is_some() => OAuthTokens::none(integration.id),
                None => return Ok(None),
            };
            let found = match self.judged(integration, &tokens, own, refused)? {
                Verdict::None => return Ok(None),
                Verdict::Good => self.in_use(tenant, &tokens).await,
                Verdict::Wait => self.meanwhile(tenant, &tokens, self.now()).await,
                Verdict::Next(cause) => {
                    let order = Order { tenant, integration: integration.id, generation: tokens.generation, cause };
                    if self.0.flights.join(self, order, until).await {
                        continue;
                    }
                    self.meanwhile(tenant, &tokens, self.now()).await
                }
            };
            match found {
                // Sealed again between the two reads, and the old key destroyed.
                Err(error) if error.kind == ErrorKind::Corrupt && sealed != Some(tokens.key_versions()) => {
                    sealed = Some(tokens.key_versions());
                }
                outcome => return outcome,
            }
        }
        Err(Error::unavailable("the integration's token changes too fast; retry").retry_after(1_000))
    }

    /// What is to be done for a call, with these tokens.
    fn judged(
        &self,
        integration: &Integration,
        tokens: &OAuthTokens,
        own: bool,
        refused: Option<u32>,
    ) -> Result<Verdict> {
        if tokens.expired_at.is_some() {
            return Err(expired(integration.id, tokens));
        }
        let now = self.now();
        let renewable = tokens.refresh.is_some() || own;
        let rejected = refused == Some(tokens.generation);
        if rejected && !(renewable && may_replace(tokens)) {
            return Ok(Verdict::None);
        }
        if !rejected && !is_stale(tokens, now, renewable, integration.credential_version) {
            return Ok(if tokens.access.is_some() { Verdict::Good } else { Verdict::None });
        }
        if settle::paused_until(tokens, now).is_some() {
            return Ok(Verdict::Wait);
        }
        Ok(Verdict::Next(if rejected { TokenCause::Rejected } else { TokenCause::Age }))
    }

    /// The old token while it lives, where a new one can not be had now.
    async fn meanwhile(&self, tenant: TenantId, tokens: &OAuthTokens, now: Timestamp) -> Result<Option<Access>> {
        if lives(tokens, now) {
            return self.in_use(tenant, tokens).await;
        }
        let why = tokens.last_error.as_deref().unwrap_or("the provider did not answer in time");
        let pause = settle::paused_until(tokens, now)
            .map_or(1_000, |at| at.as_millisecond().saturating_sub(now.as_millisecond()));
        let message = format!("the integration's access token has ended and there is no new one yet: {why}");
        Err(Error::unavailable(message).retry_after(u64::try_from(pause).unwrap_or(0).max(100)))
    }

    /// A token to try a credential with that is not in use yet; none where the client is no part
    /// of the credential. It is not kept.
    ///
    /// # Errors
    /// Why the provider gives none.
    pub(crate) async fn candidate_access(
        &self,
        tenant: TenantId,
        integration: &Integration,
        credential: &Opened,
    ) -> Result<Option<Access>> {
        let manifest = self.plugin_of(integration).await?.manifest;
        let Some(rules) = rules_of(&manifest, integration) else { return Ok(None) };
        let Some(grant) = rules.own_grant().filter(|_| rules.client.from == ClientFrom::Credential) else {
            return Ok(None);
        };
        let sign_in = self.sign_in(tenant, integration, &manifest, Which::Usual, Some(credential)).await?;
        let asking = sign_in.asking(self.now(), self.longest());
        let issued = self.0.broker.ask_for_token(&asking, &Ask::Own(grant)).await;
        let issued = issued.map_err(|error| settle::refused(&error))?;
        self.unstored_access(tenant, integration.id, &issued.access).await.map(Some)
    }

    /// Opens an access token for one session.
    pub(crate) fn open_access(&self, integration: IntegrationId, access: &Access) -> Result<Secret> {
        self.open_token(&access.key, integration, "access", &access.sealed)
    }

    /// A token that is not stored yet, to try it.
    pub(crate) async fn unstored_access(
        &self,
        tenant: TenantId,
        integration: IntegrationId,
        token: &Secret,
    ) -> Result<Access> {
        let key = self.newest_key(tenant).await?;
        let sealed = self.seal_token(&key, integration, ("access", 0), token)?;
        Ok(Access { generation: 0, worked: true, sealed, key })
    }

    /// The access token that is kept, with its key.
    pub(crate) async fn in_use(&self, tenant: TenantId, tokens: &OAuthTokens) -> Result<Option<Access>> {
        let Some(sealed) = tokens.access.clone() else { return Ok(None) };
        let key = self.tenant_key(tenant, sealed.key_version).await?;
        Ok(Some(Access { generation: tokens.generation, worked: tokens.worked, sealed, key }))
    }

    /// Notes that a generation has worked: what came before it is needed no more. Once a generation.
    pub(crate) fn note_worked(&self, tenant: TenantId, integration: IntegrationId, access: &Access) {
        if access.worked || !self.0.flights.mark(integration, access.generation) {
            return;
        }
        let (engine, generation) = (self.clone(), access.generation);
        tokio::spawn(async move {
            if let Err(error) = engine.keep_worked(tenant, integration, generation).await {
                engine.0.flights.unmark(integration);
                tracing::warn!(%error, integration.id = %integration, "could not note that a token works");
            }
        });
    }

    async fn keep_worked(&self, tenant: TenantId, integration: IntegrationId, generation: u32) -> Result<()> {
        for _ in 0..ROUNDS {
            let stored = self.0.store.tenant(tenant).get::<OAuthTokens>(&integration).await?;
            let Some(stored) = stored.filter(|stored| stored.generation == generation && !stored.worked) else {
                return Ok(());
            };
            let next = OAuthTokens { worked: true, previous: None, ..stored.record.clone() };
            match self.replace_tokens(tenant, &stored, &next).await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                outcome => return outcome,
            }
        }
        Ok(())
    }

    pub(super) async fn replace_tokens(
        &self,
        tenant: TenantId,
        stored: &Stored<OAuthTokens>,
        next: &OAuthTokens,
    ) -> Result<()> {
        let mut change = self.0.store.change();
        change.tenant(tenant).replace(stored, next)?;
        change.commit().await.map(|_| ())
    }
}

fn expired(id: IntegrationId, tokens: &OAuthTokens) -> Error {
    let why = tokens.last_error.as_deref().unwrap_or("its authorization has ended");
    Error::conflict(format!("the integration `{id}` has to be connected again: {why}; {}", connect_again(id)))
}
