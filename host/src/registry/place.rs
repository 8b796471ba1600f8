//! Where a plugin lies: `registry/repository:tag` or `registry/repository@sha256:…`. A name
//! without a registry is refused: a plugin never comes from a place that nobody named.

use std::net::IpAddr;

use gatehouse_domain::{Error, Result};
use oci_client::Reference;

/// What a tag is called where the place is all that matters.
const NO_TAG: &str = "latest";

/// A repository, with what was said of the tag or digest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<String>,
}

impl Place {
    /// Reads one; `oci://` may stand before it.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`], saying how one is written.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            Error::invalid(format!(
                "`{text}` is no place in a registry: {why}; write one such as registry.example.com/team/shop:1.2.0"
            ))
        };
        let name = text.strip_prefix("oci://").unwrap_or(text);
        let (registry, rest) = name.split_once('/').ok_or_else(|| wrong("it names no registry"))?;
        if !(registry.contains(['.', ':']) || registry == "localhost") {
            return Err(wrong("its first part is no host"));
        }
        let reference = Reference::try_from(name).map_err(|error| wrong(&error.to_string()))?;
        let (named, _) = rest.split_once('@').unwrap_or((rest, ""));
        let tag = named.contains(':').then(|| reference.tag().map(str::to_owned)).flatten();
        if reference.digest().is_some_and(|digest| !digest.starts_with("sha256:")) {
            return Err(wrong("its digest is not one of SHA-256"));
        }
        Ok(Self {
            registry: reference.registry().to_owned(),
            repository: reference.repository().to_owned(),
            tag,
            digest: reference.digest().map(str::to_owned),
        })
    }

    /// The host, with its port.
    pub(crate) fn registry(&self) -> &str {
        &self.registry
    }

    /// Whether it is on this machine, where a registry may speak plain HTTP.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.registry.rsplit_once(':').map_or(self.registry.as_str(), |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// What was named, to be pulled.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] where neither a tag nor a digest was named: what
    /// `latest` is changes behind one's back.
    pub(crate) fn reference(&self) -> Result<Reference> {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => Ok(self.by_digest(digest)),
            (None, Some(tag)) => Ok(self.by_tag(tag)),
            (None, None) => Err(Error::invalid(format!(
                "`{}/{}` names no version; add one, such as `:1.2.0`, or a digest, `@sha256:…`",
                self.registry, self.repository
            ))),
        }
    }

    /// With the tag that was named, or this one.
    pub(crate) fn tag_or(&self, tag: &str) -> Reference {
        self.by_tag(self.tag.as_deref().unwrap_or(tag))
    }

    /// Whether a digest was named.
    pub(crate) fn has_digest(&self) -> bool {
        self.digest.is_some()
    }

    /// With a tag.
    pub(super) fn by_tag(&self, tag: &str) -> Reference {
        Reference::with_tag(self.registry.clone(), self.repository.clone(), tag.to_owned())
    }

    /// With a digest.
    pub(super) fn by_digest(&self, digest: &str) -> Reference {
        Reference::with_digest(self.registry.clone(), self.repository.clone(), digest.to_owned())
    }

    /// The repository, for what has a digest of its own.
    pub(super) fn any(&self) -> Reference {
        self.by_tag(self.tag.as_deref().unwrap_or(NO_TAG))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn names_a_registry_and_what_is_wanted_of_it() {
        let place = Place::parse("oci://registry.example.com/team/shop:1.2.0").unwrap();
        assert_eq!(place.reference().unwrap().whole(), "registry.example.com/team/shop:1.2.0");
        let place = Place::parse(&format!("127.0.0.1:5000/shop@{DIGEST}")).unwrap();
        assert_eq!(place.reference().unwrap().whole(), format!("127.0.0.1:5000/shop@{DIGEST}"));
        assert!(place.is_loopback());
        let place = Place::parse("localhost:5000/team/shop").unwrap();
        assert_eq!(place.tag_or("1.2.0").whole(), "localhost:5000/team/shop:1.2.0");
        assert!(place.reference().unwrap_err().to_string().contains("names no version"));
    }

    #[test]
    fn refuses_what_names_no_registry() {
        let cases = [
            ("shop:1.0.0", "no registry"),
            ("team/shop:1.0.0", "no host"),
            ("registry.example.com/Shop:1.0.0", "no place"),
            ("registry.example.com/shop:", "no place"),
            ("registry.example.com/shop@sha256:12", "no place"),
            ("https://registry.example.com/shop:1.0.0", "no place"),
            ("", "no registry"),
        ];
        for (text, why) in cases {
            let error = Place::parse(text).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains(text), "{text}: {error}");
        }
    }

    #[test]
    fn only_this_machine_may_speak_plainly() {
        let cases = [
            ("localhost/a:1", true),
            ("127.0.0.9:5000/a:1", true),
            ("127.0.0.1.example.com/a:1", false),
            ("10.0.0.1:5000/a:1", false),
            ("localhost.example.com/a:1", false),
        ];
        for (text, loopback) in cases {
            assert_eq!(Place::parse(text).unwrap().is_loopback(), loopback, "{text}");
        }
    }
}
