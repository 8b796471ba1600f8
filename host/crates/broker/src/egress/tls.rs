//! TLS for outbound connections: at least 1.2, verified against the name by the platform's
//! trust store, which is read when it is first needed.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, DEFAULT_VERSIONS, RootCertStore};

/// TLS sessions that one client may resume.
const SESSIONS: usize = 32;

/// Makes TLS configurations that share the trust store and nothing else.
pub(crate) struct Tls {
    provider: Arc<CryptoProvider>,
    verifier: Mutex<Option<Arc<dyn ServerCertVerifier>>>,
}

impl Tls {
    pub(crate) fn new() -> Self {
        Self { provider: Arc::new(ring::default_provider()), verifier: Mutex::new(None) }
    }

    /// Trusts whom `verifier` does instead of the platform.
    #[cfg(test)]
    pub(crate) fn trusting(verifier: Arc<dyn ServerCertVerifier>) -> Self {
        Self { verifier: Mutex::new(Some(verifier)), ..Self::new() }
    }

    /// A configuration with session tickets of its own, so that no tenant's connection can be
    /// told to continue another's.
    pub(crate) fn config(&self) -> Result<ClientConfig, String> {
        let versions =
            ClientConfig::builder_with_provider(self.provider.clone()).with_protocol_versions(DEFAULT_VERSIONS);
        let builder = versions.map_err(|error| format!("TLS could not be set up: {error}"))?;
        let verified = builder.dangerous().with_custom_certificate_verifier(self.verifier()?);
        Ok(finish(verified.with_no_client_auth()))
    }

    /// A configuration that trusts no one, for clients that only speak to a plain origin.
    pub(crate) fn none(&self) -> Result<ClientConfig, String> {
        let versions =
            ClientConfig::builder_with_provider(self.provider.clone()).with_protocol_versions(DEFAULT_VERSIONS);
        let builder = versions.map_err(|error| format!("TLS could not be set up: {error}"))?;
        Ok(finish(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()))
    }

    /// A failure is not kept: the certificates may be installed while we run.
    fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, String> {
        let mut kept = self.verifier.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verifier) = kept.as_ref() {
            return Ok(verifier.clone());
        }
        let made = rustls_platform_verifier::Verifier::new(self.provider.clone()).map_err(|error| {
            format!(
                "this machine has no root certificates to verify providers with; install `ca-certificates`: {error}"
            )
        })?;
        let verifier: Arc<dyn ServerCertVerifier> = Arc::new(made);
        *kept = Some(verifier.clone());
        Ok(verifier)
    }
}

fn finish(mut config: ClientConfig) -> ClientConfig {
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    // Early data could be replayed by whoever sees it.
    config.enable_early_data = false;
    config
}
