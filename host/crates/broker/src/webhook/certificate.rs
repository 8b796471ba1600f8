//! Signatures under a certificate that the delivery names. It is taken only from a host that the
//! manifest names, over TLS, and only within its time.

use gatehouse_domain::manifest::webhook::{Certificate, KeyAlgorithm};
use gatehouse_domain::time::Timestamp;
use url::{Host, Url};
use x509_cert::Certificate as X509;
use x509_cert::der::{DecodePem as _, Encode as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::fields::Fields;
use super::render::render;
use super::request::{Read, malformed};
use super::{Refusal, RefusalReason, public_key, refuse, signature, time};

/// No longer address is fetched.
const MAX_URL: usize = 2_048;
const PEM_END: &[u8] = b"-----END CERTIFICATE-----";

/// Where the certificate is to be fetched from.
pub(super) fn address(rules: &Certificate, read: &Read<'_>) -> Result<String, Refusal> {
    pinned(&read.one(&rules.certificate)?, &rules.hosts)
}

/// The address, where it is one of an allowed host and nothing but that.
pub(super) fn pinned(text: &str, hosts: &[String]) -> Result<String, Refusal> {
    let elsewhere =
        || refuse(RefusalReason::Mismatch, "the delivery names an address that the manifest does not allow");
    let url = Url::parse(text).ok().filter(|_| text.len() <= MAX_URL).ok_or_else(elsewhere)?;
    let plain =
        url.scheme() == "https" && url.username().is_empty() && url.password().is_none() && url.port().is_none();
    let Some(Host::Domain(host)) = url.host() else { return Err(elsewhere()) };
    if plain && hosts.iter().any(|pattern| host_fits(pattern, host)) { Ok(url.to_string()) } else { Err(elsewhere()) }
}

/// Whether a pattern covers a host. `*.` at the beginning stands for one label or more, a `*`
/// elsewhere for exactly one.
pub(crate) fn host_fits(pattern: &str, host: &str) -> bool {
    let (mut pattern, mut host): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), host.split('.').collect());
    if pattern.first() == Some(&"*") && host.len() > pattern.len() {
        host.drain(..host.len() - pattern.len());
    }
    pattern.len() == host.len()
        && pattern
            .drain(..)
            .zip(host)
            .all(|(pattern, label)| !label.is_empty() && (pattern == "*" || pattern.eq_ignore_ascii_case(label)))
}

pub(super) fn verify(
    rules: &Certificate,
    fields: &Fields<'_>,
    read: &Read<'_>,
    fetched: &[u8],
    now: Timestamp,
) -> Result<(), Refusal> {
    let signature = signature::decode(rules.encoding, &read.one(&rules.header)?)?;
    let timestamp = rules.timestamp_header.as_ref().map(|place| read.one(place)).transpose()?;
    if let (Some(timestamp), Some(tolerance)) = (&timestamp, rules.tolerance_seconds) {
        time::check(timestamp, rules.timestamp_unit, tolerance, now)?;
    }
    let algorithm = algorithm(rules, read)?;
    let message = render(&rules.signed, read, timestamp.as_deref(), fields)?;
    let key = key(rules, algorithm, fetched, now)?;
    if public_key::holds(algorithm, &key, &message, &signature) {
        return Ok(());
    }
    Err(refuse(RefusalReason::Mismatch, "the signature does not fit the body and the provider's certificate"))
}

fn algorithm(rules: &Certificate, read: &Read<'_>) -> Result<KeyAlgorithm, Refusal> {
    if let Some(algorithm) = rules.algorithm {
        return Ok(algorithm);
    }
    let place = rules.algorithm_at.as_ref().ok_or_else(|| malformed("the manifest names no algorithm"))?;
    let name = read.one(place)?;
    rules.algorithms.get(&name).copied().ok_or_else(|| malformed("the delivery names an algorithm that is not known"))
}

/// The key of the first certificate of a file: the one that signs, before those that vouch for it.
fn key(rules: &Certificate, algorithm: KeyAlgorithm, file: &[u8], now: Timestamp) -> Result<Vec<u8>, Refusal> {
    let useless = |what: &str| refuse(RefusalReason::Mismatch, format!("the provider's certificate {what}"));
    let end = memchr::memmem::find(file, PEM_END).map_or(file.len(), |at| at + PEM_END.len());
    let first = file.get(..end).unwrap_or(file).trim_ascii();
    let certificate = X509::from_pem(first).map_err(|_| useless("can not be read"))?.tbs_certificate;
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let (from, to) = (certificate.validity.not_before, certificate.validity.not_after);
    if seconds < from.to_unix_duration().as_secs() || seconds > to.to_unix_duration().as_secs() {
        return Err(useless("is not valid at this time"));
    }
    if let Some(name) = &rules.name {
        let names = certificate.get::<SubjectAltName>().ok().flatten().map(|(_, names)| names.0).unwrap_or_default();
        let fits =
            |given: &GeneralName| matches!(given, GeneralName::DnsName(given) if host_fits(name, given.as_str()));
        if !names.iter().any(fits) {
            return Err(useless(&format!("is not for `{name}`")));
        }
    }
    let info = certificate.subject_public_key_info.to_der().map_err(|_| useless("has no key"))?;
    public_key::key_of(algorithm, &info).ok_or_else(|| useless("has no key of the manifest's algorithm"))
}
