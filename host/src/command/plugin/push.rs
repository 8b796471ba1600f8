//! `gatehouse plugin push`: a built component and its signature into an OCI registry.

use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, Result};

use super::sign::read;
use crate::output::Out;
use crate::registry::{Artefact, Login, Place, Registry};
use crate::server::{signature_beside, threads};

/// What to push, and where to.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The built component; the signature beside it, with `.sig` at its end, goes along.
    #[arg(value_name = "COMPONENT")]
    component: PathBuf,
    /// Where to: `registry.example.com/team/shop`, with `:TAG` for a tag other than the version.
    #[arg(value_name = "PLACE")]
    place: String,
    /// Move the tag where it names another component.
    #[arg(long)]
    force: bool,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    login: Login,
}

/// Pushes it.
pub(super) fn run(options: &Options, out: &mut Out<'_>) -> Result<()> {
    let place = Place::parse(&options.place)?;
    if place.has_digest() {
        let message = format!("`{}` names a digest, which follows from what is pushed; leave it out", options.place);
        return Err(Error::invalid(message));
    }
    let artefact = Artefact::new(read(&options.component)?, signature(&options.component)?)?;
    let registry = Registry::new(place, &options.login)?;
    let pushed = threads()?.block_on(registry.push(&artefact, options.force))?;
    if options.json {
        return out.json(&pushed);
    }
    let did = if pushed.existed { "was there already" } else { "is pushed" };
    let signed = if pushed.signed { ", with its signature" } else { ", unsigned" };
    out.line(format!("{} {did}{signed}: {}", artefact.name(), pushed.digest))
}

fn signature(component: &Path) -> Result<Option<String>> {
    let file = signature_beside(component);
    if !file.exists() {
        return Ok(None);
    }
    let text = String::from_utf8(read(&file)?);
    text.map(Some).map_err(|_| Error::invalid(format!("{} is no signature: it is not text", file.display())))
}
