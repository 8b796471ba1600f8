//! The deployment's identity and its own keys: made at the first start, opened at every other.
//! A start without the root keys that the data needs ends here, before anything is written.

use gatehouse_broker::{RootKey, RootKeys, SealedKeys, Vault};
use gatehouse_domain::audit::AuditEntry;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::{Deployment, OwnKeys};
use gatehouse_store::{Page, Store, Stored};
use rustix::rand::{GetRandomFlags, getrandom};

use crate::config::Config;

/// What opens everything, and whether its root key was made by this start.
pub(super) async fn open_vault(config: &Config, store: &Store) -> Result<(Vault, bool)> {
    let Some(known) = store.admin().get::<Deployment>(&()).await? else { return begin(config, store).await };
    let name = hex(&known.id);
    match known.own_keys.clone() {
        Some(own) => resume(config, store, &known, own, name).await,
        None => adopt(config, store, &known, name).await,
    }
    .map(|vault| (vault, false))
}

/// What opens data that was served before, for who only reads it: nothing is made and nothing is
/// written.
///
/// # Errors
/// [`ErrorKind::NotFound`] for data that no server of this version has served.
pub(crate) async fn open_served(config: &Config, store: &Store) -> Result<Vault> {
    let unserved = || {
        let data = config.data_dir.display();
        let message = format!("the data in `{data}` was not served by this version yet; start the server once");
        Error::new(ErrorKind::NotFound, message)
    };
    let known = store.admin().get::<Deployment>(&()).await?.ok_or_else(unserved)?;
    let own = known.own_keys.clone().ok_or_else(unserved)?;
    let roots = load(config, &own.needed().collect::<Vec<_>>())?;
    let keys = SealedKeys { root: own.root, keys: own.keys };
    match Vault::resume(roots, hex(&known.id), &keys)? {
        (vault, false) => Ok(vault),
        (_, true) => Err(unserved()),
    }
}

/// The first start: everything is new, and only now a root key may be made.
async fn begin(config: &Config, store: &Store) -> Result<(Vault, bool)> {
    let (root, made) = RootKey::load_or_create(&config.root_key_file)?;
    let mut id = [0; 16];
    getrandom(&mut id, GetRandomFlags::empty())
        .map_err(|error| Error::internal("the system's random source failed").caused_by(error))?;
    let vault = Vault::begin(RootKeys::new(root, previous(config)?), hex(&id))?;
    let own_keys = Some(sealed(&vault, vault.roots().current(), Vec::new())?);
    let mut change = store.change();
    change.admin().create(&Deployment { id, created_at: Timestamp::now(), own_keys })?;
    change.commit().await?;
    Ok((vault, made))
}

async fn resume(
    config: &Config,
    store: &Store,
    known: &Stored<Deployment>,
    own: OwnKeys,
    name: String,
) -> Result<Vault> {
    let roots = load(config, &own.needed().collect::<Vec<_>>())?;
    let keys = SealedKeys { root: own.root.clone(), keys: own.keys.clone() };
    let (vault, lacking) = Vault::resume(roots, name, &keys)?;
    if lacking {
        keep(store, known, sealed(&vault, &own.root, own.older)?).await?;
    }
    Ok(vault)
}

/// Data from before there were own keys: those that the root key gave are kept from now on. The
/// newest entry of the operators' trail tells which of the root keys that is.
async fn adopt(config: &Config, store: &Store, known: &Stored<Deployment>, name: String) -> Result<Vault> {
    let roots = load(config, &[])?;
    let newest = store.admin().list::<AuditEntry>(&Page::last(1)).await?.items.pop();
    let (vault, root) = match &newest {
        Some(entry) => {
            Vault::adopt(roots, name, |vault| vault.audit_seal_holds(entry.hash.as_bytes(), &unhex(&entry.seal)))?
        }
        None => Vault::adopt(roots, name, |_| true)?,
    };
    keep(store, known, sealed(&vault, &root, Vec::new())?).await?;
    Ok(vault)
}

fn sealed(vault: &Vault, root: &str, older: Vec<String>) -> Result<OwnKeys> {
    let SealedKeys { root, keys } = vault.seal_own_keys(root)?;
    Ok(OwnKeys { root, older, keys })
}

async fn keep(store: &Store, known: &Stored<Deployment>, own: OwnKeys) -> Result<()> {
    let mut change = store.change();
    change.admin().replace(known, &Deployment { own_keys: Some(own), ..known.record.clone() })?;
    change.commit().await.map(|_| ())
}

/// The root keys of the configuration, among which the `needed` ones have to be.
fn load(config: &Config, needed: &[&str]) -> Result<RootKeys> {
    let current = RootKey::load(&config.root_key_file).map_err(|error| match error.kind {
        ErrorKind::NotFound => lost(config, needed),
        _ => error,
    })?;
    let roots = RootKeys::new(current, previous(config)?);
    match needed.iter().find(|id| !roots.has(id)) {
        Some(id) => Err(not_given(config, id, &roots)),
        None => Ok(roots),
    }
}

/// The older root keys. A file that is gone is missed only where its key is needed.
fn previous(config: &Config) -> Result<Vec<RootKey>> {
    let mut found = Vec::new();
    for path in &config.previous_root_key_files {
        match RootKey::load(path) {
            Ok(key) => found.push(key),
            Err(error) if error.kind == ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), "a file of `previous_root_key_files` is not there")
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn lost(config: &Config, needed: &[&str]) -> Error {
    let (file, data) = (config.root_key_file.display(), config.data_dir.display());
    let id = needed.first().map(|id| format!("the root key `{id}`"));
    let id = id.unwrap_or_else(|| "a root key".to_owned());
    Error::invalid(format!(
        "there is no root key file `{file}`, and the data in `{data}` is sealed under {id}; bring the file back from \
         its copy, or set `root_key_file` to where it is"
    ))
}

fn not_given(config: &Config, id: &str, roots: &RootKeys) -> Error {
    let given = roots.ids().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    Error::invalid(format!(
        "the data in `{}` is sealed under the root key `{id}`, and the files of `root_key_file` and \
         `previous_root_key_files` hold {given}; name the file that holds `{id}` in one of the two",
        config.data_dir.display()
    ))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).filter_map(|d| u8::try_from(d).ok()).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}
