//! The folders: that they are there or can be made, that they can be written, and that
//! their disk has room.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use crate::command::doctor::Finding;
use crate::config::Config;
use crate::output::bytes;

const DATA: &str = "data folder";
const SPACE: &str = "disk space";
const PLUGINS: &str = "plugins folder";

/// File systems over a network, whose locks and syncs the store can not rely on (statfs(2)).
const NETWORK: [(u64, &str); 4] = [(0x6969, "NFS"), (0xFF53_4D42, "CIFS"), (0xFE53_4D42, "SMB2"), (0x0102_1997, "9P")];

/// Looks at the data folder, its disk and the plugins folder.
pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![data(&config.data_dir)];
    if let Some(existing) = nearest_existing(&config.data_dir) {
        findings.push(space(existing, config.store.free_soft_bytes, config.store.free_hard_bytes));
        findings.extend(network(existing));
    }
    findings.extend(config.plugins_dir.as_deref().map(plugins));
    findings
}

fn data(folder: &Path) -> Finding {
    let shown = folder.display();
    match fs::metadata(folder) {
        Ok(about) if !about.is_dir() => {
            Finding::failed(DATA, format!("{shown} is no folder"), "set `data_dir` to a folder")
        }
        Ok(_) => match writable(folder) {
            Ok(()) => Finding::ok(DATA, format!("{shown} can be written")),
            Err(error) => Finding::failed(DATA, format!("{shown} can not be written: {error}"), owner_fix(folder)),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => match nearest_existing(folder).map(writable) {
            Some(Ok(())) => Finding::ok(DATA, format!("{shown} will be made at the first start")),
            _ => Finding::failed(
                DATA,
                format!("{shown} is not there and can not be made"),
                format!("make it for the user that serves: install -d -m 700 {shown}"),
            ),
        },
        Err(error) => Finding::failed(DATA, format!("{shown} can not be looked at: {error}"), owner_fix(folder)),
    }
}

fn owner_fix(folder: &Path) -> String {
    format!("give it to the user that serves: chown -R USER {0} && chmod 700 {0}", folder.display())
}

/// Whether a file can be made in a folder; the file is removed again.
fn writable(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".gatehouse-doctor-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).open(&probe)?;
    fs::remove_file(&probe)
}

fn nearest_existing(path: &Path) -> Option<&Path> {
    let usable = |path: &&Path| path.is_dir();
    path.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path }).find(usable)
}

fn space(folder: &Path, soft: u64, hard: u64) -> Finding {
    let about = match rustix::fs::statvfs(folder) {
        Ok(about) => about,
        Err(error) => return Finding::note(SPACE, format!("is not known: {error}"), "look at it with df"),
    };
    judge_space(about.f_bavail.saturating_mul(about.f_frsize), soft, hard)
}

fn judge_space(free: u64, soft: u64, hard: u64) -> Finding {
    let found = format!("{} free", bytes(free));
    let fix = |limit: u64, key: &str| format!("free some, or lower store.{key} ({})", bytes(limit));
    if free < hard {
        Finding::failed(SPACE, format!("{found}: nothing would be written"), fix(hard, "free_hard_bytes"))
    } else if free < soft {
        Finding::note(SPACE, format!("{found}: no new background work would be taken"), fix(soft, "free_soft_bytes"))
    } else {
        Finding::ok(SPACE, found)
    }
}

fn network(folder: &Path) -> Option<Finding> {
    let kind = u64::try_from(rustix::fs::statfs(folder).ok()?.f_type).ok()?;
    let (_, name) = NETWORK.iter().find(|(known, _)| *known == kind)?;
    let found = format!("{} is on a network file system ({name})", folder.display());
    Some(Finding::failed(
        DATA,
        found,
        "set `data_dir` to a folder on a local disk; locks and syncs are not reliable there",
    ))
}

fn plugins(folder: &Path) -> Finding {
    let shown = folder.display();
    match fs::read_dir(folder) {
        Ok(entries) => {
            let components =
                entries.flatten().filter(|entry| entry.path().extension().is_some_and(|kind| kind == "wasm"));
            Finding::ok(PLUGINS, format!("{shown} has {} .wasm files", components.count()))
        }
        Err(error) => {
            Finding::failed(PLUGINS, format!("{shown} can not be read: {error}"), "make it, or leave `plugins_dir` out")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::Verdict;

    #[test]
    fn the_data_folder_is_found_makeable_or_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let check = |path: &Path, verdict: Verdict, expect: &str| {
            let finding = data(path);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.contains(expect), "{finding:?}");
        };
        check(folder.path(), Verdict::Ok, "can be written");
        check(&folder.path().join("a/b"), Verdict::Ok, "will be made");
        check(&file, Verdict::Failed, "is no folder");
        check(&file.join("below"), Verdict::Failed, "can not be looked at");
        check(Path::new("/proc/nothing/here"), Verdict::Failed, "can not be made");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn space_is_judged_by_both_limits() {
        for (free, verdict) in [(10, Verdict::Failed), (60, Verdict::Note), (200, Verdict::Ok)] {
            assert_eq!(judge_space(free, 100, 50).verdict, verdict);
        }
        assert!(space(Path::new("/"), 0, 0).found.ends_with("free"));
    }

    #[test]
    fn plugins_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.wasm", "b.wasm", "notes.txt"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert!(plugins(folder.path()).found.contains("2 .wasm"));
        assert_eq!(plugins(&folder.path().join("none")).verdict, Verdict::Failed);
    }
}
