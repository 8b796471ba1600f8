//! From a code to an integration that works: the tokens, what is known of the account, a test, and
//! one commit of all of it.

use std::collections::BTreeMap;

use gatehouse_broker::Secret;
use gatehouse_broker::oauth::{Ask, Issued, TokenError};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::status::Signal;
use gatehouse_domain::integration::{Integration, IntegrationStatus};
use gatehouse_domain::manifest::oauth::CaptureFrom;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_runtime::Target;
use gatehouse_store::records::{OAuthTokens, RateBudget, SealedCredential};
use serde_json::json;
use tokio::time::{Duration, Instant};

use super::end::{Arrived, only};
use crate::execute::{Report, Run};
use crate::integrations::Tested;
use crate::{Credentials, Engine};

/// How long the code's exchange and the look-up may take together.
const LONGEST: Duration = Duration::from_secs(30);
/// How often the commit is tried against other writers.
const TRIES: usize = 8;

/// What a person's consent came to.
struct Agreed {
    issued: Issued,
    facts: BTreeMap<String, String>,
}

/// Tokens that were given, to be sealed when they are stored: the tenant's key may be exchanged
/// before that.
struct Given {
    issued: Issued,
    /// What they follow.
    blank: OAuthTokens,
    /// Whether a call with them has worked.
    worked: bool,
}

/// What came of the test with the new token.
enum Proof {
    /// The record as the test found it.
    Tested(Box<Integration>, Tested, Option<Signal>),
    /// It could not be made, for a reason of ours.
    Not(String),
}

impl Engine {
    /// Exchanges the code and connects the integration. The inner value is what to tell the person.
    pub(super) async fn finish(&self, arrived: Arrived) -> Result<std::result::Result<String, String>> {
        let agreed = match self.take_consent(&arrived).await? {
            Ok(agreed) => agreed,
            Err(error) => {
                self.note_failure(&arrived, error.text()).await?;
                return Ok(Err(format!("The provider gave no token: {}", error.text())));
            }
        };
        let (tenant, id) = (arrived.flow.tenant, arrived.integration.id);
        let before = self.0.store.tenant(tenant).get::<OAuthTokens>(&id).await?;
        let before = before.map_or_else(|| OAuthTokens::none(id), |before| before.record);
        let had = before.access.is_some() && before.expired_at.is_none();
        // A new consent stands for itself: nothing of the one before is carried over. A generation
        // is left out, for whoever renews the old one at this moment.
        let blank = OAuthTokens { generation: before.generation + 1, fence: before.fence, ..OAuthTokens::none(id) };
        let next = self.connected(&arrived.integration, agreed.facts);
        let proof = self.prove_token(tenant, &next, &agreed.issued).await;
        let works = matches!(&proof, Proof::Tested(_, tested, _) if tested.ok);
        let refused = matches!(&proof, Proof::Tested(_, tested, Some(_)) if !tested.ok);
        if refused && had && arrived.integration.status.is_eligible() {
            let why = reason(&proof);
            self.note_failure(&arrived, &why).await?;
            return Ok(Err(format!("The connection test failed: {why}. What worked before goes on working.")));
        }
        let given = Given { issued: agreed.issued, blank, worked: works };
        if !self.keep_consent(&arrived, &next, &given, &proof).await? {
            return Ok(Err("The integration changed too often meanwhile. Begin again with a new link.".to_owned()));
        }
        self.0.resilience.forget(id);
        Ok(match works {
            true => Ok(format!("{} is connected.", next.name)),
            false => Err(format!("Signed in, but the connection test failed: {}", reason(&proof))),
        })
    }

    /// The token for the code, and everything that is to be known of the account.
    async fn take_consent(&self, arrived: &Arrived) -> Result<std::result::Result<Agreed, TokenError>> {
        let Arrived { flow, sign_in, .. } = arrived;
        let verifier = match &flow.verifier {
            None => None,
            Some(sealed) => {
                let gone = || Error::conflict("the tenant was deleted meanwhile");
                let key = arrived.key.as_ref().ok_or_else(gone)?;
                Some(self.open_verifier(key, &flow.id, sealed)?)
            }
        };
        let code = Secret::from(arrived.code.clone());
        let ask = Ask::Code { code: &code, redirect_uri: &flow.redirect_uri, verifier: verifier.as_ref() };
        let asking = sign_in.asking(self.now(), Instant::now() + LONGEST);
        let mut issued = match self.0.broker.ask_for_token(&asking, &ask).await {
            Ok(issued) => issued,
            Err(error) => return Ok(Err(error)),
        };
        let mut facts = match captured(arrived) {
            Ok(facts) => facts,
            Err(error) => return Ok(Err(error)),
        };
        facts.append(&mut issued.facts);
        match self.0.broker.look_up(&asking, &issued.access).await {
            Ok(mut found) => facts.append(&mut found),
            Err(error) => return Ok(Err(error)),
        }
        Ok(Ok(Agreed { issued, facts }))
    }

    /// The integration as it is after the consent.
    fn connected(&self, old: &Integration, facts: BTreeMap<String, String>) -> Integration {
        let now = self.now();
        Integration {
            facts,
            credential_version: old.credential_version + 1,
            connected_at: Some(now),
            updated_at: now,
            status: old.status.after(Signal::CredentialReplaced),
            ..old.clone()
        }
    }

    async fn prove_token(&self, tenant: TenantId, next: &Integration, issued: &Issued) -> Proof {
        match self.tried(tenant, next, issued).await {
            Ok(report) => {
                let (next, tested, signal) = self.judge_test(next, report);
                Proof::Tested(Box::new(next), tested, signal)
            }
            Err(error) => Proof::Not(error.message),
        }
    }

    async fn tried(&self, tenant: TenantId, next: &Integration, issued: &Issued) -> Result<Report> {
        let credential = match self.credential(tenant, next.id).await {
            Ok(credential) => credential,
            Err(error) if error.kind == ErrorKind::Conflict => {
                let empty = self.seal(tenant, next, &no_fields()).await?;
                self.opened(tenant, &empty).await?
            }
            Err(error) => return Err(error),
        };
        let mut run = Run::with_credential(self, tenant, next, credential).await?;
        run.token = Some(self.unstored_access(tenant, next.id, &issued.access).await?);
        run.look(self, Target::ConnectionTest).await
    }

    /// Stores the tokens, the integration and what is told of them; false where others kept
    /// changing the integration.
    async fn keep_consent(&self, arrived: &Arrived, next: &Integration, given: &Given, proof: &Proof) -> Result<bool> {
        let (tenant, id) = (arrived.flow.tenant, next.id);
        for _ in 0..TRIES {
            let scope = self.0.store.tenant(tenant);
            let Some(stored) = scope.get::<Integration>(&id).await? else { return Ok(false) };
            let kept = scope.get::<OAuthTokens>(&id).await?;
            let key = self.newest_key(tenant).await?;
            let tokens = self.sealed_tokens(&key, next, &given.blank, &arrived.sign_in, &given.issued)?;
            let tokens = match &kept {
                // Somebody renewed the old ones meanwhile: the new ones still come after.
                Some(kept) => OAuthTokens { fence: kept.fence + 1, worked: given.worked, ..tokens },
                None => OAuthTokens { worked: given.worked, ..tokens },
            };
            if kept.as_ref().is_some_and(|kept| kept.generation >= tokens.generation) {
                return Ok(false);
            }
            let mut now = Integration {
                facts: next.facts.clone(),
                credential_version: stored.credential_version + 1,
                connected_at: next.connected_at,
                updated_at: next.updated_at,
                status: stored.status.after(Signal::CredentialReplaced),
                ..stored.record.clone()
            };
            if let Proof::Tested(tested, ..) = proof {
                now.account.clone_from(&tested.account);
                now.health.clone_from(&tested.health);
                now.status = match stored.status {
                    IntegrationStatus::Disabled => IntegrationStatus::Disabled,
                    _ => tested.status,
                };
            }
            let mut work = self.own_work(Some(tenant));
            let data = json!({ "scope": tokens.scope, "version": now.credential_version });
            self.keep_tokens(work.change(), tenant, kept.as_ref(), tokens).await?;
            if scope.get::<SealedCredential>(&id).await?.is_none() {
                let empty = self.seal(tenant, &now, &no_fields()).await?;
                self.keep_credential(&mut work, tenant, &empty).await?;
            }
            work.tenant(tenant).replace(&stored, &now)?;
            work.tenant(tenant).delete::<RateBudget>(&id)?;
            self.look_after_endpoint(&mut work, tenant, &now).await?;
            work.audit("integration.authorized", id, Some(&stored.record), Some(&now))?;
            work.event(tenant, "credential.authorized", Some(&now), id, data)?;
            work.tell_of_move(tenant, &stored, &now)?;
            match work.commit().await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                outcome => {
                    self.0.metrics.connections.tried(&now.provider, outcome.is_ok());
                    return outcome.map(|()| true);
                }
            }
        }
        Ok(false)
    }

    /// Leaves a trace of a sign-in that came to nothing.
    async fn note_failure(&self, arrived: &Arrived, text: &str) -> Result<()> {
        let tenant = arrived.flow.tenant;
        self.0.metrics.connections.tried(&arrived.integration.provider, false);
        let Some(stored) = self.0.store.tenant(tenant).get::<Integration>(&arrived.integration.id).await? else {
            return Ok(());
        };
        let mut next = stored.record.clone();
        next.health.last_error = Some(text.to_owned());
        next.health.last_error_at = Some(self.now());
        let mut work = self.own_work(Some(tenant));
        work.tenant(tenant).replace(&stored, &next)?;
        work.audit("integration.not_authorized", next.id, Some(&stored.record), Some(&next))?;
        match work.commit().await {
            Err(error) if error.kind == ErrorKind::Conflict => Ok(()),
            outcome => outcome,
        }
    }
}

/// The facts that stand in the callback.
fn captured(arrived: &Arrived) -> std::result::Result<BTreeMap<String, String>, TokenError> {
    let mut found = BTreeMap::new();
    for capture in arrived.sign_in.rules.capture.iter().filter(|capture| capture.from == CaptureFrom::Callback) {
        match only(&arrived.parameters, &capture.at).and_then(|value| capture.part_of(value)) {
            Some(kept) => drop(found.insert(capture.name.clone(), kept.to_owned())),
            None if capture.required => {
                return Err(TokenError::Refused(format!("the callback has no `{}`, which is needed", capture.at)));
            }
            None => {}
        }
    }
    Ok(found)
}

fn reason(proof: &Proof) -> String {
    match proof {
        Proof::Tested(_, tested, _) => tested.error.clone().unwrap_or_default(),
        Proof::Not(text) => text.clone(),
    }
}

fn no_fields() -> Credentials {
    Credentials::from_pairs::<String, String>([])
}
