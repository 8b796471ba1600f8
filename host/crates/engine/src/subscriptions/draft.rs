//! What a caller asks a subscription to be, checked before it is kept.

use std::collections::BTreeMap;

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::subscription::{EventPattern, SignatureKind, Subscription};
use gatehouse_domain::{Error, ErrorKind, Problem, Result};

use crate::narrow::Lens;
use crate::{Caller, Engine};

/// A subscription to keep.
#[derive(Debug, Clone)]
pub struct NewSubscription {
    /// Where events are posted to.
    pub url: String,
    /// What it is for, for people.
    pub description: Option<String>,
    /// Which events it is for.
    pub events: Vec<EventPattern>,
    /// Only events of these integrations.
    pub integrations: Vec<IntegrationId>,
    /// Only events of integrations of these providers.
    pub providers: Vec<String>,
    /// Whether it is on.
    pub enabled: bool,
    /// Further headers of every request.
    pub headers: BTreeMap<String, String>,
    /// The most requests a second.
    pub rate_per_second: u32,
    /// The most requests at the same time.
    pub concurrency: u32,
    /// How requests are signed; what it was where absent, `v1` for a new one.
    pub signature: Option<SignatureKind>,
}

impl Engine {
    /// The subscription as it would be, without a secret yet.
    pub(super) fn draft_subscription(&self, new: NewSubscription) -> Result<Subscription> {
        let now = self.now();
        Ok(Subscription {
            id: self.new_id()?,
            url: new.url,
            description: new.description,
            events: new.events,
            integrations: new.integrations,
            providers: new.providers,
            enabled: new.enabled,
            disabled: None,
            headers: new.headers,
            rate_per_second: new.rate_per_second,
            concurrency: new.concurrency,
            signature: new.signature.unwrap_or_default(),
            secret_version: 0,
            public_key: None,
            secret_hint: None,
            previous_secret_until: None,
            created_at: now,
            updated_at: now,
        })
    }

    /// Checks everything that a draft says.
    pub(super) async fn check_subscription(&self, by: &Caller, draft: &Subscription) -> Result<()> {
        if !by.sees_payloads() {
            // Or a subscription would show what reading does not.
            return Err(Error::forbidden("payloads:read"));
        }
        draft.check()?;
        let headers: Vec<(String, String)> = draft.headers.clone().into_iter().collect();
        self.check_filters(by, draft).await?;
        self.0.broker.check_receiver(&draft.url, &headers).await
    }

    async fn check_filters(&self, by: &Caller, draft: &Subscription) -> Result<()> {
        if by.is_restricted() && draft.integrations.is_empty() {
            let message = "this key is restricted, so a subscription has to name the `integrations` that it is for";
            return Err(Error::new(ErrorKind::Forbidden, message));
        }
        let scope = self.0.store.tenant(by.tenant()?);
        let (mut lens, mut problems) = (Lens::new(self, by), Vec::new());
        for (index, id) in draft.integrations.iter().enumerate() {
            let there = scope.get::<Integration>(id).await?.is_some();
            if !there || !lens.sees_records_of(*id).await? {
                problems
                    .push(Problem::at(format!("$.integrations[{index}]"), format!("there is no integration `{id}`")));
            }
        }
        for (index, code) in draft.providers.iter().enumerate() {
            if let Err(error) = self.provider(code).await {
                problems.push(Problem::at(format!("$.providers[{index}]"), error.message));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::problems("the subscription does not fit", problems)) }
    }
}

/// The draft in place of what is stored. It can ask for no other signature.
pub(super) fn over(stored: &Subscription, draft: &Subscription, asked: Option<SignatureKind>) -> Result<Subscription> {
    if asked.is_some_and(|kind| kind != stored.signature) {
        let message =
            "is changed with a new secret: POST …/rotate-secret {\"signature\"}, in which both sign for a while";
        return Err(Error::problems("the subscription does not fit", vec![Problem::at("$.signature", message)]));
    }
    let disabled = if draft.enabled { None } else { stored.disabled.clone() };
    Ok(Subscription {
        id: stored.id,
        disabled,
        signature: stored.signature,
        public_key: stored.public_key.clone(),
        secret_hint: stored.secret_hint.clone(),
        secret_version: stored.secret_version,
        previous_secret_until: stored.previous_secret_until,
        created_at: stored.created_at,
        ..draft.clone()
    })
}
