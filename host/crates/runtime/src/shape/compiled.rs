//! The check that what was read from a component's bytes is what wasmtime compiled: its
//! `component_type()` is asked for every capability, name by name and type by type.

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{Case as CompiledCase, ComponentFunc, ComponentItem, Type};

use super::{Case, Field, Kind, Shape, Signature, Width};

/// Whether the compiled component exports this function with just this signature.
pub(crate) fn agrees(
    engine: &Engine,
    component: &Component,
    interface: &str,
    function: &str,
    signature: &Signature,
) -> bool {
    let exported = component.component_type().get_export(engine, interface).map(|export| export.ty);
    let Some(ComponentItem::ComponentInstance(instance)) = exported else { return false };
    match instance.get_export(engine, function).map(|export| export.ty) {
        Some(ComponentItem::ComponentFunc(compiled)) => function_agrees(signature, &compiled),
        _ => false,
    }
}

fn function_agrees(signature: &Signature, compiled: &ComponentFunc) -> bool {
    let parameters: Vec<(&str, Type)> = compiled.params().collect();
    let same_parameters = parameters.len() == signature.parameters.len()
        && signature
            .parameters
            .iter()
            .zip(&parameters)
            .all(|(ours, (name, compiled))| ours.name.wit == *name && shape_agrees(&ours.shape, compiled));
    same_parameters && answer_agrees(signature, compiled.results().next().as_ref())
}

fn answer_agrees(signature: &Signature, compiled: Option<&Type>) -> bool {
    match (signature.fallible, compiled) {
        // The error is the contract's own; what counts here is the good answer.
        (true, Some(Type::Result(result))) => {
            result.err().is_some() && optional_agrees(signature.result.as_ref(), result.ok().as_ref())
        }
        (false, compiled) => {
            signature.answers == compiled.is_some() && optional_agrees(signature.result.as_ref(), compiled)
        }
        (true, _) => false,
    }
}

fn optional_agrees(ours: Option<&Shape>, compiled: Option<&Type>) -> bool {
    match (ours, compiled) {
        (Some(ours), Some(compiled)) => shape_agrees(ours, compiled),
        (None, None) => true,
        _ => false,
    }
}

fn shape_agrees(ours: &Shape, compiled: &Type) -> bool {
    match (&ours.kind, compiled) {
        (Kind::Bool, Type::Bool)
        | (Kind::Float32, Type::Float32)
        | (Kind::Float64, Type::Float64)
        | (Kind::Char, Type::Char)
        | (Kind::Text, Type::String) => true,
        (Kind::Integer(width), compiled) => width_agrees(*width, compiled),
        (Kind::Bytes, Type::List(list)) => list.ty() == Type::U8,
        (Kind::List(element), Type::List(list)) => shape_agrees(element, &list.ty()),
        (Kind::Option(inner), Type::Option(option)) => shape_agrees(inner, &option.ty()),
        (Kind::Tuple(parts), Type::Tuple(tuple)) => {
            let compiled: Vec<Type> = tuple.types().collect();
            parts.len() == compiled.len() && parts.iter().zip(&compiled).all(|(part, ty)| shape_agrees(part, ty))
        }
        (Kind::Result(ok, err), Type::Result(result)) => {
            optional_agrees(ok.as_deref(), result.ok().as_ref())
                && optional_agrees(err.as_deref(), result.err().as_ref())
        }
        (Kind::Record(fields), Type::Record(record)) => {
            let compiled: Vec<_> = record.fields().map(|field| (field.name, field.ty)).collect();
            fields_agree(fields, &compiled)
        }
        (Kind::Variant(cases), Type::Variant(variant)) => cases_agree(cases, variant.cases()),
        (Kind::Enum(labels), Type::Enum(names)) => labels.iter().map(|label| label.wit.as_str()).eq(names.names()),
        (Kind::Flags(labels), Type::Flags(names)) => labels.iter().map(|label| label.wit.as_str()).eq(names.names()),
        _ => false,
    }
}

fn width_agrees(width: Width, compiled: &Type) -> bool {
    let ours = match width {
        Width::U8 => Type::U8,
        Width::U16 => Type::U16,
        Width::U32 => Type::U32,
        Width::U64 => Type::U64,
        Width::S8 => Type::S8,
        Width::S16 => Type::S16,
        Width::S32 => Type::S32,
        Width::S64 => Type::S64,
    };
    ours == *compiled
}

fn fields_agree(fields: &[Field], compiled: &[(&str, Type)]) -> bool {
    let same = |(ours, (name, ty)): (&Field, &(&str, Type))| ours.name.wit == *name && shape_agrees(&ours.shape, ty);
    fields.len() == compiled.len() && fields.iter().zip(compiled).all(same)
}

fn cases_agree<'c>(cases: &[Case], compiled: impl ExactSizeIterator<Item = CompiledCase<'c>>) -> bool {
    let same = |(ours, compiled): (&Case, CompiledCase<'_>)| {
        ours.name.wit == compiled.name && optional_agrees(ours.shape.as_ref(), compiled.ty.as_ref())
    };
    cases.len() == compiled.len() && cases.iter().zip(compiled).all(same)
}

#[cfg(test)]
mod tests {
    use super::super::Label;
    use super::*;

    const COMPONENT: &str = r#"(component
        (core module $m (func (export "f") (param i32) (result i32) local.get 0))
        (core instance $i (instantiate $m))
        (func $f (param "size" u32) (result u32) (canon lift (core func $i "f")))
        (instance $c (export "f" (func $f)))
        (export "acme:shop/c" (instance $c)))"#;

    fn shape(kind: Kind) -> Shape {
        Shape { docs: None, kind }
    }

    fn signature(name: &str, width: Width, answer: Option<Width>) -> Signature {
        let label = Label { wit: name.to_owned(), json: name.to_owned(), docs: None };
        Signature {
            parameters: vec![Field { name: label, shape: shape(Kind::Integer(width)) }],
            result: answer.map(|width| shape(Kind::Integer(width))),
            fallible: false,
            answers: answer.is_some(),
        }
    }

    #[test]
    fn only_the_very_signature_agrees() {
        let engine = Engine::default();
        let component = Component::new(&engine, wat::parse_str(COMPONENT).unwrap()).unwrap();
        let check = |function: &str, signature: Signature, expect: bool| {
            assert_eq!(agrees(&engine, &component, "acme:shop/c", function, &signature), expect, "{signature:?}");
        };
        check("f", signature("size", Width::U32, Some(Width::U32)), true);
        check("g", signature("size", Width::U32, Some(Width::U32)), false);
        check("f", signature("length", Width::U32, Some(Width::U32)), false);
        check("f", signature("size", Width::S32, Some(Width::U32)), false);
        check("f", signature("size", Width::U32, Some(Width::U64)), false);
        check("f", signature("size", Width::U32, None), false);
    }
}
