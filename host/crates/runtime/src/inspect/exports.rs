//! What a component can do: capabilities are the functions of its exported interfaces.

use std::collections::BTreeMap;

use gatehouse_domain::capability::{Capability, code_of};
use gatehouse_domain::error::{Error, Result};
use gatehouse_domain::manifest::Manifest;
use wit_parser::{Function, FunctionKind, Interface, WorldItem, WorldKey};

use super::component::Decoded;
use super::contract::{SERVED, is_served};
use super::imports::is_ours;
use crate::package::docs::Docs;
use crate::shape::build::{Builder, interface_name};
use crate::shape::{Signature, schema};

/// What a component exports.
#[derive(Default)]
pub(crate) struct Exports {
    pub(crate) capabilities: Vec<Capability>,
    pub(crate) provides: Vec<String>,
    pub(crate) signatures: Vec<Signature>,
    pub(crate) connection: bool,
    pub(crate) sync: bool,
    pub(crate) webhook: bool,
    pub(crate) outcomes: bool,
    pub(crate) registrations: bool,
    pub(crate) backfill: bool,
}

/// Reads the exports, with the manifest's word on what each capability may change.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] for an export that can not be served.
pub(crate) fn read(decoded: &Decoded, manifest: &Manifest, docs: &Docs) -> Result<Exports> {
    if manifest.helper {
        return Ok(Exports { provides: of_helper(decoded)?, ..Exports::default() });
    }
    let mut reader = Reader {
        manifest,
        docs,
        builder: Builder::new(&decoded.resolve, docs),
        found: BTreeMap::new(),
        plugin: Vec::new(),
    };
    for (key, item) in &decoded.world()?.exports {
        reader.item(decoded, key, item)?;
    }
    let has = |name: &str| reader.plugin.iter().any(|found| found == name);
    let (connection, sync, webhook, outcomes) = (has("connection"), has("sync"), has("webhook"), has("outcomes"));
    let (registrations, backfill) = (has("registrations"), has("backfill"));
    let (capabilities, signatures) = reader.found.into_values().unzip();
    Ok(Exports {
        capabilities,
        provides: Vec::new(),
        signatures,
        connection,
        sync,
        webhook,
        outcomes,
        registrations,
        backfill,
    })
}

/// The interfaces that a helper lends to others: all that it exports, each of its own package.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] for an export that nobody could import.
fn of_helper(decoded: &Decoded) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for (key, item) in &decoded.world()?.exports {
        let id = match item {
            WorldItem::Interface { id, .. } => *id,
            WorldItem::Function(function) => return Err(loose(&function.name)),
            WorldItem::Type { .. } => continue,
        };
        let interface = decoded.resolve.interfaces.get(id);
        let name = interface.and_then(|interface| interface_name(&decoded.resolve, interface));
        match (name, key) {
            (Some(name), WorldKey::Interface(_)) if !is_ours(&name) => names.push(name),
            (Some(name), WorldKey::Interface(_)) => {
                let message = format!("the helper exports `{name}`, which is for gateways: export an own interface");
                return Err(Error::invalid(message));
            }
            (_, key) => return Err(loose(if let WorldKey::Name(name) = key { name } else { "" })),
        }
    }
    if names.is_empty() {
        return Err(Error::invalid("the helper exports no interface: there is nothing that others could use"));
    }
    names.sort();
    Ok(names)
}

struct Reader<'a> {
    manifest: &'a Manifest,
    docs: &'a Docs,
    builder: Builder<'a>,
    found: BTreeMap<String, (Capability, Signature)>,
    plugin: Vec<String>,
}

impl Reader<'_> {
    fn item(&mut self, decoded: &Decoded, key: &WorldKey, item: &WorldItem) -> Result<()> {
        let id = match item {
            WorldItem::Interface { id, .. } => *id,
            WorldItem::Function(function) => return Err(loose(&function.name)),
            WorldItem::Type { .. } => return Ok(()),
        };
        let interface = decoded.resolve.interfaces.get(id);
        let name = interface.and_then(|interface| interface_name(&decoded.resolve, interface));
        let (Some(interface), Some(name), WorldKey::Interface(_)) = (interface, name, key) else {
            let name = if let WorldKey::Name(name) = key { name.as_str() } else { "" };
            return Err(loose(name));
        };
        match name.strip_prefix("gatehouse:plugin/") {
            Some(ours) => self.contract(ours, &name),
            None => self.interface(&name, interface),
        }
    }

    fn contract(&mut self, ours: &str, name: &str) -> Result<()> {
        let (interface, version) = ours.split_once('@').unwrap_or((ours, ""));
        if interface == "types" {
            return Ok(());
        }
        if !matches!(interface, "connection" | "sync" | "webhook" | "outcomes" | "registrations" | "backfill") {
            return Err(Error::invalid(format!(
                "the component exports `{name}`; of gatehouse:plugin it may export connection, sync, webhook, outcomes, registrations and backfill"
            )));
        }
        if !is_served(version) {
            let served = SERVED.join(", ");
            return Err(Error::invalid(format!("the component exports `{name}`; this host serves {served}")));
        }
        self.plugin.push(interface.to_owned());
        Ok(())
    }

    fn interface(&mut self, name: &str, interface: &Interface) -> Result<()> {
        interface.functions.values().try_for_each(|function| self.function(name, function))
    }

    fn function(&mut self, interface: &str, function: &Function) -> Result<()> {
        if !matches!(function.kind, FunctionKind::Freestanding) {
            let message = format!("`{interface}` exports `{}`, which is no plain function", function.name);
            return Err(Error::invalid(format!("{message}: methods, resources and async have no JSON form")));
        }
        let signature = self.builder.signature(function);
        let signature = signature.map_err(|reason| Error::invalid(format!("`{interface}`: {reason}")))?;
        let code = code_of(&function.name);
        let capability = Capability {
            code: code.clone(),
            interface: interface.to_owned(),
            function: function.name.clone(),
            description: self.docs.of_function(interface, &function.name).unwrap_or_default(),
            effect: self.manifest.rules_of(&code).effect,
            parameters_schema: schema::of_parameters(&signature),
            result_schema: schema::of_result(&signature),
        };
        match self.found.insert(code.clone(), (capability, signature)) {
            None => Ok(()),
            Some((first, _)) => Err(Error::invalid(format!(
                "`{}` and `{interface}` both export `{}`: the code {code} must be unique, rename one",
                first.interface, function.name
            ))),
        }
    }
}

fn loose(name: &str) -> Error {
    Error::invalid(format!("the component exports `{name}` outside an interface of a package: move it into one"))
}
