//! A secret in memory: wiped when dropped, and never copied, printed or serialised.

use std::fmt;

use zeroize::Zeroizing;

/// The bytes of a secret. Only this crate can read them.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes over `bytes`.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A second one with the same bytes.
    pub(crate) fn duplicate(&self) -> Self {
        Self::new(self.expose().to_vec())
    }

    /// The bytes. Whatever is made of them has to be wiped as well, or leave at once.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, where they are.
    pub(crate) fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails to compile where `$type` has one of the traits: the call is then ambiguous.
    macro_rules! assert_lacks {
        ($type:ty: $($trait:path),+) => {$({
            trait Ambiguous<Marker> { fn resolve() {} }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct Has;
            impl<T: ?Sized + $trait> Ambiguous<Has> for T {}
            <$type as Ambiguous<_>>::resolve();
        })+};
    }

    #[test]
    fn a_secret_can_not_be_copied_printed_or_serialised() {
        assert_lacks!(Secret: Clone, fmt::Display, serde::Serialize, AsRef<[u8]>, std::ops::Deref, Into<String>);
        assert_lacks!(crate::Credentials: Clone, fmt::Display, serde::Serialize);
        assert_lacks!(crate::RootKey: Clone, fmt::Display, serde::Serialize, AsRef<[u8]>);
        assert_lacks!(crate::Vault: Clone, fmt::Display, fmt::Debug, serde::Serialize);
    }

    #[test]
    fn its_debug_form_shows_nothing() {
        let shown = format!("{:?} {:#?}", Secret::from("hunter2".to_owned()), Secret::new(b"hunter2".to_vec()));
        assert!(!shown.contains("hunter2") && shown.contains("[redacted]"), "{shown}");
    }
}
