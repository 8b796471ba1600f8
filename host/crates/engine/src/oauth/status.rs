//! How an integration's tokens fare, for people.

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::oauth::TokenStatus;
use gatehouse_store::records::OAuthTokens;

use super::idle::Ends;
use super::sign_in::rules_of;
use crate::Engine;

impl Engine {
    /// How the tokens of an integration fare; none where it uses none.
    pub(crate) async fn token_status(
        &self,
        tenant: TenantId,
        integration: &Integration,
    ) -> Result<Option<TokenStatus>> {
        let manifest = self.plugin_of(integration).await?.manifest;
        let Some(rules) = rules_of(&manifest, integration) else { return Ok(None) };
        let Some(stored) = self.0.store.tenant(tenant).get::<OAuthTokens>(&integration.id).await? else {
            return Ok(None);
        };
        let tokens = stored.record;
        let granted = tokens.scope.as_deref().map(|scope| split(scope, &rules.scope_separator));
        let missing = granted.as_ref().map(|granted| {
            rules.scopes.iter().filter(|scope| !granted.contains(scope)).cloned().collect::<Vec<String>>()
        });
        Ok(Some(TokenStatus {
            consent_ends_at: Ends::of(&tokens, &rules, integration).at(),
            generation: tokens.generation,
            cause: tokens.cause,
            refreshed_at: tokens.obtained_at,
            expires_at: tokens.expires_at,
            refresh_at: tokens.refresh_at,
            renewable: tokens.refresh.is_some() || rules.own_grant().is_some(),
            scopes_asked: rules.scopes,
            scopes_granted: granted,
            scopes_missing: missing.unwrap_or_default(),
            failures: tokens.failures,
            retry_at: tokens.retry_at,
            last_error: tokens.last_error,
            expired_at: tokens.expired_at,
        }))
    }
}

/// The scopes in a provider's text. Some write them apart otherwise than they ask for them.
fn split(scope: &str, separator: &str) -> Vec<String> {
    let separator = separator.chars().next().unwrap_or(' ');
    let parts = scope.split([separator, ' ', ',']);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
