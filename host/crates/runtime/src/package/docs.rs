//! Documentation of WIT items, by name: taken from WIT text, kept in a section, found
//! again when schemas are built.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use gatehouse_domain::error::{Error, Result};
use serde::{Deserialize, Serialize};
use wit_parser::{SourceMap, TypeDef, TypeDefKind, UnresolvedPackage};

/// The WIT text of every released contract, a list of files for each package.
const RELEASED: &[&[(&str, &str)]] = include!(concat!(env!("OUT_DIR"), "/released.rs"));

/// What is said of interfaces (`ns:package/interface@1.0.0`), of their functions and types
/// (`…#name`), and of fields, cases and members (`…#name.member`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Docs(BTreeMap<String, String>);

impl Docs {
    /// What the released contracts say.
    pub(crate) fn released() -> &'static Self {
        static DOCS: LazyLock<Docs> = LazyLock::new(|| {
            let mut docs = Docs::default();
            for package in RELEASED {
                match Docs::of_sources(package.iter().copied()) {
                    Ok(found) => docs.add(&found),
                    Err(error) => tracing::error!(%error, "a released contract does not parse"),
                }
            }
            docs
        });
        &DOCS
    }

    /// What the files of one WIT package say.
    pub(crate) fn of_sources<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut docs = Self::default();
        let mut sources = SourceMap::new();
        let mut any = false;
        for (name, text) in files {
            sources.push_str(name, text);
            any = true;
        }
        if !any {
            return Ok(docs);
        }
        let group = sources.parse().map_err(|(sources, error)| {
            Error::invalid(format!("the WIT does not parse: {}", error.render(&sources)))
        })?;
        docs.add_package(&group.main);
        group.nested.iter().for_each(|package| docs.add_package(package));
        Ok(docs)
    }

    /// Adds what `other` says; it wins where both say something.
    pub(crate) fn add(&mut self, other: &Self) {
        self.0.extend(other.0.iter().map(|(name, text)| (name.clone(), text.clone())));
    }

    /// Forgets every interface that is not among these.
    pub(crate) fn keep_only(&mut self, interfaces: &BTreeSet<String>) {
        self.0.retain(|name, _| interfaces.contains(name.split('#').next().unwrap_or_default()));
    }

    /// What is said of a function of an interface.
    pub(crate) fn of_function(&self, interface: &str, function: &str) -> Option<String> {
        self.0.get(&format!("{interface}#{function}")).cloned()
    }

    /// What is said of a type of an interface, or of a member of it.
    pub(crate) fn of_type(&self, interface: &str, name: &str, member: Option<&str>) -> Option<String> {
        match member {
            Some(member) => self.0.get(&format!("{interface}#{name}.{member}")).cloned(),
            None => self.0.get(&format!("{interface}#{name}")).cloned(),
        }
    }

    fn add_package(&mut self, package: &UnresolvedPackage) {
        for (_, interface) in package.interfaces.iter() {
            let Some(name) = &interface.name else { continue };
            let id = package.name.interface_id(name);
            self.say(id.clone(), interface.docs.contents.as_deref());
            for (name, function) in &interface.functions {
                self.say(format!("{id}#{name}"), function.docs.contents.as_deref());
            }
            for (name, ty) in &interface.types {
                if let Some(definition) = package.types.get(*ty) {
                    self.add_type(&format!("{id}#{name}"), definition);
                }
            }
        }
    }

    fn add_type(&mut self, id: &str, definition: &TypeDef) {
        self.say(id.to_owned(), definition.docs.contents.as_deref());
        let mut say = |name: &str, docs: &wit_parser::Docs| self.say(format!("{id}.{name}"), docs.contents.as_deref());
        match &definition.kind {
            TypeDefKind::Record(record) => record.fields.iter().for_each(|field| say(&field.name, &field.docs)),
            TypeDefKind::Variant(variant) => variant.cases.iter().for_each(|case| say(&case.name, &case.docs)),
            TypeDefKind::Enum(members) => members.cases.iter().for_each(|case| say(&case.name, &case.docs)),
            TypeDefKind::Flags(flags) => flags.flags.iter().for_each(|flag| say(&flag.name, &flag.docs)),
            _ => {}
        }
    }

    fn say(&mut self, name: String, text: Option<&str>) {
        if let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) {
            self.0.insert(name, text.to_owned());
        }
    }
}
