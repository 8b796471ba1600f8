//! What a gateway has to show before it is in the catalogue: five proofs for each of its functions, made from its
//! manifest and its fixtures alone. For tests of gateways; it never opens a socket and is never part of a component.
//!
//! [`prove`] is the one call a gateway's test makes, [`audit`] the same for a component that anyone wrote. Its
//! modules are the proofs: [`manifest`] says that the manifest tells the truth, [`mock`] that a server made of the
//! provider's description understands it, `trouble` what the gateway makes of a provider in trouble, `pages` how lists
//! end and change, [`graphql`] that a schema's own program executes its documents, `amounts` which currencies and
//! scripts were seen, and `row` writes what was found.

mod amounts;
mod audit;
mod evidence;
pub mod graphql;
mod manifest;
pub mod mock;
mod pages;
mod row;
mod trouble;

use std::path::Path;

use gatehouse_sdk::harness::Gateway;

pub use audit::{Audit, audit};
pub use evidence::Evidence;
pub use gatehouse_sdk::conformance::{Document, Rules};
pub use manifest::each_write_is_safe;
pub use row::{Cell, Row};
pub use trouble::Play;

/// What a gateway says of itself that no file of its own says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Claims<'a> {
    /// The text of `plugin.toml`.
    pub manifest: &'a str,
    /// Whose description of the API its requests and answers are held against.
    pub source: Source,
    /// How they are held against it.
    pub rules: Rules<'a>,
    /// Functions whose requests the mock can not be asked for, and why; `*` stands for every one. All others are
    /// checked by [`mock::understands`] where there is a document.
    pub beyond_mock: &'a [(&'a str, &'a str)],
    /// Further real programs that a function is run against in tests: `("process-payment", "localstripe")`; `*`
    /// stands for every function that has no line of its own.
    pub peers: &'a [(&'a str, &'a str)],
    /// What the provider does otherwise: `("get-balance/NotJson", "it answers with a bare number")` takes the
    /// trial or the proof out, and the table shows the reason. A line that takes nothing out is a failure.
    pub exceptions: &'a [(&'a str, &'a str)],
}

/// Who wrote the description that a gateway is held against.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Source {
    /// The provider itself.
    Provider,
    /// Somebody else; the README says who.
    ThirdParty,
    /// The provider itself, in a form that only the gateway's own tests read.
    Model,
    /// There is none; the README lists the provider's pages.
    #[default]
    Pages,
}

impl Source {
    /// Whether there are documents that requests are held against here.
    fn is_document(self) -> bool {
        matches!(self, Self::Provider | Self::ThirdParty)
    }
}

/// Proves a gateway in the current folder, and fails the test with one text about all that is missing. Where
/// `CONFORMANCE_TABLES` names a folder, what was found is written there as the table `<plugin>.md`.
///
/// # Panics
/// Where a proof is missing or wrong; this is how a test fails.
#[track_caller]
#[allow(clippy::panic, reason = "a test assertion")]
pub fn prove<G: Gateway>(claims: &Claims<'_>) {
    match examine::<G>(Path::new(FIXTURES), claims) {
        Ok((plugin, rows)) => {
            if let Some(folder) = std::env::var_os("CONFORMANCE_TABLES")
                && let Err(error) = row::write(folder.as_ref(), &plugin, &rows)
            {
                panic!("{error}");
            }
        }
        Err(problems) => panic!("{} problems\n\n{}\n", problems.len(), problems.join("\n")),
    }
}

/// Where a gateway's fixtures are, in its folder.
const FIXTURES: &str = "fixtures";

/// The plugin's id and its rows, or everything that is missing or wrong.
fn examine<G: Gateway>(folder: &Path, claims: &Claims<'_>) -> Result<(String, Vec<Row>), Vec<String>> {
    let mut evidence = Evidence::gather::<G>(folder, claims).map_err(|problem| vec![problem])?;
    let rows = row::rows::<G>(&mut evidence, claims);
    amounts::check_all(&mut evidence);
    manifest::check(&mut evidence);
    evidence.unused_exceptions();
    if evidence.problems.is_empty() { Ok((evidence.manifest.id.to_string(), rows)) } else { Err(evidence.problems) }
}

#[cfg(test)]
mod tests;
