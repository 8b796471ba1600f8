//! Tokens of integrations that nobody calls: a refresh token is used before the provider forgets
//! it, and people are warned of an end that only they can put off.
//!
//! A schedule makes a job that looks at all tokens and asks the provider nothing. For each that is
//! due it makes a job of its own, at a moment of its own, so that many do not meet. That job flies
//! with the calls: there is one request for all who want the next generation.

mod ends;

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::{Integration, IntegrationStatus};
use gatehouse_domain::job::Class;
use gatehouse_domain::manifest::Manifest;
use gatehouse_domain::oauth::TokenCause;
use gatehouse_domain::plugin::PluginRef;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::records::OAuthTokens;
use gatehouse_store::{Page, Stored};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::{Duration, Instant};

pub(super) use ends::Ends;

use super::refresh::Order;
use super::settle;
use super::sign_in::rules_of;
use crate::Engine;
use crate::engine::Inner;
use crate::jobs::{Claimed, Handler, NewJob, OnWaiting, Outcome, Tries, Unique, When, payload_of};
use crate::upkeep::Tenants;

/// The kind of the jobs that look at all tokens.
pub(crate) const KEEP: &str = "oauth.keep";
/// The kind of the jobs that renew those of one integration.
const RENEW: &str = "oauth.renew";
/// How many records are read at a time.
const BATCH: usize = 200;
/// How long one refresh may take, with the wait for another that is under way.
const LONGEST: Duration = Duration::from_secs(40);

/// Looks at all tokens. The engine holds it, so it does not hold the engine.
pub(crate) struct Keep(Weak<Inner>);

/// Renews the tokens of one integration. The engine holds it, so it does not hold the engine.
pub(crate) struct Renew(Weak<Inner>);

/// Whose tokens are to be renewed.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    tenant: TenantId,
    integration: IntegrationId,
    generation: u32,
}

/// The manifests that one look has read, as many integrations share one.
type Manifests = HashMap<PluginRef, Arc<Manifest>>;

impl Keep {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(Arc::downgrade(&engine.0))
    }
}

impl Renew {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(Arc::downgrade(&engine.0))
    }
}

#[async_trait]
impl Handler for Keep {
    fn kind(&self) -> &'static str {
        KEEP
    }

    /// The next tick looks again.
    fn tries(&self) -> Tries {
        Tries { most: 3, ..Tries::default() }
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let (mut tenants, mut manifests) = (Tenants::all(), Manifests::new());
        while let Some(tenant) = tenants.next(&engine, job).await? {
            engine.keep_tokens_of(tenant, &mut manifests).await?;
        }
        Ok(Outcome::done(engine.0.store.change()))
    }
}

#[async_trait]
impl Handler for Renew {
    fn kind(&self) -> &'static str {
        RENEW
    }

    /// What the provider did not give is noted on the tokens, with the pause; the next look comes back to it.
    fn tries(&self) -> Tries {
        Tries { most: 3, ..Tries::default() }
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let Payload { tenant, integration, generation } = job.payload()?;
        let scope = engine.0.store.tenant(tenant);
        let tokens = scope.get::<OAuthTokens>(&integration).await?;
        // A call was quicker, or it was disconnected, or a person has to agree first.
        let still = tokens.filter(|tokens| tokens.generation == generation && may_ask(tokens, engine.now()));
        if still.is_some() {
            let order = Order { tenant, integration, generation, cause: TokenCause::Idle };
            engine.0.flights.join(&engine, order, Instant::now() + LONGEST).await;
        }
        Ok(Outcome::done(engine.0.store.change()))
    }
}

impl Engine {
    /// Looks at all tokens of a tenant.
    async fn keep_tokens_of(&self, tenant: TenantId, manifests: &mut Manifests) -> Result<()> {
        let scope = self.0.store.tenant(tenant);
        let mut page = Page::first(BATCH);
        loop {
            let found = scope.list_stored::<OAuthTokens>(&[], &page).await?;
            for tokens in found.items.iter().filter(|tokens| tokens.expired_at.is_none() && tokens.generation > 0) {
                match self.look_at_tokens(tenant, tokens, manifests).await {
                    // A call was quicker; the next look sees what came of it.
                    Err(error) if error.kind == ErrorKind::Conflict => {}
                    Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Corrupt) => {
                        tracing::warn!(%error, integration.id = %tokens.integration, "its tokens are not looked after");
                    }
                    outcome => outcome?,
                }
            }
            let Some(next) = found.next else { return Ok(()) };
            page.after = Some(next);
        }
    }

    async fn look_at_tokens(
        &self,
        tenant: TenantId,
        tokens: &Stored<OAuthTokens>,
        manifests: &mut Manifests,
    ) -> Result<()> {
        let integration = self.0.store.tenant(tenant).get::<Integration>(&tokens.integration).await?;
        let Some(integration) = integration.filter(|it| it.status != IntegrationStatus::Disabled) else {
            return Ok(());
        };
        let manifest = match manifests.get(&integration.plugin) {
            Some(known) => Arc::clone(known),
            None => {
                let read = Arc::new(self.plugin_of(&integration).await?.manifest);
                manifests.insert(integration.plugin.clone(), Arc::clone(&read));
                read
            }
        };
        let Some(rules) = rules_of(&manifest, &integration) else { return Ok(()) };
        let (ends, now) = (Ends::of(tokens, &rules, &integration), self.now());
        if ends.use_at().is_some_and(|at| at <= now) && may_ask(tokens, now) {
            self.renew_later(tenant, tokens, &ends).await?;
        }
        match ends.to_warn_of(now).filter(|end| tokens.warned_of != Some(*end)) {
            Some(end) => self.warn_of(tenant, &integration, tokens, end).await,
            None => Ok(()),
        }
    }

    /// Has tokens renewed, at a moment by chance: after a long pause all of them would be due at once.
    async fn renew_later(&self, tenant: TenantId, tokens: &OAuthTokens, ends: &Ends) -> Result<()> {
        let payload = Payload { tenant, integration: tokens.integration, generation: tokens.generation };
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "chance needs no precision")]
        let pause = SignedDuration::from_millis((ends.spread().as_millis() as f64 * self.fraction()) as i64);
        let job = NewJob {
            tenant: Some(tenant),
            class: Class::Bulk,
            when: When::After(pause),
            unique: Some(Unique { key: tokens.integration.to_string(), on_waiting: OnWaiting::Ignore }),
            ..NewJob::new(RENEW, payload_of(payload)?)
        };
        let mut change = self.0.store.change();
        self.jobs().enqueue(&mut change.admin(), job).await?;
        change.commit().await.map(|_| ())
    }

    async fn warn_of(
        &self,
        tenant: TenantId,
        integration: &Integration,
        tokens: &Stored<OAuthTokens>,
        end: Timestamp,
    ) -> Result<()> {
        let next = OAuthTokens { warned_of: Some(end), ..tokens.record.clone() };
        let data = json!({ "expires_at": end, "last_error": tokens.last_error });
        let mut work = self.own_work(Some(tenant));
        work.tenant(tenant).replace(tokens, &next)?;
        work.event(tenant, "credential.expiring", Some(integration), integration.id, data)?;
        work.commit().await
    }
}

/// Whether the provider may be asked now: nobody said that it is over, and no pause is to be kept.
fn may_ask(tokens: &OAuthTokens, now: Timestamp) -> bool {
    tokens.expired_at.is_none() && settle::paused_until(tokens, now).is_none()
}
