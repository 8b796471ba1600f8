//! A subscription's secrets: made, rotated with an overlap, and found again for a signature. Only
//! the broker sees one open.

use gatehouse_broker::{SealedSecret, SigningContext, TenantKeyRef};
use gatehouse_domain::id::{SubscriptionId, TenantId};
use gatehouse_domain::subscription::{SignatureKind, Subscription};
use gatehouse_domain::time::SignedDuration;
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_store::Page;
use gatehouse_store::records::{PreviousSigning, SealedSigning, SubscriptionSecret};
use zeroize::Zeroizing;

use super::{RETRIES, too_fast};
use crate::rotation::guard_key;
use crate::work::Work;
use crate::{Caller, Engine};

/// The overlap where nothing is said, in hours.
const USUAL_HOURS: u16 = 24;
/// How many secrets one commit seals again.
const BATCH: usize = 50;
/// The longest overlap, in hours.
const MOST_HOURS: u16 = 7 * 24;

impl Engine {
    /// Makes another secret, of another kind where one is named. For `overlap_hours`, 24 where
    /// absent, requests carry a signature of each. Answers the secret, which is shown this once.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Invalid`] for an overlap beyond 168 hours.
    pub async fn rotate_subscription_secret(
        &self,
        by: &Caller,
        id: SubscriptionId,
        kind: Option<SignatureKind>,
        overlap_hours: Option<u16>,
    ) -> Result<(Subscription, Option<Zeroizing<String>>)> {
        let tenant = by.tenant()?;
        let hours = overlap_hours.unwrap_or(USUAL_HOURS);
        if hours > MOST_HOURS {
            let problem = Problem::at("$.overlap_hours", format!("{hours} is not from 0 to {MOST_HOURS}"));
            return Err(Error::problems("the rotation does not fit", vec![problem]));
        }
        for _ in 0..RETRIES {
            let stored = self.find_subscription(by, id).await?;
            let old = self.0.store.tenant(tenant).get::<SubscriptionSecret>(&id).await?;
            let old = old.ok_or_else(|| Error::not_found("subscription", id))?;
            let until = super::later(self.now(), SignedDuration::from_hours(hours.into()));
            let mut next = stored.record.clone();
            next.signature = kind.unwrap_or(stored.signature);
            next.updated_at = self.now();
            next.previous_secret_until = (hours > 0).then_some(until);
            let previous = (hours > 0).then(|| PreviousSigning { secret: old.current.clone(), until });
            let (secret, shown) = self.new_signing(tenant, &mut next, previous).await?;
            let mut work = self.work(by);
            work.tenant(tenant).replace(&stored, &next)?;
            let secret = self.sealed_by_newest(&mut work, tenant, secret).await?;
            work.tenant(tenant).replace(&old, &secret)?;
            work.audit("subscription.secret_rotated", id, Some(&stored.record), Some(&next))?;
            match work.commit().await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                outcome => return outcome.map(|()| (next, shown)),
            }
        }
        Err(too_fast(id))
    }

    /// A new secret of the subscription's kind, and what the subscription shows of it.
    pub(super) async fn new_signing(
        &self,
        tenant: TenantId,
        subscription: &mut Subscription,
        previous: Option<PreviousSigning>,
    ) -> Result<(SubscriptionSecret, Option<Zeroizing<String>>)> {
        let version = subscription.secret_version + 1;
        let key = self.newest_key(tenant).await?;
        let kind = subscription.signature;
        let context = SigningContext { tenant, subscription: subscription.id, version, kind };
        let new = self.0.vault.new_signing(&key, &context)?;
        subscription.secret_version = version;
        subscription.secret_hint = new.hint;
        subscription.public_key = new.public_key;
        let current = SealedSigning { version, key_version: key.version, kind, sealed: new.sealed };
        Ok((SubscriptionSecret { subscription: subscription.id, current, previous }, new.secret))
    }

    /// A secret that is about to be stored, all of it sealed by the tenant's newest key. The work
    /// conflicts where that key is to be destroyed, so that none comes in behind the last look.
    pub(super) async fn sealed_by_newest(
        &self,
        work: &mut Work,
        tenant: TenantId,
        secret: SubscriptionSecret,
    ) -> Result<SubscriptionSecret> {
        let newest = self.newest_key(tenant).await?;
        let secret = self.resealed_signing(tenant, secret, &newest).await?;
        guard_key(work.change(), tenant, newest.version)?;
        Ok(secret)
    }

    async fn resealed_signing(
        &self,
        tenant: TenantId,
        mut secret: SubscriptionSecret,
        to: &TenantKeyRef,
    ) -> Result<SubscriptionSecret> {
        let subscription = secret.subscription;
        for part in secret.parts().into_iter().filter(|part| part.key_version != to.version) {
            let key = self.tenant_key(tenant, part.key_version).await?;
            let context = SigningContext { tenant, subscription, version: part.version, kind: part.kind };
            part.sealed =
                self.0.vault.reseal_signing(&SealedSecret { key, context, sealed: part.sealed.clone() }, to)?;
            part.key_version = to.version;
        }
        Ok(secret)
    }

    /// Seals every signing secret of a tenant with its newest key. It can be stopped at any point
    /// and begun again.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where one is changed meanwhile: that one wins, and is looked at again.
    pub(crate) async fn reseal_signings(&self, tenant: TenantId) -> Result<()> {
        let newest = self.newest_key(tenant).await?;
        let mut page = Page::first(BATCH);
        loop {
            let found = self.0.store.tenant(tenant).list_stored::<SubscriptionSecret>(&[], &page).await?;
            let mut change = self.0.store.change();
            for stored in found.items.iter().filter(|stored| stored.key_versions().iter().any(|v| *v != newest.version))
            {
                let again = self.resealed_signing(tenant, stored.record.clone(), &newest).await?;
                change.tenant(tenant).replace(stored, &again)?;
            }
            if !change.is_empty() {
                change.commit().await?;
            }
            let Some(next) = found.next else { return Ok(()) };
            page.after = Some(next);
        }
    }

    /// Whether a signing secret of the tenant is sealed by one of these keys, by a scan of all.
    pub(crate) async fn signings_use(&self, tenant: TenantId, versions: &[u32]) -> Result<bool> {
        let mut page = Page::first(BATCH);
        loop {
            let found = self.0.store.tenant(tenant).list::<SubscriptionSecret>(&page).await?;
            if found.items.iter().flat_map(SubscriptionSecret::key_versions).any(|used| versions.contains(&used)) {
                return Ok(true);
            }
            let Some(next) = found.next else { return Ok(false) };
            page.after = Some(next);
        }
    }

    /// What signs a subscription's requests now, the newest first.
    pub(super) async fn signing(&self, tenant: TenantId, id: SubscriptionId) -> Result<Vec<SealedSecret>> {
        match self.signing_once(tenant, id).await {
            // Sealed again between the two reads, and the old key destroyed.
            Err(error) if error.kind == ErrorKind::Corrupt => self.signing_once(tenant, id).await,
            outcome => outcome,
        }
    }

    async fn signing_once(&self, tenant: TenantId, id: SubscriptionId) -> Result<Vec<SealedSecret>> {
        let stored = self.0.store.tenant(tenant).get::<SubscriptionSecret>(&id).await?;
        let stored = stored.ok_or_else(|| Error::not_found("subscription", id))?.record;
        let previous = stored.previous.filter(|previous| self.now() < previous.until).map(|previous| previous.secret);
        let mut secrets = Vec::new();
        for SealedSigning { version, key_version, kind, sealed } in std::iter::once(stored.current).chain(previous) {
            let key = self.tenant_key(tenant, key_version).await?;
            let context = SigningContext { tenant, subscription: id, version, kind };
            secrets.push(SealedSecret { key, context, sealed });
        }
        Ok(secrets)
    }
}
