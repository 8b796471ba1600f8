//! `gatehouse plugin pull`: a component and its signature out of an OCI registry, into a folder
//! that a deployment reads, or to be uploaded.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Identity;
use serde_json::json;

use crate::output::{Out, bytes};
use crate::registry::{Login, Place, Pulled, Registry};
use crate::server::{signature_beside, threads};

/// What to pull, and where to.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What: `registry.example.com/team/shop:1.2.0`, or with `@sha256:…` in place of the tag.
    #[arg(value_name = "PLACE")]
    place: String,
    /// The file for the component [default: the plugin's id and version, in the current folder]. A
    /// signature goes beside it, with `.sig` at its end.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over files that hold something else.
    #[arg(long)]
    force: bool,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    login: Login,
}

/// Pulls it.
pub(super) fn run(options: &Options, out: &mut Out<'_>) -> Result<()> {
    let registry = Registry::new(Place::parse(&options.place)?, &options.login)?;
    let pulled = threads()?.block_on(registry.pull())?;
    let manifest = Identity::of(&pulled.component)?.manifest;
    let (id, version) = (manifest.id, manifest.version);
    let file = options.out.clone().unwrap_or_else(|| PathBuf::from(format!("{id}-{version}.wasm")));
    keep(&file, &pulled, options.force)?;
    let signed = pulled.signature.is_some();
    if options.json {
        return out.json(&json!({
            "plugin": id, "version": version, "digest": pulled.digest, "file": file, "signed": signed,
        }));
    }
    let size = bytes(u64::try_from(pulled.component.len()).unwrap_or(u64::MAX));
    out.line(format!("{id} {version} is in {} ({size}): {}", file.display(), pulled.digest))?;
    out.line(match signed {
        true => "  its signature is beside it, not checked here: `gatehouse plugin verify` does",
        false => "  unsigned: nobody stands for it",
    })
}

/// Both files or none: a component never stands beside the signature of another.
fn keep(file: &Path, pulled: &Pulled, force: bool) -> Result<()> {
    let beside = signature_beside(file);
    let signature = pulled.signature.as_ref().map(String::as_bytes);
    let wanted = [(file, Some(pulled.component.as_slice())), (beside.as_path(), signature)];
    for (path, bytes) in wanted {
        let differs = std::fs::read(path).is_ok_and(|found| Some(found.as_slice()) != bytes);
        if differs && !force {
            let message = format!("`{}` holds something else; name another with --out, or use --force", path.display());
            return Err(Error::conflict(message));
        }
    }
    match signature {
        Some(bytes) => write(&beside, bytes)?,
        None if beside.exists() => std::fs::remove_file(&beside).map_err(|error| unwritable(&beside, error))?,
        None => {}
    }
    write(file, &pulled.component)
}

/// Whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let attempt = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error).map(|_| ())
    };
    attempt().map_err(|error| unwritable(path, error))
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    Error::invalid(format!("{} can not be written", path.display())).caused_by(error)
}
