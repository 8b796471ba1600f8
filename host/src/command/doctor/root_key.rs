//! The root key's file: that it is there or will be made, that only its owner can read it, and
//! that it holds a key. The key itself is never shown.

use std::path::Path;

use gatehouse_broker::RootKey;

use crate::command::doctor::Finding;
use crate::config::Config;

const KEY: &str = "root key";

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

fn existing(path: &Path) -> Finding {
    if !path.exists() {
        return Finding::failed(KEY, format!("{} leads nowhere", path.display()), "repair the link");
    }
    match RootKey::load_or_create(path) {
        Ok(_) => Finding::ok(KEY, format!("{} holds a key that only its owner can read", path.display())),
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
    fn a_link_that_leads_nowhere_is_not_followed_into_a_new_key() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("root.key");
        std::os::unix::fs::symlink(folder.path().join("gone"), &link).unwrap();
        assert_eq!(existing(&link).verdict, Verdict::Failed);
    }
}
