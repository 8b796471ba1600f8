//! `gatehouse plugin new`: a folder with a gateway in it that builds and passes its tests as it is.

use std::path::PathBuf;

use gatehouse_domain::{Error, Result};
use serde_json::json;

use crate::author::languages::Language;
use crate::author::scaffold::{self, Wish};
use crate::author::{kinds, sdk};
use crate::output::Out;

/// What to begin.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The provider's name, such as `acme` or `"Acme Pay"`.
    #[arg(value_name = "NAME")]
    name: String,
    /// The language to write it in.
    #[arg(long, value_name = "LANGUAGE", default_value = "rust")]
    lang: Language,
    /// What it does: payments, accounting, messaging, email, calendar, crm, marketing, commerce, documents or automation.
    #[arg(long, value_name = "KIND")]
    kind: String,
    /// Where to put it [default: a folder named after it].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Who publishes it [default: the plugin's id].
    #[arg(long, value_name = "ID")]
    publisher: Option<String>,
    /// Its licence, as SPDX writes it.
    #[arg(long, value_name = "LICENCE", default_value = "Apache-2.0")]
    license: String,
    /// A folder with the Rust SDK to use in place of the one that this program carries.
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

/// Which folder to bring up to date.
#[derive(Debug, clap::Args)]
pub(crate) struct Sdk {
    /// The plugin's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

/// Writes it and says how to go on.
pub(super) fn run(options: &Options, out: &mut Out<'_>) -> Result<()> {
    let Some(kind) = kinds::find(&options.kind) else {
        let message = format!("there is no kind `{}`; give one of {}", options.kind, kinds::names().join(", "));
        return Err(Error::invalid(message));
    };
    let id = scaffold::id_of(&options.name)?;
    let sdk = options.sdk.as_deref().map(sdk_at).transpose()?;
    let folder = options.dir.clone().unwrap_or_else(|| PathBuf::from(&id));
    let wish = Wish {
        name: &options.name,
        kind,
        language: options.lang,
        publisher: options.publisher.as_deref().unwrap_or(&id),
        license: &options.license,
        sdk: sdk.as_deref(),
    };
    let files = scaffold::write(&folder, &wish)?;
    if options.json {
        return out.json(&json!({ "id": id, "folder": folder, "files": files }));
    }
    let shown = folder.display();
    out.line(format!("{} is in {shown}: {} files and what they are built against", options.name, files.len()))?;
    out.line(format!("  gatehouse plugin test {shown}      # builds it, plays its fixtures on the component"))?;
    out.line(format!("  gatehouse plugin check {shown}     # says what does not fit together"))?;
    out.line(format!("  gatehouse plugin publish {shown}   # builds, checks and uploads it"))
}

/// Writes the SDK and the contracts of this program into a folder in place of those that are there.
pub(super) fn update(options: &Sdk, out: &mut Out<'_>) -> Result<()> {
    if !options.folder.join("plugin.toml").is_file() {
        let message = format!("{} has no plugin.toml; name a plugin's folder", options.folder.display());
        return Err(Error::invalid(message));
    }
    let written = match Language::of(&options.folder) {
        Language::Rust => sdk::write_rust(&options.folder)?,
        _ => sdk::write_contracts(&options.folder)?,
    };
    out.line(format!("{} is what this program ({}) carries", written.display(), env!("CARGO_PKG_VERSION")))
}

/// A path that holds from within the gateway's folder too.
fn sdk_at(path: &std::path::Path) -> Result<PathBuf> {
    let found = path.canonicalize().ok().filter(|path| path.join("Cargo.toml").is_file());
    found.ok_or_else(|| Error::invalid(format!("{} holds no SDK: it has no Cargo.toml", path.display())))
}
