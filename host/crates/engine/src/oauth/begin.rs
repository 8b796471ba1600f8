//! How a flow begins: a link on our own address, good for once, that ties the flow to the browser
//! which follows it before it leads to the provider.

use gatehouse_broker::Secret;
use gatehouse_broker::oauth::{challenge_of, digest, random_secret};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::integration::status::Signal;
use gatehouse_domain::manifest::oauth::{Grant, Pkce};
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_store::Stored;
use gatehouse_store::records::{OAuthFlow, OAuthStart};
use schemars::JsonSchema;
use serde::Serialize;

use super::after;
use super::sign_in::{SignIn, Which};
use crate::execute::sha256_hex;
use crate::rotation::guard_key;
use crate::{Caller, Engine};

/// How long a link is good, in minutes, and how long at most.
const MINUTES: (u32, u32) = (10, 24 * 60);
/// How long a person may take at the provider.
const AT_PROVIDER: SignedDuration = SignedDuration::from_mins(10);
/// How often the beginning is tried against an exchange of the tenant's key.
const TRIES: usize = 4;

/// A link to make.
#[derive(Debug, Clone, Default)]
pub struct LinkAsk {
    /// Whether a person sees who asks before it goes on to the provider.
    pub confirm: bool,
    /// Where the browser goes in the end; a page of ours where absent.
    pub return_url: Option<String>,
    /// How long it is good, in minutes.
    pub minutes: Option<u32>,
}

/// A link that begins a flow.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConnectLink")]
pub struct Link {
    /// Where to send the person's browser, once. It is a secret until then.
    pub url: String,
    /// Where the provider sends the browser back to: the address to register with it.
    pub redirect_uri: String,
    /// When the link ends.
    #[schemars(with = "String")]
    pub expires_at: Timestamp,
}

/// Who asks a person to agree, and to what.
#[derive(Debug, Clone)]
pub struct WhoAsks {
    /// The tenant's name.
    pub tenant: String,
    /// The integration's name.
    pub integration: String,
    /// The provider's name.
    pub provider: String,
    /// The scopes that are asked for.
    pub scopes: Vec<String>,
}

/// What a link leads to.
#[derive(Debug)]
pub enum Begun {
    /// A page that says who asks.
    Ask(Box<WhoAsks>),
    /// The provider's consent page.
    Go {
        /// Its address.
        url: String,
        /// The name and the value of the cookie that ties the flow to the browser.
        cookie: (String, String),
        /// Whether the cookie is for TLS only.
        secure: bool,
    },
}

impl Engine {
    /// Makes a link that begins a flow for an integration.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where the plugin has no consent page or no app is registered,
    /// [`ErrorKind::Invalid`] for a `return_url` that the operator does not allow.
    pub async fn oauth_link(&self, by: &Caller, target: &str, ask: LinkAsk) -> Result<Link> {
        let tenant = by.tenant()?;
        let stored = self.integration(by, target).await?;
        self.check_return(ask.return_url.as_deref())?;
        let minutes = ask.minutes.unwrap_or(MINUTES.0);
        if !(1..=MINUTES.1).contains(&minutes) {
            let problem = Problem::at("$.expires_minutes", format!("{minutes} is not between 1 and {}", MINUTES.1));
            return Err(Error::problems("the link does not fit", vec![problem]));
        }
        let (sign_in, redirect_uri) = self.consentable(&stored.record, tenant).await?;
        sign_in.places.authorize_url(&sign_in.rules, &sign_in.client.id, &redirect_uri.1, "", None)?;
        let token = random_secret()?;
        let expires_at = after(self.now(), SignedDuration::from_mins(minutes.into()));
        let start = OAuthStart {
            id: digest(&token),
            tenant,
            integration: stored.id,
            by: by.key.id,
            confirm: ask.confirm,
            return_url: ask.return_url,
            expires_at,
        };
        let next = Integration { status: stored.status.after(Signal::ConsentAsked), ..stored.record.clone() };
        let mut work = self.work(by);
        work.admin().create(&start)?;
        if next.status != stored.status {
            work.tenant(tenant).replace(&stored, &next)?;
        }
        work.audit("integration.consent_asked", next.id, Some(&stored.record), Some(&next))?;
        work.commit().await?;
        let public = self.0.policy.public_url.trim_end_matches('/');
        Ok(Link { url: format!("{public}/api/v1/oauth/start/{}", *token), redirect_uri: redirect_uri.1, expires_at })
    }

    /// Follows a link: shows who asks, or uses the link up and begins the flow.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a link that was used, has ended or never was.
    pub async fn begin_flow(&self, token: &str, confirmed: bool) -> Result<Begun> {
        let stored = self.0.store.admin().get::<OAuthStart>(&digest(token)).await?;
        let start = stored.filter(|start| self.now() < start.expires_at).ok_or_else(gone)?;
        let integration = self.0.store.tenant(start.tenant).get::<Integration>(&start.integration).await?;
        let integration = integration.ok_or_else(gone)?;
        let (sign_in, (context, redirect_uri)) = self.consentable(&integration, start.tenant).await?;
        if start.confirm && !confirmed {
            return self.who_asks(&start, &integration, &sign_in).await.map(Begun::Ask);
        }
        let (state, session) = (random_secret()?, random_secret()?);
        let verifier = match sign_in.rules.pkce {
            Pkce::S256 => Some(Secret::from(random_secret()?.to_string())),
            Pkce::Refused => None,
        };
        let flow = OAuthFlow {
            id: digest(&state),
            tenant: start.tenant,
            integration: integration.id,
            plugin: integration.plugin.clone(),
            own_app: sign_in.own_app(),
            app: version_of(&sign_in),
            context,
            redirect_uri,
            issuer: sign_in.places.issuer.clone(),
            verifier: None,
            session: digest(&session),
            return_url: start.return_url.clone(),
            expires_at: after(self.now(), AT_PROVIDER),
        };
        let challenge = verifier.as_ref().map(challenge_of);
        let SignIn { rules, places, client, .. } = &sign_in;
        let url = places.authorize_url(rules, &client.id, &flow.redirect_uri, &state, challenge.as_deref())?;
        let (name, secure) = self.cookie_of(&flow.id);
        self.keep_flow(&start, flow, verifier.as_ref()).await?;
        Ok(Begun::Go { url, cookie: (name, session.to_string()), secure })
    }

    /// Uses a link up and stores the flow that it begins.
    pub(super) async fn keep_flow(
        &self,
        start: &Stored<OAuthStart>,
        mut flow: OAuthFlow,
        verifier: Option<&Secret>,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let mut change = self.0.store.change();
            if let Some(verifier) = verifier {
                let key = self.newest_key(flow.tenant).await?;
                flow.verifier = Some(self.seal_verifier(&key, &flow.id, verifier)?);
                guard_key(&mut change, flow.tenant, key.version)?;
            }
            change.admin().remove(start)?;
            change.admin().create(&flow)?;
            match change.commit().await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                outcome => return outcome.map(|_| ()),
            }
            // Used by somebody else, or the key was exchanged meanwhile.
            self.0.store.admin().get::<OAuthStart>(&start.id).await?.ok_or_else(gone)?;
        }
        Err(Error::unavailable("the tenant's key is being exchanged; follow the link again").retry_after(1_000))
    }

    /// The name of the cookie that ties a flow to its browser, and whether it is for TLS only. Each
    /// flow has its own, so that two at the same time do not end each other.
    pub(super) fn cookie_of(&self, flow: &[u8; 32]) -> (String, bool) {
        let mut number = sha256_hex(flow);
        number.truncate(16);
        let secure = self.0.policy.public_url.starts_with("https://");
        let prefix = if secure { "__Host-" } else { "" };
        (format!("{prefix}gatehouse-oauth-{number}"), secure)
    }

    async fn consentable(
        &self,
        integration: &Integration,
        tenant: gatehouse_domain::id::TenantId,
    ) -> Result<(SignIn, (Option<String>, String))> {
        let version = self.plugin_of(integration).await?;
        let sign_in = self.sign_in(tenant, integration, &version.manifest, Which::Usual, None).await?;
        let app = sign_in.app.as_ref().filter(|_| sign_in.rules.grants(Grant::AuthorizationCode));
        let Some((app, _)) = app else {
            return Err(Error::conflict(format!(
                "`{}` has no consent page: connect it with its credential, POST /api/v1/integrations/{}/connect",
                integration.provider, integration.id
            )));
        };
        let redirect = self.redirect_of(app, tenant, &integration.plugin.id);
        Ok((sign_in, redirect))
    }

    async fn who_asks(
        &self,
        start: &Stored<OAuthStart>,
        integration: &Integration,
        sign_in: &SignIn,
    ) -> Result<Box<WhoAsks>> {
        let tenant = self.0.store.admin().get::<Tenant>(&start.tenant).await?;
        let version = self.plugin_of(integration).await?;
        Ok(Box::new(WhoAsks {
            tenant: tenant.map_or_else(|| start.tenant.to_string(), |tenant| tenant.record.name),
            integration: integration.name.clone(),
            provider: version.manifest.name,
            scopes: sign_in.rules.scopes.clone(),
        }))
    }

    fn check_return(&self, url: Option<&str>) -> Result<()> {
        let Some(url) = url else { return Ok(()) };
        let plain = url.len() <= 2_048 && url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let within = |origin: &String| {
            url.strip_prefix(origin.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        if plain && self.0.policy.return_origins.iter().any(within) {
            return Ok(());
        }
        let message = "its origin is not one of `oauth.return_origins` in the configuration; an operator adds it there";
        Err(Error::problems("the link does not fit", vec![Problem::at("$.return_url", message)]))
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::NotFound, "this link was used already or has ended; ask for a new one")
}

/// What tells one registration from the next.
pub(super) fn version_of(sign_in: &SignIn) -> (u32, Timestamp) {
    sign_in.app.as_ref().map_or((0, Timestamp::UNIX_EPOCH), |(app, _)| (app.version, app.created_at))
}
