//! OAuth: registered apps, links that begin a flow, flows under way, tokens, and tokens that are
//! to be given back. Every secret in them is sealed.

use std::collections::BTreeMap;

use gatehouse_domain::id::{IntegrationId, KeyId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::oauth::{Redirect, TokenCause};
use gatehouse_domain::plugin::PluginRef;
use gatehouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::encoding::hex;
use crate::record::{GlobalRecord, Kind, Record, RecordId, TenantRecord};

/// A registration with a provider: the operator's for all tenants, or a tenant's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthApp {
    /// The provider's code.
    pub provider: String,
    /// The client's id.
    pub client_id: String,
    /// The id of its private key.
    pub key_id: Option<String>,
    /// Which version of the secrets it is.
    pub version: u32,
    /// The generation of the tenant's key that seals them; none for the operator's app, which a key
    /// of the deployment seals.
    pub key_version: Option<u32>,
    /// The sealed bytes of each secret, in base64.
    pub secrets: BTreeMap<String, String>,
    /// For each secret its beginning and end, never more.
    pub hints: BTreeMap<String, String>,
    /// Where callbacks come back to.
    pub redirect: Redirect,
    /// What the addresses of its callbacks are made of, in hexadecimal.
    pub seed: String,
    /// The client secret before this one, while webhooks may still be signed with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A client secret that another has taken the place of: it verifies webhooks, and proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// The version of the app that it was part of.
    pub version: u32,
    /// The generation of the tenant's key that seals it; none for the operator's app.
    pub key_version: Option<u32>,
    /// The sealed bytes, in base64.
    pub sealed: String,
    /// When its time is over.
    pub until: Timestamp,
}

/// A link that begins a flow, good for once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthStart {
    /// A digest of the link's secret part, in hexadecimal in JSON.
    #[serde(with = "hex")]
    pub id: [u8; 32],
    /// Whose integration.
    pub tenant: TenantId,
    /// Which one.
    pub integration: IntegrationId,
    /// The key that asked for the link.
    pub by: KeyId,
    /// Whether a person sees who asks before it goes on.
    pub confirm: bool,
    /// Where the browser goes in the end.
    pub return_url: Option<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A flow that a person is at the provider for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthFlow {
    /// A digest of its state, in hexadecimal in JSON.
    #[serde(with = "hex")]
    pub id: [u8; 32],
    /// Whose integration.
    pub tenant: TenantId,
    /// Which one.
    pub integration: IntegrationId,
    /// The plugin version whose rules it follows.
    pub plugin: PluginRef,
    /// Whether the app is the tenant's own.
    pub own_app: bool,
    /// The version of the app, so that a flow does not end with another registration.
    pub app: (u32, Timestamp),
    /// Which callback address it may come back to; none for the provider's one address.
    pub context: Option<String>,
    /// That address.
    pub redirect_uri: String,
    /// Who the provider has to say that it is.
    pub issuer: Option<String>,
    /// What proves that who exchanges the code is who began.
    pub verifier: Option<SealedVerifier>,
    /// A digest of what the browser's cookie holds, in hexadecimal in JSON.
    #[serde(with = "hex")]
    pub session: [u8; 32],
    /// Where the browser goes in the end.
    pub return_url: Option<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A flow's verifier under its tenant's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedVerifier {
    /// The generation of the tenant's key.
    pub key_version: u32,
    /// The sealed bytes, in base64.
    pub sealed: String,
}

/// A token under its tenant's key, with the generation that it is sealed for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedToken {
    /// The generation that it came with.
    pub generation: u32,
    /// The generation of the tenant's key.
    pub key_version: u32,
    /// The sealed bytes, in base64.
    pub sealed: String,
}

/// Who refreshes the tokens now, so that nobody else does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshLease {
    /// The start of the server that holds it.
    pub owner: u64,
    /// Its number: what is stored under an older one is refused.
    pub fence: u64,
    /// When it ends by itself.
    pub until: Timestamp,
}

/// The tokens of an integration. A generation is used only after it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthTokens {
    /// Whose they are.
    pub integration: IntegrationId,
    /// Which generation it is; 0 before the first.
    pub generation: u32,
    /// Why it was asked for.
    pub cause: TokenCause,
    /// The access token.
    pub access: Option<SealedToken>,
    /// The refresh token.
    pub refresh: Option<SealedToken>,
    /// The refresh token before, until the present generation has worked.
    pub previous: Option<SealedToken>,
    /// Whether a call with this generation has worked.
    pub worked: bool,
    /// Whether the tokens belong to the tenant's own app.
    pub own_app: bool,
    /// The credential that they were asked for with, where that is what they are asked for with.
    pub credential_version: Option<u32>,
    /// When the access token was issued.
    pub obtained_at: Option<Timestamp>,
    /// When it ends, as far as is known.
    pub expires_at: Option<Timestamp>,
    /// When the next one is to be asked for.
    pub refresh_at: Option<Timestamp>,
    /// The scopes that were granted, as the provider wrote them.
    pub scope: Option<String>,
    /// Who asks for the next generation now.
    pub lease: Option<RefreshLease>,
    /// The number of the last lease.
    pub fence: u64,
    /// Whether the provider may have been asked for the next generation without our knowing its answer.
    pub inflight: bool,
    /// How often in a row it could not be had.
    pub failures: u32,
    /// When to ask again after that.
    pub retry_at: Option<Timestamp>,
    /// What the last failure said.
    pub last_error: Option<String>,
    /// When the provider said that a person has to agree again.
    pub expired_at: Option<Timestamp>,
    /// The end that people were warned of, so that they are once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warned_of: Option<Timestamp>,
}

/// Tokens of an integration that was disconnected, to be given back to the provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OAuthRevocation {
    /// The integration as it was.
    pub integration: Integration,
    /// The tokens as they were.
    pub tokens: OAuthTokens,
    /// The credential as it was, where it says who we are.
    pub credential: Option<super::SealedCredential>,
}

impl Record for OAuthApp {
    const KIND: Kind = Kind::OAuthApp;
    const SCHEMA: u8 = 1;
    type Id = String;
    fn id(&self) -> String {
        self.provider.clone()
    }
}
impl GlobalRecord for OAuthApp {}
impl TenantRecord for OAuthApp {}

impl Record for OAuthStart {
    const KIND: Kind = Kind::OAuthStart;
    const SCHEMA: u8 = 1;
    type Id = [u8; 32];
    fn id(&self) -> [u8; 32] {
        self.id
    }
}
impl GlobalRecord for OAuthStart {}

impl Record for OAuthFlow {
    const KIND: Kind = Kind::OAuthFlow;
    const SCHEMA: u8 = 1;
    type Id = [u8; 32];
    fn id(&self) -> [u8; 32] {
        self.id
    }
}
impl GlobalRecord for OAuthFlow {}

impl Record for OAuthTokens {
    const KIND: Kind = Kind::OAuthTokens;
    const SCHEMA: u8 = 1;
    type Id = IntegrationId;
    fn id(&self) -> IntegrationId {
        self.integration
    }
}
impl TenantRecord for OAuthTokens {}

impl OAuthTokens {
    /// Every part that is sealed, by the name that it is sealed under. One that is not told of here
    /// would become unreadable with the key that seals it.
    pub fn parts(&mut self) -> Vec<(&'static str, &mut SealedToken)> {
        let refresh = [self.refresh.as_mut(), self.previous.as_mut()].into_iter().flatten();
        let access = self.access.as_mut().map(|token| ("access", token));
        access.into_iter().chain(refresh.map(|token| ("refresh", token))).collect()
    }

    /// The generations of the tenant's key that are needed to open all of it.
    pub fn key_versions(&self) -> Vec<u32> {
        [&self.access, &self.refresh, &self.previous].into_iter().flatten().map(|token| token.key_version).collect()
    }

    /// Nothing yet.
    pub fn none(integration: IntegrationId) -> Self {
        Self {
            integration,
            generation: 0,
            cause: TokenCause::First,
            access: None,
            refresh: None,
            previous: None,
            worked: false,
            own_app: false,
            credential_version: None,
            obtained_at: None,
            expires_at: None,
            refresh_at: None,
            scope: None,
            lease: None,
            fence: 0,
            inflight: false,
            failures: 0,
            retry_at: None,
            last_error: None,
            expired_at: None,
            warned_of: None,
        }
    }
}

/// What is to be given back is told apart by integration and generation: it may be connected and
/// disconnected again before the first is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationId(pub IntegrationId, pub u32);

impl RecordId for RevocationId {
    fn key_bytes(&self) -> Vec<u8> {
        [&self.0.to_bytes()[..], &self.1.to_be_bytes()].concat()
    }
}

impl Record for OAuthRevocation {
    const KIND: Kind = Kind::OAuthRevocation;
    const SCHEMA: u8 = 1;
    type Id = RevocationId;
    fn id(&self) -> RevocationId {
        RevocationId(self.integration.id, self.tokens.generation)
    }
}
impl TenantRecord for OAuthRevocation {}
