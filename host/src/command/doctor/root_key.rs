//! The root keys' files: that they are there or will be made, that only their owner can read them,
//! that they hold keys, and which of them the data needs. The keys themselves are never shown.

use std::path::Path;

use gatehouse_broker::RootKey;
use gatehouse_domain::ErrorKind;

use crate::command::doctor::Finding;
use crate::config::Config;
use crate::server::key_note::KeyNote;

const KEY: &str = "root key";
const OLDER: &str = "older root keys";

/// Looks at the file. That it is outside the data folder is a rule of the configuration.
pub(super) fn examine(config: &Config) -> Finding {
    let (path, data) = (&config.root_key_file, &config.data_dir);
    match path.symlink_metadata() {
        Ok(_) => existing(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => missing(path, data),
        Err(error) => {
            let fix = "set `root_key_file` to a file that the user that serves can read";
            Finding::failed(KEY, format!("{} can not be looked at: {error}", path.display()), fix)
        }
    }
}

/// Compares what the data needs, as the server noted it when it ran last, with what is given. It
/// has nothing to say of data that no server has used yet.
pub(super) fn examine_needed(config: &Config) -> Option<Finding> {
    let note = KeyNote::read(&config.data_dir)?;
    let current = RootKey::load(&config.root_key_file).ok()?.id();
    let mut given = vec![current.clone()];
    for path in &config.previous_root_key_files {
        match RootKey::load(path) {
            Ok(key) => given.push(key.id()),
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => return Some(Finding::failed(OLDER, error.message, "repair it as said")),
        }
    }
    Some(judge(&note, &current, &given))
}

fn judge(note: &KeyNote, current: &str, given: &[String]) -> Finding {
    let listed = |ids: &[&str]| ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    let missing: Vec<&str> = note.needed().filter(|id| !given.iter().any(|one| one == id)).collect();
    if !missing.is_empty() {
        let found = format!("the data is sealed under {}, which no file that is named holds", listed(&missing));
        let fix = "name the file that holds it in `root_key_file` or `previous_root_key_files`";
        return Finding::failed(OLDER, found, fix);
    }
    if note.in_use != current {
        let found = format!("`{}` is in use, and `root_key_file` holds `{current}`", note.in_use);
        return Finding::note(OLDER, found, "start the server and run `gatehouse keys rotate-root`");
    }
    if !note.older.is_empty() {
        let older: Vec<&str> = note.older.iter().map(String::as_str).collect();
        let found = format!("`{current}` is in use, and something may still be sealed under {}", listed(&older));
        return Finding::note(OLDER, found, "leave the older files; the server goes on sealing again when it runs");
    }
    let unneeded: Vec<&str> = given.iter().map(String::as_str).filter(|id| *id != current).collect();
    if unneeded.is_empty() {
        return Finding::ok(OLDER, format!("everything is sealed under `{current}`"));
    }
    let found = format!("everything is sealed under `{current}`; nothing needs {}", listed(&unneeded));
    Finding::note(OLDER, found, "take the older files out of `previous_root_key_files`; only older backups need them")
}

fn existing(path: &Path) -> Finding {
    if !path.exists() {
        return Finding::failed(KEY, format!("{} leads nowhere", path.display()), "repair the link");
    }
    match RootKey::load(path) {
        Ok(key) => {
            Finding::ok(KEY, format!("{} holds the key `{}`, which only its owner can read", path.display(), key.id()))
        }
        Err(error) => {
            Finding::failed(KEY, error.message, "repair it as said, and keep a copy of the key apart from the data")
        }
    }
}

/// A new key does not open old data, so a key that is missing beside data is lost.
fn missing(path: &Path, data: &Path) -> Finding {
    let shown = path.display();
    let has_data = data.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if has_data {
        let found = format!("{shown} is not there, but {} has data that was sealed with it", data.display());
        return Finding::failed(KEY, found, "bring the key back from its copy, or set `root_key_file` to where it is");
    }
    Finding::ok(KEY, format!("{shown} will be made at the first start; keep a copy apart from the data"))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::command::doctor::Verdict;
    use crate::config::Surroundings;

    #[test]
    fn a_key_is_there_makeable_open_to_others_damaged_or_lost() {
        let check = |content: Option<&str>, mode: u32, with_data: bool, verdict: Verdict, expect: &str| {
            let folder = tempfile::tempdir().unwrap();
            let mut config = Config::defaults(&Surroundings::default());
            config.data_dir = folder.path().join("data");
            config.root_key_file = folder.path().join("root.key");
            if with_data {
                fs::create_dir_all(config.data_dir.join("store")).unwrap();
            }
            if let Some(content) = content {
                fs::write(&config.root_key_file, content).unwrap();
                fs::set_permissions(&config.root_key_file, Permissions::from_mode(mode)).unwrap();
            }
            let finding = examine(&config);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.contains(expect), "{finding:?}");
            assert_eq!(config.root_key_file.exists(), content.is_some(), "nothing is made");
            assert!(!format!("{finding:?}").contains("abab"), "the key is not shown");
        };
        let key = "ab".repeat(32);
        check(Some(&key), 0o600, true, Verdict::Ok, "only its owner");
        check(Some(&key), 0o644, true, Verdict::Failed, "can be read by others");
        check(Some(&key[..60]), 0o600, true, Verdict::Failed, "does not hold 32 bytes");
        check(None, 0, false, Verdict::Ok, "will be made");
        check(None, 0, true, Verdict::Failed, "has data");
    }

    #[test]
    fn what_the_data_needs_is_compared_with_what_is_given() {
        let check = |older: &[&str], current: &str, given: &[&str], verdict: Verdict, expect: &str| {
            let older = older.iter().map(|id| (*id).to_owned()).collect();
            let given: Vec<String> = given.iter().map(|id| (*id).to_owned()).collect();
            let finding = judge(&KeyNote { in_use: "aa".to_owned(), older }, current, &given);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.contains(expect), "{finding:?}");
        };
        check(&[], "aa", &["aa"], Verdict::Ok, "everything is sealed under `aa`");
        check(&[], "aa", &["aa", "bb"], Verdict::Note, "nothing needs `bb`");
        check(&[], "bb", &["bb", "aa"], Verdict::Note, "`aa` is in use, and `root_key_file` holds `bb`");
        check(&["bb"], "aa", &["aa", "bb"], Verdict::Note, "still be sealed under `bb`");
        check(&["bb"], "aa", &["aa"], Verdict::Failed, "sealed under `bb`");
        check(&[], "bb", &["bb"], Verdict::Failed, "sealed under `aa`");
        check(&["cc"], "bb", &["bb"], Verdict::Failed, "`aa`, `cc`");
    }

    #[test]
    fn a_link_that_leads_nowhere_is_not_followed_into_a_new_key() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("root.key");
        std::os::unix::fs::symlink(folder.path().join("gone"), &link).unwrap();
        assert_eq!(existing(&link).verdict, Verdict::Failed);
    }
}
