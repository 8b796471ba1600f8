//! `gatehouse plugin build`: compiles a plugin's folder, packages it with its manifest,
//! documentation and fixtures, and inspects the result as a server would.

use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Inspection;
use gatehouse_runtime::package::sizes::Sizes;
use serde::Serialize;

use crate::command::plugin::compile;
use crate::output::{Out, bytes};

/// What to build.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The plugin's folder, with plugin.toml and Cargo.toml, gateway.js or gateway.py.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Where to put the component [default: plugins/<id>-<version>.wasm in cargo's target folder, or dist/].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

/// What was built.
#[derive(Debug, Serialize)]
struct Built {
    /// The file.
    component: PathBuf,
    id: String,
    version: String,
    /// SHA-256 of the file, in hexadecimal.
    digest: String,
    /// Its size in bytes.
    size: u64,
    /// What of that is code, and what else is in it.
    sizes: Sizes,
    /// The codes of what it can do.
    capabilities: Vec<String>,
}

/// Builds it and writes it.
pub(super) fn run(options: &Options, out: &mut Out<'_>) -> Result<()> {
    let made = compile::made(&options.folder)?;
    let path = options.out.clone().unwrap_or(made.path);
    write(&path, &made.component)?;
    let built = Built::of(path, &made.inspection, Sizes::of(&made.component)?);
    if options.json { out.json(&built) } else { show(&built, out) }
}

impl Built {
    fn of(component: PathBuf, inspection: &Inspection, sizes: Sizes) -> Self {
        Self {
            component,
            id: inspection.manifest.id.clone(),
            version: inspection.manifest.version.to_string(),
            digest: inspection.digest.clone(),
            size: inspection.size,
            sizes,
            capabilities: inspection.capabilities.iter().map(|capability| capability.code.clone()).collect(),
        }
    }
}

/// Whole or not at all: a server may read the folder at any time.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| {
        let mut beside = tempfile::NamedTempFile::new_in(folder)?;
        std::io::Write::write_all(&mut beside, bytes)?;
        make_readable(beside.as_file())?;
        beside.persist(path).map_err(|error| error.error)
    });
    written.map(|_| ()).map_err(|error| {
        Error::unavailable(format!("{} can not be written; name another file with --out", path.display()))
            .caused_by(error)
    })
}

/// A temporary file is its owner's alone; a component is no secret.
fn make_readable(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

fn show(built: &Built, out: &mut Out<'_>) -> Result<()> {
    out.line(format!("{} {} is {}", built.id, built.version, built.component.display()))?;
    out.table(&[
        vec!["size".to_owned(), bytes(built.size)],
        vec!["of which".to_owned(), parts(&built.sizes)],
        vec!["digest".to_owned(), format!("sha256:{}", built.digest)],
        vec!["capabilities".to_owned(), built.capabilities.join(", ")],
    ])
}

fn parts(sizes: &Sizes) -> String {
    let Sizes { component, manifest, documentation, fixtures, showcase } = *sizes;
    let named = [
        ("component", component),
        ("fixtures", fixtures),
        ("documentation", documentation),
        ("manifest", manifest),
        ("showcase", showcase),
    ];
    let parts: Vec<String> = named.iter().map(|(name, size)| format!("{name} {}", bytes(*size))).collect();
    parts.join(", ")
}
