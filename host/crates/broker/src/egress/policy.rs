//! What one integration's gateway may ask for: the manifest's rules, those the tenant
//! consented to, and the operator's extra origins. All three have to agree.

use std::collections::BTreeSet;

use gatehouse_domain::integration::Environment;
use gatehouse_domain::manifest::auth::Placement;
use gatehouse_domain::manifest::{AuthScheme, Egress, Manifest, OAuth, RateLimit, ReadBy, Rule, Sigv4};
use gatehouse_domain::sheet::PermissionSheet;
use gatehouse_domain::{Error, Problem, Result};
use serde_json::{Map, Value};
use url::Url;

use super::attach::{ACCESS_TOKEN, Secrets};
use super::graphql;
use super::origin::Origins;
use super::sigv4;
use super::template::{self, Unfilled};
use super::url::Target;
use crate::message::{Method, SendError};

/// The setting by which an integration names another origin.
pub(crate) const BASE_URL: &str = "base_url";

/// The rules of one integration, ready to judge requests.
#[derive(Debug)]
pub(crate) struct Policy {
    source: Source,
    /// What relative URLs are relative to.
    pub(crate) base: Base,
    manifest: Vec<Rule>,
    consent: Vec<Rule>,
    unfilled: Vec<Unfilled>,
    /// Headers that carry a credential, as [`super::headers::folded`] writes them.
    pub(crate) credential_headers: Vec<String>,
    /// Query parameters that carry a credential, in lower case.
    pub(crate) credential_parameters: Vec<String>,
    /// Fields that the manifest says are no secrets, with `writeOnly = false`.
    open_fields: BTreeSet<String>,
}

/// What the rules were made from, to see whether they still are.
#[derive(Debug, PartialEq)]
struct Source {
    egress: Egress,
    auth: Vec<AuthScheme>,
    credentials: Value,
    consent: Vec<Rule>,
    rate: Option<RateLimit>,
    settings: Map<String, Value>,
    environment: Environment,
}

/// Where relative URLs lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    /// Scheme, host and port, without a slash.
    pub(crate) origin: String,
    /// A path before the provider's own, where the integration names its own base.
    pub(crate) prefix: String,
    /// The path of the manifest's base URL, without a slash at its end.
    pub(crate) path: String,
    /// The manifest's host, by which the rules judge.
    pub(crate) host: String,
    /// Whether it is an origin that the operator allowed. Then nothing else may be reached.
    pub(crate) by_operator: bool,
}

impl Policy {
    /// The rules for a plugin under a tenant's consent and an integration's settings.
    pub(crate) fn new(
        manifest: &Manifest,
        consent: &PermissionSheet,
        settings: &Map<String, Value>,
        environment: Environment,
        origins: &Origins,
    ) -> Result<Self> {
        let base = Base::of(manifest.egress.base_in(environment), settings, origins).map_err(refused)?;
        let (rules, mut unfilled) = expand(&manifest.egress.allow, settings);
        let (agreed, more) = expand(&consent.requests, settings);
        unfilled.extend(more);
        unfilled.dedup();
        Ok(Self {
            base,
            manifest: rules,
            consent: agreed,
            unfilled,
            credential_headers: manifest.auth.iter().flat_map(headers_of).collect(),
            credential_parameters: manifest.auth.iter().flat_map(parameters_of).collect(),
            open_fields: open_fields(&manifest.credentials),
            source: Source {
                egress: manifest.egress.clone(),
                auth: manifest.auth.clone(),
                credentials: manifest.credentials.clone(),
                consent: consent.requests.clone(),
                rate: manifest.rate_limit.clone(),
                settings: settings.clone(),
                environment,
            },
        })
    }

    /// Whether the rules would come out the same.
    pub(crate) fn fits(
        &self,
        manifest: &Manifest,
        consent: &PermissionSheet,
        settings: &Map<String, Value>,
        environment: Environment,
    ) -> bool {
        self.source.egress == manifest.egress
            && self.source.auth == manifest.auth
            && self.source.credentials == manifest.credentials
            && self.source.consent == consent.requests
            && self.source.rate == manifest.rate_limit
            && self.source.settings == *settings
            && self.source.environment == environment
    }

    /// The integration's settings.
    pub(crate) fn settings(&self) -> &Map<String, Value> {
        &self.source.settings
    }

    /// In which headers the provider says what is left of its limits.
    pub(crate) fn rate(&self) -> Option<&RateLimit> {
        self.source.rate.as_ref()
    }

    /// Refuses what a rule does not cover, naming the line that is missing.
    pub(crate) fn check(&self, method: Method, host: &str, path: &str) -> Result<(), SendError> {
        let covers = |rules: &[Rule]| rules.iter().any(|rule| rule.host == host && rule.covers(method.as_str(), path));
        let what = format!("{} https://{host}{path}", method.as_str());
        if !covers(&self.manifest) {
            return Err(SendError::Denied(format!(
                "{what} is not allowed by the manifest{}",
                self.fix(method, host, path)
            )));
        }
        if !covers(&self.consent) {
            return Err(SendError::Denied(format!(
                "{what} is allowed by the manifest and not by what the tenant consented to; \
                 enable the plugin again to consent to its new permission sheet"
            )));
        }
        Ok(())
    }

    /// Whether the manifest says that such a `POST` only reads.
    pub(crate) fn reads(&self, method: Method, target: &Target, body: &[u8]) -> bool {
        let covers = |rule: &&Rule| rule.host == target.host && rule.covers(method.as_str(), &target.path);
        method == Method::Post
            && self.manifest.iter().filter(covers).filter_map(|rule| rule.reads).any(|by| match by {
                ReadBy::Path => true,
                ReadBy::Graphql => graphql::only_reads(&target.url, body),
            })
    }

    /// The auth scheme of that name. Without a name it is the first one whose secret is there, or
    /// the first one.
    pub(crate) fn scheme(&self, name: Option<&str>, secrets: &Secrets) -> Result<Option<&AuthScheme>, SendError> {
        let schemes = &self.source.auth;
        let has_secret = |scheme: &&AuthScheme| match &scheme.placement {
            Placement::Oauth2 { .. } => secrets.contains_key(ACCESS_TOKEN),
            // Nothing goes out without a credential because the one that belongs to it is missing.
            Placement::None => false,
            placement => placement.needed_secrets().into_iter().all(|field| secrets.contains_key(field)),
        };
        let Some(name) = name else {
            let bare = schemes.first().filter(|scheme| scheme.placement == Placement::None);
            return Ok(bare.or_else(|| schemes.iter().find(has_secret)).or(schemes.first()));
        };
        schemes.iter().find(|scheme| scheme.name == name).map(Some).ok_or_else(|| {
            let names: Vec<&str> = schemes.iter().map(|scheme| scheme.name.as_str()).collect();
            SendError::Denied(format!(
                "the manifest has no auth scheme `{}`; its schemes are: {}",
                name.escape_default(),
                names.join(", ")
            ))
        })
    }

    /// The credential fields that requests can need.
    pub(crate) fn fields(&self) -> BTreeSet<&str> {
        self.source.auth.iter().flat_map(|scheme| scheme.placement.secrets()).collect()
    }

    /// Whether a field's value is to be taken out of answers. It is, unless the manifest says
    /// plainly that it is no secret, as it is with an account number that every answer names.
    pub(crate) fn is_secret(&self, field: &str) -> bool {
        !self.open_fields.contains(field)
    }

    fn fix(&self, method: Method, host: &str, path: &str) -> String {
        let line = format!("{{ host = \"{host}\", methods = [\"{}\"], paths = [\"{path}\"] }}", method.as_str());
        let unfilled: String = self.unfilled.iter().map(|unfilled| format!("; {}", unfilled.message)).collect();
        format!("; add `{line}` to `egress.allow` in plugin.toml{unfilled}")
    }
}

/// Checks that an integration's settings name hosts that may be reached.
pub(crate) fn check_settings(manifest: &Manifest, settings: &Map<String, Value>, origins: &Origins) -> Result<()> {
    let settings = &with_facts_to_come(manifest, settings);
    for environment in [Environment::Live, Environment::Sandbox] {
        Base::of(manifest.egress.base_in(environment), settings, origins).map_err(refused)?;
    }
    let (_, mut unfilled) = expand(&manifest.egress.allow, settings);
    unfilled.extend(manifest.auth.iter().filter_map(|scheme| match &scheme.placement {
        Placement::Sigv4(rules) => template::expand_label(&rules.region, settings).err(),
        _ => None,
    }));
    match unfilled.into_iter().find(|unfilled| !unfilled.missing) {
        Some(unfilled) => Err(refused(problem(unfilled))),
        None => Ok(()),
    }
}

/// Settings with something in the place of what is known only once a person has signed in.
fn with_facts_to_come(manifest: &Manifest, settings: &Map<String, Value>) -> Map<String, Value> {
    let mut settings = settings.clone();
    let to_come = manifest.oauth.iter().flat_map(OAuth::facts);
    for name in to_come {
        settings.entry(name.to_owned()).or_insert_with(|| Value::from("to-come"));
    }
    settings
}

impl Base {
    /// What a base URL of the manifest's stands for with these settings.
    pub(crate) fn of(url: &str, settings: &Map<String, Value>, origins: &Origins) -> Result<Self, Problem> {
        let own = url.strip_prefix("https://").unwrap_or_default();
        let (host, path) = own.find('/').map_or((own, ""), |slash| own.split_at(slash));
        match settings.get(BASE_URL).filter(|value| !value.is_null()) {
            None => {
                let host = template::expand(host, settings).map_err(problem)?;
                Ok(Self {
                    origin: format!("https://{host}"),
                    prefix: String::new(),
                    path: trim(path),
                    host,
                    by_operator: false,
                })
            }
            Some(named) => {
                let url = operators(named, origins)?;
                // The account's own host may be unknown where another base stands in for it.
                let host = template::expand(host, settings).unwrap_or_else(|_| host.to_owned());
                let origin = url.origin().ascii_serialization();
                Ok(Self { origin, prefix: trim(url.path()), path: trim(path), host, by_operator: true })
            }
        }
    }
}

pub(crate) fn operators(named: &Value, origins: &Origins) -> Result<Url, Problem> {
    let at = |message: String| Problem::at(format!("$.settings.{BASE_URL}"), message);
    let url = named.as_str().and_then(|text| Url::parse(text).ok());
    let url = url.ok_or_else(|| at("must be a URL such as `http://127.0.0.1:8420`".to_owned()))?;
    let bare =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    let clean = super::url::check_path(url.path()).is_ok() || url.path() == "/";
    if !bare || !clean {
        return Err(at("must be scheme, host, port and at most a path".to_owned()));
    }
    if !origins.allow(&url) {
        let origin = url.origin().ascii_serialization();
        return Err(at(format!(
            "`{origin}` is not allowed by the operator; add it to `egress.allow` in the configuration"
        )));
    }
    Ok(url)
}

/// The rules whose hosts are known, and why the others are not.
fn expand(rules: &[Rule], settings: &Map<String, Value>) -> (Vec<Rule>, Vec<Unfilled>) {
    let mut known = Vec::with_capacity(rules.len());
    let mut unfilled = Vec::new();
    for rule in rules {
        match template::expand(&rule.host, settings) {
            Ok(host) => known.push(Rule { host, ..rule.clone() }),
            // An operator's base stands in for a host whose account is not named.
            Err(why) if why.missing && settings.contains_key(BASE_URL) => known.push(rule.clone()),
            Err(why) => unfilled.push(why),
        }
    }
    (known, unfilled)
}

fn trim(path: &str) -> String {
    path.trim_end_matches('/').to_owned()
}

fn problem(unfilled: Unfilled) -> Problem {
    let path = unfilled.setting.map_or_else(|| "$.egress".to_owned(), |setting| format!("$.settings.{setting}"));
    Problem::at(path, unfilled.message)
}

fn refused(problem: Problem) -> Error {
    Error::problems("the integration's settings name no place that may be reached", vec![problem])
}

fn headers_of(scheme: &AuthScheme) -> Vec<String> {
    match &scheme.placement {
        Placement::Header { header, .. } | Placement::Oauth2 { header, .. } => vec![super::headers::folded(header)],
        Placement::Sigv4(_) => Sigv4::HEADERS.map(str::to_owned).to_vec(),
        _ => Vec::new(),
    }
}

fn parameters_of(scheme: &AuthScheme) -> Vec<String> {
    match &scheme.placement {
        Placement::Query { parameter, .. } => vec![parameter.to_ascii_lowercase()],
        // The same scheme knows a second place, which would say something else than the header.
        Placement::Sigv4(_) => sigv4::PARAMETERS.map(str::to_owned).to_vec(),
        _ => Vec::new(),
    }
}

fn open_fields(schema: &Value) -> BTreeSet<String> {
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let open = fields.filter(|(_, field)| field.get("writeOnly") == Some(&Value::Bool(false)));
    open.map(|(name, _)| name.clone()).collect()
}
