//! The sandbox provider: a server on loopback that answers as a plugin's fixtures say. It keeps
//! what arrived, without secrets, and counts what a real provider would have done.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_domain::{Error, Result};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

mod choose;
mod compare;
pub mod credential;
mod events;
pub mod fixture;
mod given;
pub(crate) mod house;
pub mod journal;
mod ledger;
mod memory;
mod serve;
mod sign;

pub use credential::Credential;
pub use fixture::Fixtures;
pub use journal::{Arrival, Shown};

pub(crate) use events::headers_of;
pub(crate) use sign::sign;

use ledger::Provider;

/// How the sandbox behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// The credential that requests should show; not looked at where absent.
    pub credential: Option<Credential>,
    /// Headers that hold the idempotency key, in lower case.
    pub idempotency_headers: Vec<String>,
    /// Query parameters that hold it.
    pub idempotency_parameters: Vec<String>,
    /// How long a `timeout` keeps its connection open (default 30 s).
    pub hold: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            credential: None,
            idempotency_headers: vec!["idempotency-key".to_owned()],
            idempotency_parameters: Vec::new(),
            hold: Duration::from_secs(30),
        }
    }
}

impl Options {
    /// As a manifest has it: where the idempotency keys are.
    pub fn of(manifest: &Manifest) -> Self {
        let mut options = Self::default();
        for rules in manifest.capabilities.values() {
            match &rules.idempotency {
                Idempotency::Header { name } => options.idempotency_headers.push(name.to_ascii_lowercase()),
                Idempotency::Query { name } => options.idempotency_parameters.push(name.clone()),
                Idempotency::None | Idempotency::Body => {}
            }
        }
        options
    }
}

/// A running sandbox provider. It stops when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    provider: Arc<Mutex<Provider>>,
    stop: watch::Sender<bool>,
    server: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts on a free port of loopback.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] where the fixtures are malformed,
    /// [`gatehouse_domain::ErrorKind::Unavailable`] where no port can be had.
    pub async fn start(fixtures: &Value, options: Options) -> Result<Self> {
        let fixtures = Fixtures::from_json(fixtures)?;
        let no_port = |error| Error::unavailable("no port of 127.0.0.1 can be opened for the sandbox").caused_by(error);
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.map_err(no_port)?;
        let address = listener.local_addr().map_err(no_port)?;
        let (stop, stopped) = watch::channel(false);
        let provider = Arc::new(Mutex::new(Provider::new(fixtures)));
        let server = tokio::spawn(serve::run(listener, Arc::clone(&provider), options, stopped));
        Ok(Self { address, provider, stop, server: Some(server) })
    }

    /// What an integration names as its base URL: `http://127.0.0.1:<port>`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers with this case from now on, wherever its requests fit. Without it a case that
    /// succeeds goes first, so this is how an error is shown.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] for a case that the fixtures do not have.
    pub fn prefer(&self, function: &str, case: &str) -> Result<()> {
        self.with(|provider| provider.prefer(function, case))
    }

    /// Answers with what succeeds again.
    pub fn prefer_success(&self) {
        self.with(Provider::prefer_success);
    }

    /// What arrived, oldest first: the last 10,000 requests.
    pub fn journal(&self) -> Vec<Arrival> {
        self.with(|provider| provider.journal())
    }

    /// How many writes a real provider would have carried out: those that were answered with
    /// success or whose answer was withheld. A repeat under the same key is none.
    pub fn effects(&self) -> u64 {
        self.with(|provider| provider.effects())
    }

    /// Stops, and waits until the port is closed.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(mut server) = self.server.take()
            && tokio::time::timeout(Duration::from_secs(2), &mut server).await.is_err()
        {
            server.abort();
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Provider) -> T) -> T {
        // A panic elsewhere leaves plain data behind, which is still right to read.
        act(&mut self.provider.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

#[cfg(test)]
mod tests;
