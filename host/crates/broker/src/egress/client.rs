//! HTTP clients, one for each tenant, integration and kind of origin, so that no connection,
//! TLS session or resolved address of one tenant ever serves another.
//!
//! A client does nothing by itself: it follows no redirect, knows no proxy and no cookie,
//! repeats nothing that may have arrived and unpacks nothing.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use gatehouse_domain::id::{IntegrationId, TenantId};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, retry};

use super::carry::{Carry, Way};
use super::resolve::{Resolve, Vetted};
use super::tls::Tls;
use super::waiting::NoteWaiting;
use crate::bounded::Bounded;

/// How many clients are kept, and for how long at most, so that a changed trust store is seen.
const CLIENTS: usize = 1_024;
const CLIENT_AGE: Duration = Duration::from_secs(3_600);
/// Connections kept idle for one host: with few, a burst opens one for nearly every request.
const IDLE: usize = 32;
/// Shorter than what servers commonly wait, as a write on a connection that the server is
/// just closing ends as unknown.
const IDLE_FOR: Duration = Duration::from_secs(20);
/// How many headers an answer may have.
const MAX_HEADERS: usize = 100;

/// Whose connections they are, and whether they lead to an operator's origin.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    pub(crate) tenant: TenantId,
    /// The integration; none for requests to the tenant's own receivers.
    pub(crate) integration: Option<IntegrationId>,
    /// The operator's origin; none for the public network.
    pub(crate) origin: Option<String>,
}

/// All clients.
pub(crate) struct Clients {
    kept: Bounded<Owner, Client>,
    /// What carries requests in the place of connections, where something does.
    carrier: Option<Arc<dyn Carry>>,
    tls: Tls,
    resolver: Arc<dyn Resolve>,
    own: Arc<[IpAddr]>,
    connect_timeout: Duration,
}

impl Clients {
    pub(crate) fn new(resolver: Arc<dyn Resolve>, own: Vec<IpAddr>, connect_timeout: Duration) -> Self {
        let kept = Bounded::new(CLIENTS, CLIENT_AGE);
        Self { kept, carrier: None, tls: Tls::new(), resolver, own: own.into(), connect_timeout }
    }

    /// Has requests carried by another than connections of its own.
    pub(crate) fn carried_by(self, carrier: Option<Arc<dyn Carry>>) -> Self {
        Self { carrier, ..self }
    }

    /// How the owner's requests get to their servers.
    pub(crate) fn way_of(&self, owner: &Owner) -> Result<Way, String> {
        match &self.carrier {
            Some(carrier) => Ok(Way::Carried(Arc::clone(carrier))),
            None => self.of(owner).map(Way::Connections),
        }
    }

    /// The owner's client.
    pub(crate) fn of(&self, owner: &Owner) -> Result<Client, String> {
        if let Some(client) = self.kept.get(owner) {
            return Ok(client);
        }
        let client = self.make(owner)?;
        self.kept.insert(owner.clone(), client.clone());
        Ok(client)
    }

    /// Whether every address that a name leads to now may be reached; why not, otherwise. A name
    /// that leads nowhere is no reason.
    pub(crate) async fn look_up(&self, host: String, by_operator: bool) -> Result<(), String> {
        let vetted = Vetted::new(self.resolver.clone(), self.own.clone(), by_operator);
        vetted.look_up(host).await
    }

    fn make(&self, owner: &Owner) -> Result<Client, String> {
        let plain = owner.origin.as_ref().is_some_and(|origin| origin.starts_with("http://"));
        let tls = if plain { self.tls.none()? } else { self.tls.config()? };
        let vetted = Vetted::new(self.resolver.clone(), self.own.clone(), owner.origin.is_some());
        let builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(!plain)
            .http1_only()
            .http1_max_headers(MAX_HEADERS)
            .dns_resolver(vetted)
            .connect_timeout(self.connect_timeout)
            .connector_layer(NoteWaiting)
            .pool_idle_timeout(IDLE_FOR)
            .pool_max_idle_per_host(IDLE);
        bare(builder).build().map_err(|error| format!("the HTTP client could not be set up: {error}"))
    }
}

/// Without all that a client would do of its own accord. What remains is that a request goes
/// to a new connection where a kept one turned out to be closed before its first byte was
/// written.
fn bare(builder: ClientBuilder) -> ClientBuilder {
    let builder = builder.no_proxy().redirect(Policy::none()).referer(false).retry(retry::never());
    // Unpacking is ours, as the library's knows no bound. These hold also where another user of
    // the library has its unpacking compiled in.
    builder.no_gzip().no_brotli().no_deflate().no_zstd()
}

#[cfg(test)]
mod tests;
