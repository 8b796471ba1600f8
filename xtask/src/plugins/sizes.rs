//! How large a built gateway may be, with its manifest, documentation and fixtures: so that none grows unnoticed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Failure, Result};

const STEP: &str = "sizes of plugins";

/// What a gateway stays below, in bytes.
const MOST: u64 = 250_000;

/// Those that need more, each with a bound of its own a little above what it was measured to be.
/// `plugins/README.md` says why.
const LARGER: &[(&str, u64)] =
    &[("google", 329_000), ("hubspot", 265_000), ("quickbooks", 338_000), ("shopify", 310_000), ("xero", 299_000)];

/// Prints the size of each component and answers that of the largest.
///
/// # Errors
/// All that are too large, and all that do not need the bound that they have of their own.
pub(crate) fn check(root: &Path, components: &[PathBuf]) -> Result<u64> {
    let mut sizes = Vec::new();
    for (name, component) in super::names(root)?.into_iter().zip(components) {
        let found = fs::metadata(component);
        let found = found.map_err(|error| Failure::new(STEP, format!("{}: {error}", component.display())))?;
        println!("  {name:<12}{:>9} bytes", found.len());
        sizes.push((name, found.len()));
    }
    let problems: Vec<String> = sizes.iter().filter_map(|(name, size)| problem(name, *size, LARGER)).collect();
    if !problems.is_empty() {
        return Err(Failure::new(STEP, problems.join("; ")));
    }
    Ok(sizes.iter().map(|(_, size)| *size).max().unwrap_or_default())
}

fn problem(name: &str, size: u64, larger: &[(&str, u64)]) -> Option<String> {
    let own = larger.iter().find(|(known, _)| *known == name).map(|(_, most)| *most);
    match own {
        Some(_) if size <= MOST => {
            Some(format!("{name} has {size} bytes and needs no bound of its own; take it out of LARGER"))
        }
        _ if size > own.unwrap_or(MOST) => {
            let most = own.unwrap_or(MOST);
            Some(format!("{name} has {size} bytes; at most {most} are allowed: see \"Sizes\" in plugins/README.md"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_grows_unnoticed() {
        let larger = [("vast", 300_000)];
        for (name, size, expect) in [
            ("small", 250_000, None),
            ("small", 250_001, Some("small has 250001 bytes; at most 250000 are allowed")),
            ("vast", 300_000, None),
            ("vast", 300_001, Some("vast has 300001 bytes; at most 300000 are allowed")),
            ("vast", 250_000, Some("vast has 250000 bytes and needs no bound of its own")),
        ] {
            let found = problem(name, size, &larger);
            assert_eq!(found.is_some(), expect.is_some(), "{name} {size}");
            assert!(found.unwrap_or_default().starts_with(expect.unwrap_or_default()));
        }
    }

    #[test]
    fn own_bounds_are_above_the_common_one_and_of_gateways_that_are_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let names = super::super::names(&root).unwrap();
        for (name, most) in LARGER {
            assert!(*most > MOST && names.iter().any(|known| known == name), "{name}");
        }
    }
}
