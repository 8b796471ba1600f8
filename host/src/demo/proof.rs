//! The proof at the end of the tour: the secrets are in no answer and in no file.

use std::path::Path;

use gatehouse_domain::{Error, Result};

use super::client::Client;
use super::sample::Sample;

/// How much was searched.
pub(super) struct Searched {
    pub(super) answers: usize,
    pub(super) files: usize,
}

/// Searches every answer and every file under `folder` for every secret of the sample.
pub(super) fn search(sample: &Sample, client: &Client, folder: &Path) -> Result<Searched> {
    let answers = client.answers();
    for answer in &answers {
        check("an answer", answer.as_bytes(), sample)?;
    }
    let mut files = 0;
    search_folder(folder, sample, &mut files)?;
    Ok(Searched { answers: answers.len(), files })
}

fn search_folder(folder: &Path, sample: &Sample, files: &mut usize) -> Result<()> {
    let unreadable = |error| Error::unavailable(format!("`{}` can not be read", folder.display())).caused_by(error);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            search_folder(&path, sample, files)?;
        } else {
            check(&path.display().to_string(), &std::fs::read(&path).map_err(unreadable)?, sample)?;
            *files += 1;
        }
    }
    Ok(())
}

fn check(place: &str, bytes: &[u8], sample: &Sample) -> Result<()> {
    for (field, secret) in &sample.credentials {
        if bytes.windows(secret.len()).any(|window| window == secret.as_bytes()) {
            return Err(Error::internal(format!("{place} holds the credential's `{field}`")));
        }
    }
    Ok(())
}
