//! `gatehouse plugin verify`: whether a component is what a key's owner signed. It asks no server,
//! so it knows neither which publishers a deployment trusts nor which keys it revoked.

use std::path::PathBuf;

use gatehouse_domain::trust::{Document, Statement};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_engine::trust::ed25519::{is_signed_by, key_id};
use gatehouse_runtime::inspect::identity::{component_digest, manifest_digest};

use super::sign::read;
use crate::author_key::read_public;
use crate::output::Out;
use crate::server::signature_beside;

/// What to check.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The component.
    #[arg(value_name = "COMPONENT")]
    component: PathBuf,
    /// The file with the publisher's public key.
    #[arg(long, value_name = "FILE")]
    public_key: PathBuf,
    /// The signature [default: beside the component, with `.sig` at its end].
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Answer with the statement as JSON.
    #[arg(long)]
    json: bool,
}

/// Checks it.
pub(super) fn run(options: &Options, out: &mut Out<'_>) -> Result<()> {
    let component = read(&options.component)?;
    let file = options.signature.clone().unwrap_or_else(|| signature_beside(&options.component));
    let text = String::from_utf8(read(&file)?)
        .map_err(|_| Error::invalid(format!("{} is no signature: it is not text", file.display())))?;
    let document = Document::<Statement>::read(&text)?;
    let public_key = read_public(&options.public_key)?;
    check(&document, &public_key, &component)?;
    let said = &document.statement;
    if options.json {
        return out.json(said);
    }
    let (plugin, version, publisher) = (&said.plugin, &said.version, &said.publisher);
    out.line(format!(
        "{plugin} {version} is as {publisher} signed it on {} with the key {}",
        said.signed_at, document.key
    ))
}

fn check(document: &Document<Statement>, public_key: &str, component: &[u8]) -> Result<()> {
    let refused = |message: String| Err(Error::new(ErrorKind::Forbidden, message));
    let id = key_id(public_key)?;
    if document.key != id {
        return refused(format!(
            "the signature was made with the key {}, and the public key is that of {id}",
            document.key
        ));
    }
    if !is_signed_by(public_key, &document.message, &document.signature)? {
        return refused("the statement or its signature was changed after it was signed".to_owned());
    }
    if component_digest(component) == document.statement.component {
        return Ok(());
    }
    let manifest = manifest_digest(component).is_some_and(|found| found != document.statement.manifest);
    let what = if manifest { "manifest is" } else { "bytes are" };
    refused(format!("the component was changed after it was signed: its {what} not what the signature is for"))
}
