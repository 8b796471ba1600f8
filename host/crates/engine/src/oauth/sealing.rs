//! What OAuth keeps secret of a tenant: tokens, its own app's secrets, verifiers. All of it is
//! sealed under the tenant's key, sealed again when that is exchanged, and gone with it. No
//! plaintext comes here; the broker opens and seals.

use gatehouse_broker::oauth::APP;
use gatehouse_broker::{Owner, Place, Secret, TenantKeyRef};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::change::ChangeScope;
use gatehouse_store::records::{
    EndpointFarewell, OAuthApp, OAuthFlow, OAuthRevocation, OAuthTokens, PreviousSecret, SealedToken, SealedVerifier,
};
use gatehouse_store::scope::{LivesIn, Scope};
use gatehouse_store::{Change, Page, Stored};

use crate::Engine;
use crate::execute::sha256_hex;
use crate::rotation::KeyRing;
use crate::work::Work;

/// What tokens are sealed as.
const TOKEN: &str = "oauth-token";
/// What a verifier is sealed as.
const VERIFIER: &str = "oauth-verifier";
/// How many records are read, and sealed again in one commit.
const BATCH: usize = if cfg!(test) { 2 } else { 50 };

/// A record with parts that a tenant's key seals.
pub(super) trait SealedRecord: Clone {
    /// The generations of the tenant's key that are needed to open all of it.
    fn key_versions(&self) -> Vec<u32>;

    /// Seals all of it with the newest key.
    ///
    /// # Errors
    /// As [`KeyRing::reseal`].
    fn reseal(&mut self, ring: &KeyRing<'_>) -> Result<()>;

    /// Whether some part is sealed by another key than this one.
    fn is_behind(&self, key_version: u32) -> bool {
        self.key_versions().iter().any(|version| *version != key_version)
    }
}

impl SealedRecord for OAuthTokens {
    fn key_versions(&self) -> Vec<u32> {
        Self::key_versions(self)
    }

    fn reseal(&mut self, ring: &KeyRing<'_>) -> Result<()> {
        let record = self.integration.to_string();
        for (field, token) in self.parts() {
            ring.reseal(&place_of(&record, field, token.generation), &mut token.key_version, &mut token.sealed)?;
        }
        Ok(())
    }
}

impl SealedRecord for OAuthApp {
    fn key_versions(&self) -> Vec<u32> {
        let previous = self.previous.as_ref().and_then(|previous| previous.key_version);
        self.key_version.into_iter().chain(previous).collect()
    }

    fn reseal(&mut self, ring: &KeyRing<'_>) -> Result<()> {
        let Some(before) = self.key_version else { return Ok(()) };
        for (field, sealed) in &mut self.secrets {
            let place = Place { kind: APP, record: &self.provider, field, version: self.version };
            ring.reseal(&place, &mut before.clone(), sealed)?;
        }
        self.key_version = Some(ring.newest()?.version);
        if let Some(PreviousSecret { version, key_version: Some(key_version), sealed, .. }) = &mut self.previous {
            let place = Place { kind: APP, record: &self.provider, field: "client_secret", version: *version };
            ring.reseal(&place, key_version, sealed)?;
        }
        Ok(())
    }
}

impl SealedRecord for OAuthFlow {
    fn key_versions(&self) -> Vec<u32> {
        self.verifier.iter().map(|verifier| verifier.key_version).collect()
    }

    fn reseal(&mut self, ring: &KeyRing<'_>) -> Result<()> {
        let record = sha256_hex(&self.id);
        let Some(verifier) = &mut self.verifier else { return Ok(()) };
        ring.reseal(&place_of_verifier(&record), &mut verifier.key_version, &mut verifier.sealed)
    }
}

impl SealedRecord for OAuthRevocation {
    fn key_versions(&self) -> Vec<u32> {
        let credential = self.credential.iter().flat_map(gatehouse_store::records::SealedCredential::key_versions);
        self.tokens.key_versions().into_iter().chain(credential).collect()
    }

    fn reseal(&mut self, ring: &KeyRing<'_>) -> Result<()> {
        self.tokens.reseal(ring)?;
        self.credential.as_mut().map_or(Ok(()), |credential| ring.reseal_credential(credential))
    }
}

/// What takes registrations away: the copy of a credential and its tokens, bound to the same places.
impl SealedRecord for EndpointFarewell {
    fn key_versions(&self) -> Vec<u32> {
        let tokens = self.tokens.iter().flat_map(OAuthTokens::key_versions);
        self.credential.key_versions().into_iter().chain(tokens).collect()
    }

    fn reseal(&mut self, ring: &KeyRing<'_>) -> Result<()> {
        self.tokens.as_mut().map_or(Ok(()), |tokens| tokens.reseal(ring))?;
        ring.reseal_credential(&mut self.credential)
    }
}

impl Engine {
    /// Adds what takes registrations away to a work, all of it sealed by the tenant's newest key.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where that key is being exchanged: it is to be tried again.
    pub(crate) async fn keep_farewell(
        &self,
        work: &mut Work,
        tenant: TenantId,
        mut farewell: EndpointFarewell,
    ) -> Result<()> {
        let ring = self.key_ring(tenant).await?;
        farewell.reseal(&ring)?;
        ring.guard(work.change())?;
        work.tenant(tenant).put(&farewell)
    }

    /// Seals a token for its place.
    pub(super) fn seal_token(
        &self,
        key: &TenantKeyRef,
        integration: IntegrationId,
        (field, generation): (&str, u32),
        token: &Secret,
    ) -> Result<SealedToken> {
        let record = integration.to_string();
        let sealed = self.0.vault.seal_at(Owner::Tenant(key), &place_of(&record, field, generation), token)?;
        Ok(SealedToken { generation, key_version: key.version, sealed })
    }

    /// Opens a token with the key that it was sealed with.
    pub(super) fn open_token(
        &self,
        key: &TenantKeyRef,
        integration: IntegrationId,
        field: &str,
        token: &SealedToken,
    ) -> Result<Secret> {
        let record = integration.to_string();
        self.0.vault.open_at(Owner::Tenant(key), &place_of(&record, field, token.generation), &token.sealed)
    }

    /// Seals the verifier of a flow.
    pub(super) fn seal_verifier(
        &self,
        key: &TenantKeyRef,
        flow: &[u8; 32],
        verifier: &Secret,
    ) -> Result<SealedVerifier> {
        let record = sha256_hex(flow);
        let sealed = self.0.vault.seal_at(Owner::Tenant(key), &place_of_verifier(&record), verifier)?;
        Ok(SealedVerifier { key_version: key.version, sealed })
    }

    /// Opens the verifier of a flow.
    pub(super) fn open_verifier(
        &self,
        key: &TenantKeyRef,
        flow: &[u8; 32],
        verifier: &SealedVerifier,
    ) -> Result<Secret> {
        let record = sha256_hex(flow);
        self.0.vault.open_at(Owner::Tenant(key), &place_of_verifier(&record), &verifier.sealed)
    }

    /// Adds newly sealed tokens to a change, all of them sealed by the tenant's newest key, in
    /// place of those that were read. The change conflicts where that key is to be destroyed.
    pub(super) async fn keep_tokens(
        &self,
        change: &mut Change,
        tenant: TenantId,
        old: Option<&Stored<OAuthTokens>>,
        mut tokens: OAuthTokens,
    ) -> Result<()> {
        let ring = self.key_ring(tenant).await?;
        tokens.reseal(&ring)?;
        ring.guard(change)?;
        match old {
            Some(old) => change.tenant(tenant).replace(old, &tokens),
            None => change.tenant(tenant).create(&tokens),
        }
    }

    /// Seals everything of a tenant's OAuth with its newest key. It can be stopped at any point and
    /// begun again. Answers what could not be sealed again.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where something is changed meanwhile: that wins, and is looked at
    /// again.
    pub(crate) async fn reseal_oauth(&self, tenant: TenantId) -> Result<Option<String>> {
        let ring = self.key_ring(tenant).await?;
        let (of_tenant, of_all) = (self.0.store.tenant(tenant), self.0.store.admin());
        let again = Again { engine: self, tenant, ring: &ring };
        let problems = [
            again.seal(&of_tenant, |change| change.tenant(tenant), |_: &OAuthApp| true).await?,
            again.seal(&of_tenant, |change| change.tenant(tenant), |_: &OAuthTokens| true).await?,
            again.seal(&of_tenant, |change| change.tenant(tenant), |_: &OAuthRevocation| true).await?,
            again.seal(&of_tenant, |change| change.tenant(tenant), |_: &EndpointFarewell| true).await?,
            again.seal(&of_all, Change::admin, |flow: &OAuthFlow| flow.tenant == tenant).await?,
        ];
        Ok(problems.into_iter().flatten().next())
    }

    /// Whether something of a tenant's OAuth is sealed by one of these keys, by a scan of all.
    pub(crate) async fn oauth_uses(&self, tenant: TenantId, versions: &[u32]) -> Result<bool> {
        let (of_tenant, of_all) = (self.0.store.tenant(tenant), self.0.store.admin());
        Ok(uses(&of_tenant, versions, |_: &OAuthApp| true).await?
            || uses(&of_tenant, versions, |_: &OAuthTokens| true).await?
            || uses(&of_tenant, versions, |_: &OAuthRevocation| true).await?
            || uses(&of_tenant, versions, |_: &EndpointFarewell| true).await?
            || uses(&of_all, versions, |flow: &OAuthFlow| flow.tenant == tenant).await?)
    }
}

/// One pass over what a tenant's OAuth keeps sealed.
struct Again<'e> {
    engine: &'e Engine,
    tenant: TenantId,
    ring: &'e KeyRing<'e>,
}

impl Again<'_> {
    /// Seals the records of one kind. One that does not open is left, told of, and stops no other.
    async fn seal<S, R: SealedRecord + LivesIn<S>>(
        &self,
        scope: &Scope<S>,
        within: impl Fn(&mut Change) -> ChangeScope<'_, S>,
        is_its: impl Fn(&R) -> bool,
    ) -> Result<Option<String>> {
        let newest = self.ring.newest()?.version;
        let (mut problem, mut page) = (None, Page::first(BATCH));
        loop {
            let found = scope.list_stored::<R>(&[], &page).await?;
            let mut change = self.engine.0.store.change();
            for stored in found.items.iter().filter(|stored| is_its(stored) && stored.is_behind(newest)) {
                let mut next = stored.record.clone();
                match next.reseal(self.ring) {
                    Ok(()) => within(&mut change).replace(stored, &next)?,
                    Err(error) if error.kind == ErrorKind::Conflict => return Err(error),
                    Err(error) => problem = Some(self.told::<R>(&error)),
                }
            }
            if !change.is_empty() {
                change.commit().await?;
            }
            let Some(next) = found.next else { return Ok(problem) };
            page.after = Some(next);
        }
    }

    fn told<R: gatehouse_store::record::Record>(&self, error: &Error) -> String {
        tracing::error!(%error, tenant.id = %self.tenant, "a secret of OAuth can not be sealed again");
        format!("a record {:?}: {}", R::KIND, error.message)
    }
}

async fn uses<S, R: SealedRecord + LivesIn<S>>(
    scope: &Scope<S>,
    versions: &[u32],
    is_its: impl Fn(&R) -> bool,
) -> Result<bool> {
    let mut page = Page::first(BATCH);
    loop {
        let found = scope.list::<R>(&page).await?;
        let its = found.items.iter().filter(|record| is_its(record));
        if its.flat_map(SealedRecord::key_versions).any(|used| versions.contains(&used)) {
            return Ok(true);
        }
        let Some(next) = found.next else { return Ok(false) };
        page.after = Some(next);
    }
}

fn place_of<'p>(record: &'p str, field: &'p str, version: u32) -> Place<'p> {
    Place { kind: TOKEN, record, field, version }
}

fn place_of_verifier(record: &str) -> Place<'_> {
    Place { kind: VERIFIER, record, field: "verifier", version: 1 }
}
