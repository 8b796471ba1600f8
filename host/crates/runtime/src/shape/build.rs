//! WIT types to shapes. Refuses what has no JSON form, naming where it is.

use gatehouse_domain::capability::json_name;
use wit_parser::{Function, Interface, Resolve, Result_, Type, TypeDef, TypeDefKind, TypeId, TypeOwner};

use super::{Case, Field, Kind, Label, Shape, Signature, Width};
use crate::package::docs::Docs;

/// How many types one plugin's signatures may unfold to. A type that uses another twice,
/// thirty levels deep, would unfold to a billion.
const MAX_SHAPES: usize = 20_000;
/// How deep types may nest, so that no walk over them can exhaust the stack.
const MAX_DEPTH: usize = 64;

/// Builds shapes from the types of one component.
pub(crate) struct Builder<'a> {
    resolve: &'a Resolve,
    docs: &'a Docs,
    left: usize,
    depth: usize,
    path: Vec<String>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(resolve: &'a Resolve, docs: &'a Docs) -> Self {
        Self { resolve, docs, left: MAX_SHAPES, depth: 0, path: Vec::new() }
    }

    /// The signature of a function.
    ///
    /// # Errors
    /// A sentence that names the place and the type that has no JSON form.
    pub(crate) fn signature(&mut self, function: &Function) -> Result<Signature, String> {
        self.path = vec![function.name.clone()];
        self.depth = 0;
        let mut parameters = Vec::with_capacity(function.params.len());
        for parameter in &function.params {
            let shape = self.within(&parameter.name, |builder| builder.shape(&parameter.ty))?;
            parameters.push(Field { name: label(&parameter.name, None), shape });
        }
        let (result, fallible) = self.within("result", |builder| builder.result(function.result.as_ref()))?;
        Ok(Signature { parameters, result, fallible, answers: function.result.is_some() })
    }

    fn result(&mut self, ty: Option<&Type>) -> Result<(Option<Shape>, bool), String> {
        let Some(ty) = ty else { return Ok((None, false)) };
        let Some(Result_ { ok, err }) = self.as_result(ty) else { return Ok((Some(self.shape(ty)?), false)) };
        if !err.is_some_and(|err| self.is_plugin_error(&err)) {
            return self.refuse("a result whose error is not `gatehouse:plugin/types.error`");
        }
        Ok((ok.map(|ok| self.shape(&ok)).transpose()?, true))
    }

    fn as_result(&self, ty: &Type) -> Option<Result_> {
        match &self.root(ty)?.kind {
            TypeDefKind::Result(result) => Some(result.clone()),
            _ => None,
        }
    }

    fn is_plugin_error(&self, ty: &Type) -> bool {
        let Some(definition) = self.root(ty) else { return false };
        let owner = self.owner(definition).unwrap_or_default();
        definition.name.as_deref() == Some("error") && owner.starts_with("gatehouse:plugin/types@")
    }

    fn shape(&mut self, ty: &Type) -> Result<Shape, String> {
        self.spend()?;
        self.depth += 1;
        let shape = self.any(ty)?;
        self.depth -= 1;
        Ok(shape)
    }

    fn any(&mut self, ty: &Type) -> Result<Shape, String> {
        let kind = match ty {
            Type::Bool => Kind::Bool,
            Type::U8 => Kind::Integer(Width::U8),
            Type::U16 => Kind::Integer(Width::U16),
            Type::U32 => Kind::Integer(Width::U32),
            Type::U64 => Kind::Integer(Width::U64),
            Type::S8 => Kind::Integer(Width::S8),
            Type::S16 => Kind::Integer(Width::S16),
            Type::S32 => Kind::Integer(Width::S32),
            Type::S64 => Kind::Integer(Width::S64),
            Type::F32 => Kind::Float32,
            Type::F64 => Kind::Float64,
            Type::Char => Kind::Char,
            Type::String => Kind::Text,
            Type::ErrorContext => return self.refuse("an error-context"),
            Type::Id(id) => return self.defined(*id),
        };
        Ok(Shape { docs: None, kind })
    }

    fn defined(&mut self, id: TypeId) -> Result<Shape, String> {
        let Some(definition) = self.resolve.types.get(id) else { return self.refuse("an unknown type") };
        let docs = self.docs_of(definition, None);
        let kind = match &definition.kind {
            TypeDefKind::Type(alias) => {
                let shape = self.shape(alias)?;
                return Ok(Shape { docs: docs.or(shape.docs), kind: shape.kind });
            }
            TypeDefKind::List(Type::U8) => Kind::Bytes,
            TypeDefKind::List(item) => Kind::List(self.within("[]", |builder| builder.shape(item))?.into()),
            TypeDefKind::Tuple(tuple) => Kind::Tuple(self.each(&tuple.types)?),
            TypeDefKind::Option(inner) => self.option(inner)?,
            TypeDefKind::Result(result) => Kind::Result(self.maybe(result.ok)?, self.maybe(result.err)?),
            TypeDefKind::Record(record) => {
                let fields = record.fields.iter().map(|field| (field.name.as_str(), field.ty));
                self.record(definition, fields)?
            }
            TypeDefKind::Variant(variant) => {
                let cases = variant.cases.iter().map(|case| (case.name.as_str(), case.ty));
                self.variant(definition, cases)?
            }
            TypeDefKind::Enum(members) => {
                Kind::Enum(members.cases.iter().map(|case| self.label(definition, &case.name)).collect())
            }
            TypeDefKind::Flags(flags) => {
                Kind::Flags(flags.flags.iter().map(|flag| self.label(definition, &flag.name)).collect())
            }
            TypeDefKind::Handle(_) | TypeDefKind::Resource => return self.refuse("a resource handle"),
            other => return self.refuse(&format!("a {}", other.as_str())),
        };
        Ok(Shape { docs, kind })
    }

    fn option(&mut self, inner: &Type) -> Result<Kind, String> {
        let shape = self.shape(inner)?;
        if shape.is_optional() {
            return self.refuse("an option within an option");
        }
        Ok(Kind::Option(shape.into()))
    }

    fn record<'t>(&mut self, owner: &TypeDef, fields: impl Iterator<Item = (&'t str, Type)>) -> Result<Kind, String> {
        let mut built = Vec::new();
        for (name, ty) in fields {
            let shape = self.within(name, |builder| builder.shape(&ty))?;
            built.push(Field { name: self.label(owner, name), shape });
        }
        Ok(Kind::Record(built))
    }

    fn variant<'t>(
        &mut self,
        owner: &TypeDef,
        cases: impl Iterator<Item = (&'t str, Option<Type>)>,
    ) -> Result<Kind, String> {
        let mut built = Vec::new();
        for (name, ty) in cases {
            let shape = ty.map(|ty| self.within(name, |builder| builder.shape(&ty))).transpose()?;
            built.push(Case { name: self.label(owner, name), shape });
        }
        Ok(Kind::Variant(built))
    }

    fn each(&mut self, types: &[Type]) -> Result<Vec<Shape>, String> {
        types.iter().enumerate().map(|(at, ty)| self.within(&at.to_string(), |builder| builder.shape(ty))).collect()
    }

    fn maybe(&mut self, ty: Option<Type>) -> Result<Option<Box<Shape>>, String> {
        ty.map(|ty| self.shape(&ty).map(Box::new)).transpose()
    }

    /// The definition at the end of a chain of aliases.
    fn root(&self, ty: &Type) -> Option<&'a TypeDef> {
        let mut next = *ty;
        for _ in 0..MAX_DEPTH {
            let Type::Id(id) = next else { return None };
            let definition = self.resolve.types.get(id)?;
            match definition.kind {
                TypeDefKind::Type(alias) => next = alias,
                _ => return Some(definition),
            }
        }
        None
    }

    fn owner(&self, definition: &TypeDef) -> Option<String> {
        match definition.owner {
            TypeOwner::Interface(id) => interface_name(self.resolve, self.resolve.interfaces.get(id)?),
            _ => None,
        }
    }

    fn docs_of(&self, definition: &TypeDef, member: Option<&str>) -> Option<String> {
        self.docs.of_type(&self.owner(definition)?, definition.name.as_deref()?, member)
    }

    fn label(&self, owner: &TypeDef, name: &str) -> Label {
        label(name, self.docs_of(owner, Some(name)))
    }

    fn within<T>(&mut self, step: &str, inner: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        self.path.push(step.to_owned());
        let value = inner(self)?;
        self.path.pop();
        Ok(value)
    }

    fn spend(&mut self) -> Result<(), String> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(format!("the plugin's types unfold to more than {MAX_SHAPES}: use fewer or smaller ones"));
        };
        self.left = left;
        if self.depth >= MAX_DEPTH {
            return Err(format!("{} is more than {MAX_DEPTH} levels deep: use flatter types", self.path.join(".")));
        }
        Ok(())
    }

    fn refuse<T>(&self, what: &str) -> Result<T, String> {
        Err(format!("{} is {what}, which has no JSON form", self.path.join(".")))
    }
}

/// `namespace:package/interface@version`.
pub(crate) fn interface_name(resolve: &Resolve, interface: &Interface) -> Option<String> {
    let package = resolve.packages.get(interface.package?)?;
    Some(package.name.interface_id(interface.name.as_deref()?))
}

fn label(wit: &str, docs: Option<String>) -> Label {
    Label { wit: wit.to_owned(), json: json_name(wit).to_ascii_lowercase(), docs }
}
