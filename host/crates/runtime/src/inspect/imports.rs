//! What a component asks the host for, against what the host lends.

use gatehouse_domain::error::{Error, Result};
use gatehouse_domain::manifest::Manifest;
use wit_parser::{Interface, WorldItem, WorldKey};

use super::component::Decoded;
use super::contract::{SERVED, is_served};
use crate::shape::build::interface_name;

/// What is lent of `gatehouse:plugin`.
const LENT: &[&str] = &["context", "http", "log"];

/// What is linked of WASI 0.2: clocks, random, stdio that ends in the log, and the empty
/// rest that a language's standard library insists on. There are no files, no sockets, no
/// environment and no arguments behind it.
const WASI: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

/// The interfaces that a component imports, those that hold only types left out.
#[derive(Debug, Default)]
pub(crate) struct Imports {
    /// What the host lends.
    pub(crate) lent: Vec<String>,
    /// What other plugins have to bring.
    pub(crate) wanted: Vec<String>,
}

/// Reads the imports. What the host does not lend has to be brought by other plugins, and that
/// only where the manifest names some. A helper is lent nothing of ours: no requests, no context, no log.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`], naming the import and what is lent.
pub(crate) fn check(decoded: &Decoded, manifest: &Manifest) -> Result<Imports> {
    let mut found = Imports::default();
    for (key, item) in &decoded.world()?.imports {
        let name = match item {
            WorldItem::Interface { id, .. } => interface(decoded, key, *id)?,
            WorldItem::Function(function) => return Err(refused(&function.name)),
            WorldItem::Type { .. } => None,
        };
        let Some(name) = name else { continue };
        if !manifest.dependencies.is_empty() && !is_ours(&name) {
            found.wanted.push(name);
        } else if manifest.helper && name.starts_with("gatehouse:") {
            return Err(not_for_helpers(&name));
        } else if is_lent(&name)? {
            found.lent.push(name);
        } else {
            return Err(refused(&name));
        }
    }
    found.lent.sort();
    found.wanted.sort();
    Ok(found)
}

/// Whether it can only be lent by a host.
pub(crate) fn is_ours(name: &str) -> bool {
    name.starts_with("gatehouse:") || name.starts_with("wasi:")
}

fn not_for_helpers(name: &str) -> Error {
    let message = format!("the helper imports `{name}`, which is lent to gateways only");
    Error::invalid(format!("{message}: take what it needs as parameters"))
}

/// The name of an interface with functions; none where it holds only types.
fn interface(decoded: &Decoded, key: &WorldKey, id: wit_parser::InterfaceId) -> Result<Option<String>> {
    let Some(interface) = decoded.resolve.interfaces.get(id) else {
        return Err(Error::internal("the decoded component imports an interface that it does not hold"));
    };
    if only_types(decoded, interface) {
        return Ok(None);
    }
    let name = match key {
        WorldKey::Interface(_) => interface_name(&decoded.resolve, interface),
        WorldKey::Name(name) => return Err(refused(name)),
    };
    name.map(Some).ok_or_else(|| refused(""))
}

fn only_types(decoded: &Decoded, interface: &Interface) -> bool {
    let resource = |id: &wit_parser::TypeId| {
        decoded.resolve.types.get(*id).is_none_or(|ty| matches!(ty.kind, wit_parser::TypeDefKind::Resource))
    };
    interface.functions.is_empty() && !interface.types.values().any(resource)
}

fn is_lent(name: &str) -> Result<bool> {
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    if let Some(ours) = interface.strip_prefix("gatehouse:plugin/") {
        if !LENT.contains(&ours) {
            return Ok(false);
        }
        return is_served(version).then_some(true).ok_or_else(|| not_served(name));
    }
    Ok(WASI.contains(&interface) && version.starts_with("0.2."))
}

fn not_served(name: &str) -> Error {
    Error::invalid(format!("the component imports `{name}`; this host serves {}", SERVED.join(", ")))
}

fn refused(name: &str) -> Error {
    let ours: Vec<String> = LENT.iter().map(|name| format!("gatehouse:plugin/{name}@{}", SERVED.join("/"))).collect();
    Error::invalid(format!(
        "the component imports `{name}`, which the host does not lend: it lends {} and, of WASI 0.2, {}; what another \
         plugin lends needs its id in `dependencies`",
        ours.join(", "),
        WASI.join(", ")
    ))
}
