//! `cargo xtask conformance`: the table of what every gateway has shown, made by the gateways' own tests and kept in
//! `plugins/README.md`. It puts tables together and compares; the proofs are `sdk/proof`'s.

use std::fs;
use std::path::{Path, PathBuf};

use crate::plugins;
use crate::run::{Failure, Result, Step};

const STEP: &str = "conformance";

/// Between these two lines the README has the tables.
const BEGIN: &str = "<!-- made by cargo xtask conformance --write -->";
const END: &str = "<!-- end of what is made -->";

/// What a cell says where the provider's document was not there to check against.
const NOT_AT_HAND: &str = "(document not at hand)";

/// Where the gateways' tests leave their tables.
pub(crate) fn folder(root: &Path) -> PathBuf {
    root.join("target/conformance")
}

/// Proves every gateway and prints the tables; `write` puts them into the README.
pub(crate) fn command(root: &Path, write: bool) -> Result<()> {
    let command = crate::test::tests(root, &["--test", "fixtures"]);
    Step::new("prove gateways", command).logged(root).run()?;
    let tables = tables(root)?;
    println!("{tables}");
    if write { write_into(&readme(root), &tables) } else { compare(root).map(drop) }
}

/// Holds the README against the tables of the last run of the gateways' tests, and answers what was compared.
pub(crate) fn compare(root: &Path) -> Result<String> {
    let tables = tables(root)?;
    let functions = tables.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| function ")).count();
    if tables.contains(NOT_AT_HAND) {
        return Ok(format!("{functions} functions; not compared, as a provider's document is not at hand"));
    }
    let text = read(&readme(root))?;
    if section(&text).is_some_and(|(_, kept, _)| kept.trim() == tables.trim()) {
        return Ok(format!("{functions} functions"));
    }
    let reason = "plugins/README.md does not have the tables as they are now";
    Err(Failure { by_hand: Some("cargo xtask conformance --write".to_owned()), ..Failure::new(STEP, reason) })
}

/// The tables of all gateways in order of name, each under its heading.
fn tables(root: &Path) -> Result<String> {
    let mut text = String::new();
    for gateway in plugins::names(root)? {
        let path = folder(root).join(format!("{gateway}.md"));
        let table = fs::read_to_string(&path).map_err(|error| {
            let reason = format!(
                "{} can not be read: {error}; a test in plugins/{gateway}/tests/fixtures.rs has to call \
                 gatehouse_proof::prove, and the folder to be called as the plugin's id",
                path.display()
            );
            Failure::new(STEP, reason)
        })?;
        text += &format!("### {gateway}\n\n{table}\n");
    }
    Ok(text)
}

fn readme(root: &Path) -> PathBuf {
    root.join("plugins/README.md")
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| Failure::new(STEP, format!("{}: {error}", path.display())))
}

/// What stands before, between and after the two lines.
fn section(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (kept, after) = rest.split_once(END)?;
    Some((before, kept, after))
}

fn write_into(readme: &Path, tables: &str) -> Result<()> {
    let text = read(readme)?;
    let Some((before, _, after)) = section(&text) else {
        return Err(Failure::new(STEP, format!("{} lacks the lines `{BEGIN}` and `{END}`", readme.display())));
    };
    let whole = format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", tables.trim());
    fs::write(readme, whole).map_err(|error| Failure::new(STEP, format!("{}: {error}", readme.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_kept_between_two_lines_and_compared() {
        let root = std::env::temp_dir().join(format!("xtask-conformance-{}", std::process::id()));
        fs::create_dir_all(root.join("plugins/acme")).unwrap();
        fs::create_dir_all(folder(&root)).unwrap();
        fs::write(root.join("plugins/acme/plugin.toml"), "").unwrap();
        fs::write(readme(&root), format!("before\n{BEGIN}\nold\n{END}\nafter\n")).unwrap();
        assert!(compare(&root).unwrap_err().reason.contains("gatehouse_proof::prove"), "no table was written");
        let table = "| function | document |\n|---|---|\n| test | 3 requests |\n";
        fs::write(folder(&root).join("acme.md"), table).unwrap();
        assert!(compare(&root).is_err());
        write_into(&readme(&root), &tables(&root).unwrap()).unwrap();
        assert_eq!(compare(&root).unwrap(), "1 functions");
        assert!(
            read(&readme(&root)).unwrap().starts_with("before\n")
                && read(&readme(&root)).unwrap().ends_with("\nafter\n")
        );
        fs::write(folder(&root).join("acme.md"), table.replace('3', "2")).unwrap();
        assert!(compare(&root).is_err());
        fs::remove_dir_all(&root).unwrap();
    }
}
