//! Which cryptography TLS is spoken with, for the binary's own clients.

/// Chooses `ring`. Where a provider was chosen before, that one stays.
pub(crate) fn choose_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
