//! How large a built gateway may be, so that none grows unnoticed: its component, without the manifest,
//! documentation and fixtures that are packed into the same file.

use crate::plugins::Built;
use crate::run::{Failure, Result};

/// What a component stays below, in bytes: 250 KiB.
const MOST: u64 = 250 * 1024;

/// Prints the size of each and answers that of the largest component.
///
/// # Errors
/// All that are too large.
pub(crate) fn check(built: &[Built]) -> Result<u64> {
    for one in built {
        println!(
            "  {:<12}{:>9} bytes, {:>9} with its manifest, documentation and fixtures",
            one.name, one.component, one.file
        );
    }
    let problems: Vec<String> = built.iter().filter_map(|one| problem(&one.name, one.component)).collect();
    if !problems.is_empty() {
        return Err(Failure::new("sizes of plugins", problems.join("; ")));
    }
    Ok(built.iter().map(|one| one.component).max().unwrap_or_default())
}

fn problem(name: &str, size: u64) -> Option<String> {
    let words = format!("{name} has {size} bytes; at most {MOST} are allowed: see \"Sizes\" in plugins/README.md");
    (size > MOST).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_grows_unnoticed() {
        assert_eq!(problem("small", 256_000), None);
        assert!(problem("vast", 256_001).unwrap().starts_with("vast has 256001 bytes; at most 256000 are allowed"));
        let built = |component| Built { name: "vast".to_owned(), path: "vast.wasm".into(), component, file: 300_000 };
        assert_eq!(check(&[built(7), built(9)]).unwrap(), 9);
        assert!(check(&[built(256_001)]).unwrap_err().reason.contains("vast has 256001 bytes"));
    }
}
