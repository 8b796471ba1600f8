//! How a flow ends: everything about a callback is checked before its code is worth anything. A
//! state is used up by the first callback that names it, whatever comes of it.

use gatehouse_broker::TenantKeyRef;
use gatehouse_broker::oauth::digest;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::Stored;
use gatehouse_store::records::OAuthFlow;

use super::begin::version_of;
use super::sign_in::{SignIn, Which};
use crate::Engine;

/// The longest text of a provider's that is repeated.
const LONGEST: usize = 300;

/// What a browser brought back.
pub struct Callback {
    /// The part of the address that nobody can guess, where it came to such a one.
    pub context: Option<String>,
    /// The provider whose one address it came to, where it came there.
    pub provider: Option<String>,
    /// The query, in order.
    pub parameters: Vec<(String, String)>,
    /// The cookies.
    pub cookies: Vec<(String, String)>,
}

/// How a flow ended.
#[derive(Debug)]
pub struct Ended {
    /// Whether the integration is connected now.
    pub connected: bool,
    /// What happened, in a sentence or two for the person.
    pub text: String,
    /// Where the browser goes now.
    pub return_url: Option<String>,
    /// The integration, where it is known.
    pub integration: Option<gatehouse_domain::id::IntegrationId>,
}

/// A flow with all that it needs to end well.
pub(super) struct Arrived {
    pub(super) flow: OAuthFlow,
    /// What opens its verifier.
    pub(super) key: Option<TenantKeyRef>,
    pub(super) integration: Integration,
    pub(super) sign_in: SignIn,
    pub(super) code: String,
    pub(super) parameters: Vec<(String, String)>,
}

impl Engine {
    /// Ends the flow that a callback names.
    ///
    /// # Errors
    /// Only where the store fails; what is wrong with the callback is in the answer.
    pub async fn end_flow(&self, callback: Callback) -> Result<Ended> {
        let unknown = "This sign-in is not known: it was ended before, or took too long. Begin again with a new link.";
        let Some(state) = only(&callback.parameters, "state") else { return Ok(Ended::without(unknown)) };
        let Some((stored, key)) = self.flow(&digest(state)).await? else { return Ok(Ended::without(unknown)) };
        let mut change = self.0.store.change();
        change.admin().remove(&stored)?;
        match change.commit().await {
            Err(error) if error.kind == ErrorKind::Conflict => return Ok(Ended::without(unknown)),
            outcome => outcome?,
        };
        let flow = stored.record;
        let (return_url, integration, tenant) = (flow.return_url.clone(), flow.integration, flow.tenant);
        let began_here = self.began_here(&flow, &callback);
        let outcome = match self.arrive(flow, key, callback).await? {
            Ok(arrived) => self.finish(arrived).await?,
            Err(text) => Err(text),
        };
        let (connected, text) = match outcome {
            Ok(text) => (true, text),
            Err(text) => {
                tracing::warn!(tenant.id = %tenant, integration.id = %integration, reason = text, "a sign-in was not completed");
                (false, text)
            }
        };
        // Whoever did not begin it learns nothing of where it leads.
        let (return_url, integration) = (return_url.filter(|_| began_here), began_here.then_some(integration));
        Ok(Ended { connected, text, return_url, integration })
    }

    /// A flow, with the key that opens its verifier: once the flow is used up, nobody seals it again.
    /// There is no key where the tenant was deleted.
    async fn flow(&self, id: &[u8; 32]) -> Result<Option<(Stored<OAuthFlow>, Option<TenantKeyRef>)>> {
        let mut seen = None;
        loop {
            let Some(stored) = self.0.store.admin().get::<OAuthFlow>(id).await? else { return Ok(None) };
            let Some(version) = stored.verifier.as_ref().map(|verifier| verifier.key_version) else {
                return Ok(Some((stored, None)));
            };
            match self.tenant_key(stored.tenant, version).await {
                Ok(key) => return Ok(Some((stored, Some(key)))),
                Err(error) if error.kind != ErrorKind::Corrupt => return Err(error),
                Err(_) if seen == Some(version) => return Ok(Some((stored, None))),
                // Sealed again between the two reads, and the old key destroyed.
                Err(_) => seen = Some(version),
            }
        }
    }

    fn began_here(&self, flow: &OAuthFlow, callback: &Callback) -> bool {
        let (name, _) = self.cookie_of(&flow.id);
        let cookie = callback.cookies.iter().find(|(known, _)| *known == name);
        cookie.is_some_and(|(_, value)| digest(value) == flow.session)
    }

    /// Checks a callback. The inner error is what is wrong with it, for the person.
    async fn arrive(
        &self,
        flow: OAuthFlow,
        key: Option<TenantKeyRef>,
        callback: Callback,
    ) -> Result<std::result::Result<Arrived, String>> {
        let refuse = |text: &str| Ok(Err(text.to_owned()));
        if flow.expires_at <= self.now() {
            return refuse("This sign-in took too long. Begin again with a new link.");
        }
        if flow.context != callback.context {
            return refuse("The provider answered at another address than the one this sign-in was begun with.");
        }
        if !self.began_here(&flow, &callback) {
            return refuse(
                "This sign-in was begun in another browser. Follow the link in the browser you sign in with.",
            );
        }
        let Some(integration) = self.0.store.tenant(flow.tenant).get::<Integration>(&flow.integration).await? else {
            return refuse("The integration was deleted meanwhile.");
        };
        let integration = integration.record;
        if integration.plugin != flow.plugin || callback.provider.is_some_and(|code| code != integration.provider) {
            return refuse("The integration's plugin was changed meanwhile. Begin again with a new link.");
        }
        let version = self.plugin_of(&integration).await?;
        let which = Which::Own(flow.own_app);
        let sign_in = match self.sign_in(flow.tenant, &integration, &version.manifest, which, None).await {
            Ok(sign_in) => sign_in,
            Err(error) => return Ok(Err(error.message)),
        };
        if version_of(&sign_in) != flow.app {
            return refuse("The app's registration was changed meanwhile. Begin again with a new link.");
        }
        Ok(answer_of(&flow, &sign_in, &callback.parameters).map(|code| Arrived {
            flow,
            key,
            integration,
            sign_in,
            code,
            parameters: callback.parameters,
        }))
    }
}

/// The code of a callback that is what its provider sends.
fn answer_of(
    flow: &OAuthFlow,
    sign_in: &SignIn,
    parameters: &[(String, String)],
) -> std::result::Result<String, String> {
    check_issuer(flow, sign_in, parameters)?;
    check_provider(sign_in, parameters)?;
    if let Some(error) = only(parameters, "error") {
        let described = only(parameters, "error_description").unwrap_or_default();
        let separator = if described.is_empty() { "" } else { ": " };
        let text = format!("The provider says `{}`{separator}{}", plain(error), plain(described));
        return Err(text);
    }
    match only(parameters, "code") {
        Some(code) if (1..=4_096).contains(&code.len()) => Ok(code.to_owned()),
        _ => Err("The provider sent no code.".to_owned()),
    }
}

/// RFC 9207 §2.4: whoever else answered is not the one who was asked.
fn check_issuer(
    flow: &OAuthFlow,
    sign_in: &SignIn,
    parameters: &[(String, String)],
) -> std::result::Result<(), String> {
    let given = parameters.iter().any(|(name, _)| name == "iss");
    match (only(parameters, "iss"), &flow.issuer) {
        (Some(iss), Some(issuer)) if iss == issuer => Ok(()),
        (Some(iss), Some(issuer)) => Err(format!("The answer is of `{}`, and `{issuer}` was asked.", plain(iss))),
        (Some(iss), None) => Err(format!(
            "The answer is of `{}`, and the plugin's manifest does not say who may answer: it needs `oauth.issuer`.",
            plain(iss)
        )),
        (None, _) if given => Err("The answer says twice whose it is.".to_owned()),
        (None, Some(issuer)) if sign_in.rules.issuer_required => {
            Err(format!("The answer does not say that it is of `{issuer}`."))
        }
        (None, _) => Ok(()),
    }
}

fn check_provider(sign_in: &SignIn, parameters: &[(String, String)]) -> std::result::Result<(), String> {
    let rules = &sign_in.rules.callback;
    if let Some(parameter) = rules.hmac.as_deref().filter(|parameter| !sign_in.client.signed(parameter, parameters)) {
        return Err(format!("The answer's `{parameter}` does not prove that it is of the provider."));
    }
    for (name, template) in &rules.expect {
        let expected = sign_in.filled(template);
        if expected.is_none() || only(parameters, name) != expected.as_deref() {
            return Err(format!("The answer's `{name}` is not the account that was asked for."));
        }
    }
    Ok(())
}

impl Ended {
    fn without(text: &str) -> Self {
        Self { connected: false, text: text.to_owned(), return_url: None, integration: None }
    }
}

/// The parameter of that name, where there is just one.
pub(super) fn only<'p>(parameters: &'p [(String, String)], name: &str) -> Option<&'p str> {
    let mut found = parameters.iter().filter(|(known, _)| known == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}
