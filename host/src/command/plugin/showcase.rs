//! What a plugin's folder has to show in the marketplace: `icon.svg`, `README.md`, `CHANGELOG.md` and
//! the images in `screenshots/`, by name. What does not fit is named, and nothing is left out.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Showcase;

/// Reads everything, and checks it as a server would.
pub(super) fn read(folder: &Path) -> Result<Showcase> {
    let found = Showcase {
        icon: text(&folder.join("icon.svg"))?,
        readme: text(&folder.join("README.md"))?,
        changelog: text(&folder.join("CHANGELOG.md"))?,
        screenshots: images(&folder.join("screenshots"))?,
    };
    found.check()?;
    Ok(found)
}

fn text(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, error)),
    }
}

fn images(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(folder, error)),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    let mut paths = paths.map_err(|error| unreadable(folder, error))?;
    paths.sort();
    paths.iter().map(|path| fs::read(path).map_err(|error| unreadable(path, error))).collect()
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::invalid(format!("{} can not be read", path.display())).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_shows_what_is_in_it_by_name() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), Showcase::default());
        let png = |number: u8| [b"\x89PNG\r\n\x1a\n".as_slice(), &[number]].concat();
        fs::create_dir(folder.path().join("screenshots")).unwrap();
        fs::write(folder.path().join("screenshots/2-after.png"), png(2)).unwrap();
        fs::write(folder.path().join("screenshots/1-before.png"), png(1)).unwrap();
        fs::write(folder.path().join("CHANGELOG.md"), "## 1.0.0").unwrap();
        let found = read(folder.path()).unwrap();
        assert_eq!((found.screenshots, found.changelog.as_deref()), (vec![png(1), png(2)], Some("## 1.0.0")));
        fs::write(folder.path().join("screenshots/notes.txt"), "see above").unwrap();
        let error = read(folder.path()).unwrap_err();
        assert_eq!(error.problems[0].path, "screenshots[2]");
    }
}
