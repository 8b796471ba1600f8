//! A plugin version that is compiled and ready to be called.

use std::sync::Arc;

use gatehouse_domain::capability::Capability;
use gatehouse_domain::error::{Error, Result};
use gatehouse_domain::manifest::Manifest;
use serde_json::Value;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Val};

use crate::call::state::State;
use crate::inspect::contract::SERVED;
use crate::inspect::{Inspected, Inspection};
use crate::play::Play;
use crate::shape::{Signature, compiled, parse, render};

/// Where the code of a loaded plugin came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The compile cache.
    Cache,
    /// The compiler: this host had not seen it before.
    Compiler,
    /// Nowhere: it is no component.
    Played,
}

/// A plugin version, ready to be called. Calls in flight keep it alive.
pub struct Plugin {
    /// What is known of it.
    pub inspection: Inspection,
    /// Where its code came from as it was loaded.
    pub source: Source,
    body: Body,
}

/// What is called.
enum Body {
    Component(Box<Code>),
    Played(Arc<dyn Play>),
}

/// A compiled component.
pub(crate) struct Code {
    pub(crate) pre: InstancePre<State>,
    pub(crate) contract: ContractExports,
    functions: Vec<Function>,
}

/// Parameters that fit one capability of one plugin version.
#[derive(Debug, Clone)]
pub struct Parameters {
    digest: Arc<str>,
    index: usize,
    pub(crate) function: Arc<str>,
    pub(crate) values: Vec<Val>,
}

/// Where the functions of `gatehouse:plugin` are, as far as they are exported.
#[derive(Default)]
pub(crate) struct ContractExports {
    pub(crate) test: Option<ComponentExportIndex>,
    pub(crate) parse: Option<ComponentExportIndex>,
    pub(crate) pull: Option<ComponentExportIndex>,
    pub(crate) push: Option<ComponentExportIndex>,
    pub(crate) look_up: Option<ComponentExportIndex>,
    pub(crate) list_registrations: Option<ComponentExportIndex>,
    pub(crate) register: Option<ComponentExportIndex>,
    pub(crate) renew_registration: Option<ComponentExportIndex>,
    pub(crate) unregister: Option<ComponentExportIndex>,
    pub(crate) list_events: Option<ComponentExportIndex>,
}

struct Function {
    export: ComponentExportIndex,
    name: Arc<str>,
    digest: Arc<str>,
    signature: Signature,
}

impl Plugin {
    pub(crate) fn new(
        inspected: Inspected,
        component: &Component,
        pre: InstancePre<State>,
        source: Source,
    ) -> Result<Self> {
        let digest: Arc<str> = inspected.inspection.digest.as_str().into();
        let mut functions = Vec::with_capacity(inspected.signatures.len());
        for (capability, signature) in inspected.inspection.capabilities.iter().zip(inspected.signatures) {
            let Some(export) = export(component, &capability.interface, &capability.function) else {
                return Err(Error::internal(format!("the compiled component has no `{}`", capability.function)));
            };
            check_types(component, &pre, capability, &signature)?;
            let name = capability.function.as_str().into();
            functions.push(Function { export, name, digest: digest.clone(), signature });
        }
        let contract = ContractExports::find(component);
        let body = Body::Component(Box::new(Code { pre, contract, functions }));
        Ok(Self { inspection: inspected.inspection, source, body })
    }

    /// A gateway that is no component and has no capabilities.
    pub(crate) fn played(inspection: Inspection, gateway: Arc<dyn Play>) -> Self {
        Self { inspection, source: Source::Played, body: Body::Played(gateway) }
    }

    /// The compiled component, where it is one.
    pub(crate) fn code(&self) -> Option<&Code> {
        match &self.body {
            Body::Component(code) => Some(code),
            Body::Played(_) => None,
        }
    }

    /// What answers in the place of a component.
    pub(crate) fn player(&self) -> Option<Arc<dyn Play>> {
        match &self.body {
            Body::Component(_) => None,
            Body::Played(gateway) => Some(Arc::clone(gateway)),
        }
    }

    fn functions(&self) -> &[Function] {
        self.code().map_or(&[], |code| code.functions.as_slice())
    }

    /// What it can do, by code.
    pub fn capabilities(&self) -> &[Capability] {
        &self.inspection.capabilities
    }

    /// The manifest that it carries.
    pub fn manifest(&self) -> &Manifest {
        &self.inspection.manifest
    }

    /// SHA-256 of the component, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.inspection.digest
    }

    /// The capability with this code.
    pub fn capability(&self, code: &str) -> Option<&Capability> {
        self.index(code).and_then(|index| self.capabilities().get(index))
    }

    /// Parses the parameters of a capability.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] where there is no such capability;
    /// [`gatehouse_domain::ErrorKind::Invalid`] with every wrong place of the parameters.
    pub fn parse(&self, code: &str, parameters: &Value) -> Result<Parameters> {
        let found = self.index(code).and_then(|index| Some((index, self.functions().get(index)?)));
        let (index, function) = found.ok_or_else(|| Error::not_found("capability", code))?;
        let values = parse::parameters(&function.signature, parameters)?;
        Ok(Parameters { digest: function.digest.clone(), index, function: function.name.clone(), values })
    }

    /// A result as the capability itself would have answered it, from JSON that came another
    /// way: by a look-up, or from a person.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] where there is no such capability;
    /// [`gatehouse_domain::ErrorKind::Invalid`] with every wrong place of the result.
    pub fn check_result(&self, code: &str, result: &Value) -> Result<Value> {
        let function = self.index(code).and_then(|index| self.functions().get(index));
        let function = function.ok_or_else(|| Error::not_found("capability", code))?;
        let Some((shape, value)) = parse::result(&function.signature, result)? else { return Ok(Value::Null) };
        render::value(shape, &value).map_err(Error::internal)
    }

    /// Whether it can be asked if a connection works.
    pub fn tests_connections(&self) -> bool {
        self.code().map_or(self.inspection.has_connection, |code| code.contract.test.is_some())
    }

    /// Whether it can look up what became of a write.
    pub fn looks_up(&self) -> bool {
        self.code().map_or(self.inspection.has_outcomes, |code| code.contract.look_up.is_some())
    }

    /// The function that parameters were parsed for, if they were parsed for this version.
    pub(crate) fn function(&self, parameters: &Parameters) -> Option<(&ComponentExportIndex, &Signature)> {
        let function = self.functions().get(parameters.index)?;
        (function.digest == parameters.digest).then_some((&function.export, &function.signature))
    }

    fn index(&self, code: &str) -> Option<usize> {
        self.capabilities().binary_search_by(|capability| capability.code.as_str().cmp(code)).ok()
    }
}

impl ContractExports {
    fn find(component: &Component) -> Self {
        let find = |interface: &str, function: &str| {
            SERVED
                .iter()
                .find_map(|version| export(component, &format!("gatehouse:plugin/{interface}@{version}"), function))
        };
        Self {
            test: find("connection", "test"),
            parse: find("webhook", "parse"),
            pull: find("sync", "pull"),
            push: find("sync", "push"),
            look_up: find("outcomes", "look-up"),
            list_registrations: find("registrations", "list-registrations"),
            register: find("registrations", "register"),
            renew_registration: find("registrations", "renew-registration"),
            unregister: find("registrations", "unregister"),
            list_events: find("backfill", "list-events"),
        }
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let manifest = self.manifest();
        write!(f, "Plugin({} {} {})", manifest.id, manifest.version, self.digest())
    }
}

/// What tenants are told must be what will be called.
fn check_types(
    component: &Component,
    pre: &InstancePre<State>,
    capability: &Capability,
    signature: &Signature,
) -> Result<()> {
    let Capability { code, interface, function, .. } = capability;
    if compiled::agrees(pre.engine(), component, interface, function, signature) {
        return Ok(());
    }
    Err(Error::internal(format!("the compiled `{function}` has other types than `{code}` was read with")))
}

fn export(component: &Component, interface: &str, function: &str) -> Option<ComponentExportIndex> {
    let interface = component.get_export_index(None, interface)?;
    component.get_export_index(Some(&interface), function)
}
