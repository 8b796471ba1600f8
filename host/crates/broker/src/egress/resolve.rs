//! Names to addresses that may be reached. Every answer is judged, one bad answer refuses
//! all, and the connection goes to a judged address and nowhere else, so a second answer
//! that differs from the first changes nothing.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name};

use super::address;

/// What [`Resolve::resolve`] answers.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Looks up names. The system's resolver does unless a test brings its own.
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of `host`.
    fn resolve(&self, host: String) -> Resolving;
}

/// The system's resolver.
pub(crate) struct System;

impl Resolve for System {
    fn resolve(&self, host: String) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A resolver that lets judged addresses through.
#[derive(Clone)]
pub(crate) struct Vetted {
    inner: Arc<dyn Resolve>,
    /// The addresses at which we ourselves listen.
    own: Arc<[IpAddr]>,
    /// Whether loopback is allowed, as it is for an origin that the operator named.
    loopback: bool,
}

/// An answer that leads where nothing may go.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl Vetted {
    pub(crate) fn new(inner: Arc<dyn Resolve>, own: Arc<[IpAddr]>, loopback: bool) -> Self {
        Self { inner, own, loopback }
    }

    /// Judges what a name leads to now. One that leads nowhere passes.
    pub(crate) async fn look_up(&self, host: String) -> Result<(), String> {
        let Ok(found) = self.inner.resolve(host.clone()).await else { return Ok(()) };
        if found.is_empty() {
            return Ok(());
        }
        self.check(&host, found).map(|_| ()).map_err(|error| error.to_string())
    }

    fn check(&self, host: &str, found: Vec<IpAddr>) -> Result<Vec<SocketAddr>, BoxError> {
        if found.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address").into());
        }
        for ip in &found {
            if let Some(why) = self.denied(*ip) {
                let fix =
                    "only public addresses may be reached; an operator can allow an origin by name in `egress.allow`";
                return Err(Refused(format!("`{host}` leads to {ip}, a {why} address; {fix}")).into());
            }
        }
        Ok(found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect())
    }

    fn denied(&self, ip: IpAddr) -> Option<&'static str> {
        if self.loopback && address::is_loopback(ip) {
            return None;
        }
        address::denied(ip).or_else(|| self.own.contains(&ip.to_canonical()).then_some("server's own"))
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl reqwest::dns::Resolve for Vetted {
    fn resolve(&self, name: Name) -> reqwest::dns::Resolving {
        let this = self.clone();
        Box::pin(async move {
            let host = name.as_str();
            let found = this.inner.resolve(host.to_owned()).await?;
            let vetted: Addrs = Box::new(this.check(host, found)?.into_iter());
            Ok(vetted)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(loopback: bool, answers: &str, expect: &str) {
        let own = Arc::from(["198.41.0.4".parse().unwrap()]);
        let found: Vec<IpAddr> = answers.split_whitespace().map(|text| text.parse().unwrap()).collect();
        let count = found.len();
        match Vetted::new(Arc::new(System), own, loopback).check("host.example", found) {
            Ok(vetted) => assert!(expect.is_empty() && vetted.len() == count, "{answers}"),
            Err(error) => assert!(!expect.is_empty() && error.to_string().contains(expect), "{answers}: {error}"),
        }
    }

    #[test]
    fn one_bad_answer_refuses_all() {
        check(false, "1.1.1.1 2606:4700::1111", "");
        check(false, "1.1.1.1 127.0.0.1", "leads to 127.0.0.1, a loopback address");
        check(false, "1.1.1.1 ::ffff:10.0.0.1", "private");
        check(false, "169.254.169.254", "link-local");
        check(false, "1.1.1.1 198.41.0.4", "server's own");
        check(false, "::ffff:198.41.0.4", "server's own");
        check(false, "", "no address");
        check(true, "127.0.0.1 ::1", "");
        check(true, "127.0.0.1 10.0.0.1", "private");
        check(true, "169.254.169.254", "link-local");
    }
}
