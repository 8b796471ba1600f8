//! The client secrets of the app that an integration uses, sealed, for webhooks that the provider
//! signs with them. They are opened by the broker, and never here.

use gatehouse_broker::{Owner, SealedApp, TenantKeyRef};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::records::{OAuthApp, OAuthTokens};

use crate::Engine;

/// One sealed client secret, with what opens it.
pub(crate) struct AppSecret {
    provider: String,
    version: u32,
    /// The tenant's key; none for an operator's app.
    key: Option<TenantKeyRef>,
    sealed: String,
}

impl AppSecret {
    /// As the broker wants it.
    pub(crate) fn sealed(&self) -> SealedApp<'_> {
        let owner = self.key.as_ref().map_or(Owner::Deployment, Owner::Tenant);
        SealedApp { owner, provider: &self.provider, version: self.version, sealed: &self.sealed }
    }
}

impl Engine {
    /// The secret of the app that an integration uses, and the one before it while its time is not
    /// over; none where there is no such app. It is the app that the tokens were given to, and
    /// before there are any the one that a sign-in would use.
    pub(crate) async fn app_secrets(&self, tenant: TenantId, integration: &Integration) -> Result<Vec<AppSecret>> {
        let Some(app) = self.app_in_use(tenant, integration).await? else { return Ok(Vec::new()) };
        match self.secrets_of(tenant, &app).await {
            // Sealed again between the two reads, and the old key destroyed.
            Err(error) if error.kind == ErrorKind::Corrupt => match self.app_in_use(tenant, integration).await? {
                Some(again) if again != app => self.secrets_of(tenant, &again).await,
                _ => Err(error),
            },
            outcome => outcome,
        }
    }

    async fn app_in_use(&self, tenant: TenantId, integration: &Integration) -> Result<Option<OAuthApp>> {
        let tokens = self.0.store.tenant(tenant).get::<OAuthTokens>(&integration.id).await?;
        let given = tokens.filter(|tokens| tokens.generation > 0);
        let app = match given {
            Some(tokens) => self.app_of(tenant, &integration.provider, tokens.own_app).await,
            None => self.app_for(tenant, &integration.provider).await.map(|(app, _)| app),
        };
        match app {
            Err(error) if error.kind == ErrorKind::Conflict => Ok(None),
            outcome => outcome.map(Some),
        }
    }

    async fn secrets_of(&self, tenant: TenantId, app: &OAuthApp) -> Result<Vec<AppSecret>> {
        let now = self.now();
        let current = app.secrets.get("client_secret").map(|sealed| (app.version, app.key_version, sealed));
        let previous = app.previous.as_ref().filter(|previous| now < previous.until);
        let previous = previous.map(|previous| (previous.version, previous.key_version, &previous.sealed));
        let mut found = Vec::new();
        for (version, key_version, sealed) in current.into_iter().chain(previous) {
            let key = match key_version {
                Some(key_version) => Some(self.tenant_key(tenant, key_version).await?),
                None => None,
            };
            found.push(AppSecret { provider: app.provider.clone(), version, key, sealed: sealed.clone() });
        }
        Ok(found)
    }
}
