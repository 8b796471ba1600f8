//! Composition: helpers linked into the component that needs them, as one component with its own
//! digest. It changes no code of either, and knows nothing of how helpers are chosen.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use gatehouse_domain::error::{Error, Result};
use gatehouse_domain::plugin::PluginRef;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};
use wit_parser::{IndexMap, Interface, WorldItem, WorldKey};

use crate::inspect::component::{self, Decoded};
use crate::sections;
use crate::shape::build::interface_name;

/// A helper to link into a component.
pub struct Linked<'a> {
    /// Which one it is.
    pub plugin: &'a PluginRef,
    /// Its component.
    pub component: &'a [u8],
}

/// Links helpers into a component; each is instantiated once, whoever needs it. They are given
/// in an order in which each comes after those that it needs itself. The sections of the
/// component are those of the whole.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] where an import is left that no helper brings, where
/// the types of the two sides differ, or where a helper brings nothing that is asked for.
pub fn compose(component: &[u8], helpers: &[Linked<'_>]) -> Result<Vec<u8>> {
    // Composition is written for components that tools made, as the decoder is.
    let composed = catch_unwind(AssertUnwindSafe(|| linked(component, helpers)));
    let composed = composed.unwrap_or_else(|_| Err(Error::invalid("the component can not be linked with its helpers")));
    sections::copy(component, &composed?)
}

/// What a component imports or exports.
type Items = IndexMap<WorldKey, WorldItem>;

/// What is offered so far, by the name of the interface.
type Offers = BTreeMap<String, Offer>;

/// An interface of a helper that is instantiated.
struct Offer {
    instance: NodeId,
    helper: usize,
}

struct Linker {
    graph: CompositionGraph,
    offers: Offers,
    used: Vec<bool>,
}

fn linked(root: &[u8], helpers: &[Linked<'_>]) -> Result<Vec<u8>> {
    let mut linker = Linker { graph: CompositionGraph::new(), offers: Offers::new(), used: vec![false; helpers.len()] };
    for (index, helper) in helpers.iter().enumerate() {
        let PluginRef { id, version, .. } = helper.plugin;
        let decoded = component::decode(helper.component)?;
        let name = format!("gatehouse-helper:{id}");
        let instance = linker.instance(&name, &version.to_string(), helper.component, &decoded)?;
        for interface in functional(&decoded, &decoded.world()?.exports) {
            if linker.offers.insert(interface.clone(), Offer { instance, helper: index }).is_some() {
                return Err(Error::invalid(format!("two helpers bring `{interface}`; {id}@{version} is one of them")));
            }
        }
    }
    let decoded = component::decode(root)?;
    let instance = linker.instance("gatehouse-plugin:root", "0.0.0", root, &decoded)?;
    linker.check_used(helpers)?;
    for export in all(&decoded, &decoded.world()?.exports) {
        let node = linker.graph.alias_instance_export(instance, &export).map_err(failed)?;
        linker.graph.export(node, export).map_err(failed)?;
    }
    let options = EncodeOptions { validate: false, ..EncodeOptions::default() };
    linker.graph.encode(options).map_err(failed)
}

impl Linker {
    fn instance(&mut self, name: &str, version: &str, bytes: &[u8], decoded: &Decoded) -> Result<NodeId> {
        let package = self.package(name, bytes)?;
        let instance = self.graph.instantiate(package);
        for wanted in functional(decoded, &decoded.world()?.imports) {
            if wanted.starts_with("gatehouse:") || wanted.starts_with("wasi:") {
                continue;
            }
            let Some(offer) = self.offers.get(&wanted) else {
                let offered: Vec<&str> = self.offers.keys().map(String::as_str).collect();
                let offered = if offered.is_empty() { "nothing".to_owned() } else { offered.join(", ") };
                let message = format!("`{wanted}` is imported, and its `dependencies` bring {offered}");
                return Err(Error::invalid(message).with("component", format!("{name}@{version}")));
            };
            if let Some(used) = self.used.get_mut(offer.helper) {
                *used = true;
            }
            let node = self.graph.alias_instance_export(offer.instance, &wanted).map_err(failed)?;
            self.graph.set_instantiation_argument(instance, &wanted, node).map_err(|error| {
                Error::invalid(format!("`{wanted}` is imported with other types than its helper has: {error:#}"))
            })?;
        }
        Ok(instance)
    }

    fn package(&mut self, name: &str, bytes: &[u8]) -> Result<PackageId> {
        let package = Package::from_bytes(name, None, bytes.to_vec(), self.graph.types_mut())
            .map_err(|error| Error::invalid(format!("the types of {name} can not be linked: {error:#}")))?;
        self.graph.register_package(package).map_err(failed)
    }

    fn check_used(&self, helpers: &[Linked<'_>]) -> Result<()> {
        match helpers.iter().zip(&self.used).find(|(_, used)| !**used) {
            None => Ok(()),
            Some((helper, _)) => {
                let id = &helper.plugin.id;
                let message = format!("nothing of the helper `{id}` is imported");
                Err(Error::invalid(message).at(format!("$.dependencies.{id}"), "is not needed: remove it"))
            }
        }
    }
}

/// The names of the interfaces that have functions.
fn functional(decoded: &Decoded, items: &Items) -> Vec<String> {
    named(decoded, items, |interface| !interface.functions.is_empty())
}

/// The names of all interfaces.
fn all(decoded: &Decoded, items: &Items) -> Vec<String> {
    named(decoded, items, |_| true)
}

fn named(decoded: &Decoded, items: &Items, keep: impl Fn(&Interface) -> bool) -> Vec<String> {
    let interfaces = items.values().filter_map(|item| match item {
        WorldItem::Interface { id, .. } => decoded.resolve.interfaces.get(*id),
        _ => None,
    });
    interfaces.filter(|interface| keep(interface)).filter_map(|one| interface_name(&decoded.resolve, one)).collect()
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::invalid(format!("the component can not be linked with its helpers: {error:#}"))
}
