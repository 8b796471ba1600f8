//! `gatehouse plugin keygen`, `sign` and `next-key`: an author's key, and what is signed with it.
//! The private key stays in its file.

use std::path::{Path, PathBuf};

use gatehouse_domain::time::Timestamp;
use gatehouse_domain::trust::{NextKey, Statement, check_id};
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Identity;
use serde_json::json;

use crate::author_key::{AuthorKey, read_public};
use crate::output::Out;
use crate::server::signature_beside;

/// What stands in a statement as what made it.
const BUILDER: &str = concat!("gatehouse ", env!("CARGO_PKG_VERSION"));

/// A key to make.
#[derive(Debug, clap::Args)]
pub(crate) struct Keygen {
    /// Where the private key goes; the public key goes beside it, with `.pub` at its end.
    #[arg(long, value_name = "FILE", default_value = "publisher.key")]
    out: PathBuf,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

/// What to sign.
#[derive(Debug, clap::Args)]
pub(crate) struct Sign {
    /// The built component.
    #[arg(value_name = "COMPONENT")]
    component: PathBuf,
    /// The file with the private key.
    #[arg(long, value_name = "FILE", default_value = "publisher.key")]
    key: PathBuf,
    /// The id under which deployments know the publisher.
    #[arg(long, value_name = "ID")]
    publisher: String,
    /// Where the signature goes [default: beside the component, with `.sig` at its end].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The next key.
#[derive(Debug, clap::Args)]
pub(crate) struct Next {
    /// The file with the present private key.
    #[arg(long, value_name = "FILE", default_value = "publisher.key")]
    key: PathBuf,
    /// The file with the new public key.
    #[arg(long, value_name = "FILE")]
    new: PathBuf,
    /// The id under which deployments know the publisher.
    #[arg(long, value_name = "ID")]
    publisher: String,
    /// Where the document goes, which operators take in with `POST /publishers/ID/rotate`.
    #[arg(long, value_name = "FILE", default_value = "next-key.txt")]
    out: PathBuf,
}

/// Makes a key.
pub(super) fn keygen(options: &Keygen, out: &mut Out<'_>) -> Result<()> {
    let mut public = options.out.as_os_str().to_owned();
    public.push(".pub");
    let public = PathBuf::from(public);
    if public.exists() {
        let message =
            format!("there is a file `{}` already, which is left as it is; name another with --out", public.display());
        return Err(Error::conflict(message));
    }
    let key = AuthorKey::create(&options.out)?;
    let (id, public_key) = (key.id()?, key.public_key());
    write(&public, &format!("{public_key}\n"))?;
    if options.json {
        return out.json(&json!({ "key": id, "public_key": public_key, "file": options.out, "public_file": public }));
    }
    out.line(format!("the key {id} is in {}: keep it secret, and a copy of it safe", options.out.display()))?;
    out.line(format!("  public key  {public_key}"))?;
    out.line("Operators enter it with `POST /api/v1/publishers`; plugins are signed with `gatehouse plugin sign`")
}

/// Signs a component.
pub(super) fn sign(options: &Sign, out: &mut Out<'_>) -> Result<()> {
    let (statement, key, document) = signed(&read(&options.component)?, &options.key, &options.publisher)?;
    let file = options.out.clone().unwrap_or_else(|| signature_beside(&options.component));
    write(&file, &document)?;
    let Statement { plugin, version, publisher, .. } = &statement;
    out.line(format!("{plugin} {version} is signed by {publisher} with the key {key}: {}", file.display()))
}

/// The signature file of a component.
///
/// # Errors
/// Where the key can not be read or the component is no plugin.
pub(super) fn document(component: &[u8], key: &Path, publisher: &str) -> Result<String> {
    signed(component, key, publisher).map(|(_, _, document)| document)
}

/// What was said, the id of the key that it was said with, and the whole as a file.
fn signed(component: &[u8], key: &Path, publisher: &str) -> Result<(Statement, String, String)> {
    check_id(publisher)?;
    let key = AuthorKey::load(key)?;
    let identity = Identity::of(component)?;
    let statement = Statement {
        publisher: publisher.to_owned(),
        plugin: identity.manifest.id,
        version: identity.manifest.version,
        component: identity.component,
        manifest: identity.manifest_digest,
        contracts: identity.contracts,
        builder: BUILDER.to_owned(),
        signed_at: Timestamp::now(),
    };
    let document = key.sign(&statement)?;
    Ok((statement, key.id()?, document))
}

/// Signs for the next key.
pub(super) fn next(options: &Next, out: &mut Out<'_>) -> Result<()> {
    check_id(&options.publisher)?;
    let key = AuthorKey::load(&options.key)?;
    let public_key = read_public(&options.new)?;
    if public_key == key.public_key() {
        return Err(Error::invalid("the new key is the present one; make another with `gatehouse plugin keygen`"));
    }
    let said = NextKey { publisher: options.publisher.clone(), public_key, signed_at: Timestamp::now() };
    write(&options.out, &key.sign(&said)?)?;
    out.line(format!("the key {} signed for the next one: {}", key.id()?, options.out.display()))
}

/// Reads a file that an option names.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Error::invalid(format!("{} can not be read", path.display())).caused_by(error))
}

fn write(path: &Path, text: &str) -> Result<()> {
    let failed = |error| Error::invalid(format!("{} can not be written", path.display())).caused_by(error);
    std::fs::write(path, text).map_err(failed)
}
