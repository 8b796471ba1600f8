//! Everything that a request to a provider's authorization server takes, loaded and checked: the
//! rules, the consent to them, the endpoints, and who we are.

use gatehouse_broker::oauth::{Asking, OAuthClient, Places};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::install::Install;
use gatehouse_domain::integration::{Environment, Integration};
use gatehouse_domain::manifest::oauth::ClientFrom;
use gatehouse_domain::manifest::{AuthScheme, Manifest, OAuth};
use gatehouse_domain::sheet::OAuthUse;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, ErrorKind, Result, settings};
use gatehouse_store::records::OAuthApp;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::Engine;
use crate::integrations::Opened;

/// What it takes to ask a provider for a token.
pub(super) struct SignIn {
    pub(super) rules: OAuth,
    pub(super) places: Places,
    pub(super) client: OAuthClient,
    /// The app, where the client is one, and whether it is the tenant's own.
    pub(super) app: Option<(OAuthApp, bool)>,
    schemes: Vec<AuthScheme>,
    settings: Map<String, Value>,
    tenant: TenantId,
    integration: IntegrationId,
}

/// Which app to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// The tenant's own where it has one, else the operator's.
    Usual,
    /// The tenant's own, or the operator's: as the tokens were given to it.
    Own(bool),
}

impl SignIn {
    pub(super) fn asking(&self, now: Timestamp, deadline: Instant) -> Asking<'_> {
        Asking {
            rules: &self.rules,
            schemes: &self.schemes,
            places: &self.places,
            settings: &self.settings,
            client: &self.client,
            tenant: self.tenant,
            integration: self.integration,
            now,
            deadline,
        }
    }

    /// A text of the manifest's with the settings in it; none where one is missing.
    pub(super) fn filled(&self, text: &str) -> Option<String> {
        gatehouse_broker::oauth::fill_text(text, &self.settings)
    }

    /// Whether the app is the tenant's own.
    pub(super) fn own_app(&self) -> bool {
        self.app.as_ref().is_some_and(|(_, own)| *own)
    }
}

/// The rules of the world that an integration acts in.
pub(super) fn rules_of(manifest: &Manifest, integration: &Integration) -> Option<OAuth> {
    let rules = manifest.oauth.as_ref()?;
    Some(match integration.environment {
        Environment::Live => rules.clone(),
        Environment::Sandbox => rules.in_sandbox(),
    })
}

impl Engine {
    /// Loads what it takes. `credential` is the integration's, where the client is part of it.
    pub(super) async fn sign_in(
        &self,
        tenant: TenantId,
        integration: &Integration,
        manifest: &Manifest,
        which: Which,
        credential: Option<&Opened>,
    ) -> Result<SignIn> {
        let rules = rules_of(manifest, integration).ok_or_else(|| {
            Error::conflict(format!("the plugin `{}` does not sign in with OAuth", integration.plugin.id))
        })?;
        let install = self.must_be_agreed_to(tenant, integration, manifest).await?;
        let own = settings::in_force(&manifest.settings, &install.config, &integration.settings);
        let settings = integration.with_facts(&own);
        let places = self.0.broker.oauth_places(&rules, &settings)?;
        let (client, app) = match rules.client.from {
            ClientFrom::App => {
                let (client, app) = self.app_client(tenant, &integration.provider, which).await?;
                (client, Some(app))
            }
            ClientFrom::Credential => {
                let of = |opened: &Opened| {
                    let Opened { key, context, fields } = opened;
                    OAuthClient::of_credential(&self.0.vault, key, context, fields, &rules.client)
                };
                let client = match credential {
                    Some(credential) => of(credential)?,
                    None => of(&self.credential(tenant, integration.id).await?)?,
                };
                (client, None)
            }
        };
        let schemes = manifest.auth.clone();
        Ok(SignIn { rules, places, client, app, schemes, settings, tenant, integration: integration.id })
    }

    /// The client of a registered app, with the app and whether it is the tenant's own.
    async fn app_client(
        &self,
        tenant: TenantId,
        provider: &str,
        which: Which,
    ) -> Result<(OAuthClient, (OAuthApp, bool))> {
        let read = async || match which {
            Which::Usual => self.app_for(tenant, provider).await,
            Which::Own(own) => self.app_of(tenant, provider, own).await.map(|app| (app, own)),
        };
        let app = read().await?;
        match self.client_of(tenant, &app.0).await {
            // Sealed again between the two reads, and the old key destroyed.
            Err(error) if error.kind == ErrorKind::Corrupt => {
                let again = read().await?;
                if again == app { Err(error) } else { Ok((self.client_of(tenant, &again.0).await?, again)) }
            }
            client => Ok((client?, app)),
        }
    }

    /// As with requests: what the manifest names is done only where the tenant consented to it.
    async fn must_be_agreed_to(
        &self,
        tenant: TenantId,
        integration: &Integration,
        manifest: &Manifest,
    ) -> Result<Install> {
        let install = self.install(tenant, &integration.plugin.id).await?.record;
        if !install.enabled {
            return Err(Error::conflict(format!("the plugin `{}` is disabled; enable it again", install.plugin.id)));
        }
        let agreed = install.consent_for(&integration.plugin).sheet.oauth.as_ref();
        let asked = OAuthUse::of(manifest);
        if asked.is_none_or(|asked| agreed.is_some_and(|agreed| agreed.covers(&asked))) {
            return Ok(install);
        }
        Err(Error::conflict(format!(
            "the tenant did not consent to how `{}` signs in; enable the plugin again to consent to its new permission sheet",
            integration.plugin.id
        )))
    }
}
