//! Schema, parser and renderer against each other, on types and values that nobody chose.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Case, Field, Kind, Label, Shape, Signature, Width, parse, render, schema};

fn label(prefix: &str, index: usize) -> Label {
    Label { wit: format!("{prefix}-{index}"), json: format!("{prefix}_{index}"), docs: None }
}

fn shape(kind: Kind) -> Shape {
    Shape { docs: None, kind }
}

fn scalar() -> impl Strategy<Value = Shape> {
    let widths = [Width::U8, Width::U16, Width::U32, Width::U64, Width::S8, Width::S16, Width::S32, Width::S64];
    let labels =
        |prefix: &'static str| (1_usize..5).prop_map(move |n| (0..n).map(|i| label(prefix, i)).collect::<Vec<_>>());
    prop_oneof![
        Just(Kind::Bool),
        proptest::sample::select(widths.to_vec()).prop_map(Kind::Integer),
        Just(Kind::Float32),
        Just(Kind::Float64),
        Just(Kind::Char),
        Just(Kind::Text),
        Just(Kind::Bytes),
        labels("member").prop_map(Kind::Enum),
        labels("flag").prop_map(Kind::Flags),
    ]
    .prop_map(shape)
}

fn any_shape() -> impl Strategy<Value = Shape> {
    scalar().prop_recursive(3, 24, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed.clone().prop_map(Kind::List),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Kind::Tuple),
            boxed
                .clone()
                .prop_filter("no option within an option", |shape| !shape.is_optional())
                .prop_map(Kind::Option),
            (prop::option::of(boxed.clone()), prop::option::of(boxed)).prop_map(|(ok, error)| Kind::Result(ok, error)),
            prop::collection::vec(inner.clone(), 1..5).prop_map(|shapes| Kind::Record(fields(shapes))),
            prop::collection::vec(prop::option::of(inner), 1..4).prop_map(|shapes| {
                let case = |(index, shape)| Case { name: label("case", index), shape };
                Kind::Variant(shapes.into_iter().enumerate().map(case).collect())
            }),
        ]
        .prop_map(shape)
    })
}

fn fields(shapes: Vec<Shape>) -> Vec<Field> {
    shapes.into_iter().enumerate().map(|(index, shape)| Field { name: label("field", index), shape }).collect()
}

/// A function that takes, and answers, one record of anything.
fn signature() -> impl Strategy<Value = Signature> {
    prop::collection::vec(any_shape(), 1..5).prop_map(|shapes| {
        let record = shape(Kind::Record(fields(shapes)));
        Signature {
            parameters: vec![Field { name: label("given", 0), shape: record.clone() }],
            result: Some(record),
            fallible: false,
            answers: true,
        }
    })
}

/// A JSON value of a shape, as the renderer would write it.
fn value_of(shape: &Shape) -> BoxedStrategy<Value> {
    match &shape.kind {
        Kind::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Kind::Integer(width) => {
            let (low, high) = width.range();
            (low..=high).prop_map(|n| i64::try_from(n).map_or_else(|_| json!(n as u64), |n| json!(n))).boxed()
        }
        Kind::Float32 => prop::num::f32::NORMAL.prop_map(|n| json!(f64::from(n))).boxed(),
        Kind::Float64 => prop::num::f64::NORMAL.prop_map(|n| json!(n)).boxed(),
        Kind::Char => any::<char>().prop_map(|c| json!(c.to_string())).boxed(),
        Kind::Text => any::<String>().prop_map(Value::from).boxed(),
        Kind::Bytes => any::<Vec<u8>>()
            .prop_map(|bytes| {
                use base64::Engine as _;
                json!(base64::engine::general_purpose::STANDARD.encode(bytes))
            })
            .boxed(),
        Kind::List(item) => prop::collection::vec(value_of(item), 0..4).prop_map(Value::from).boxed(),
        Kind::Tuple(items) => items.iter().map(value_of).collect::<Vec<_>>().prop_map(Value::from).boxed(),
        Kind::Option(inner) => prop_oneof![Just(Value::Null), value_of(inner)].boxed(),
        Kind::Result(ok, error) => prop_oneof![arm("ok", ok.as_deref()), arm("error", error.as_deref())].boxed(),
        Kind::Record(fields) => record_of(fields),
        Kind::Variant(cases) => proptest::strategy::Union::new(cases.iter().map(case_of)).boxed(),
        Kind::Enum(labels) => proptest::sample::select(names(labels)).boxed(),
        Kind::Flags(labels) => {
            let count = labels.len();
            proptest::sample::subsequence(names(labels), 0..=count).prop_map(Value::from).boxed()
        }
    }
}

fn names(labels: &[Label]) -> Vec<Value> {
    labels.iter().map(|label| json!(label.json)).collect()
}

fn arm(name: &'static str, shape: Option<&Shape>) -> BoxedStrategy<Value> {
    let inner = shape.map_or_else(|| Just(Value::Null).boxed(), value_of);
    inner.prop_map(move |value| json!({ name: value })).boxed()
}

fn case_of(case: &Case) -> BoxedStrategy<Value> {
    let kind = case.name.json.clone();
    match &case.shape {
        None => Just(json!({ "kind": kind })).boxed(),
        Some(shape) => value_of(shape).prop_map(move |value| json!({ "kind": kind, "value": value })).boxed(),
    }
}

fn record_of(fields: &[Field]) -> BoxedStrategy<Value> {
    let names: Vec<(String, bool)> = fields.iter().map(|f| (f.name.json.clone(), f.shape.is_optional())).collect();
    let values: Vec<_> = fields.iter().map(|field| value_of(&field.shape)).collect();
    values
        .prop_map(move |values| {
            let pairs = names.iter().cloned().zip(values);
            let kept = pairs.filter(|((_, optional), value)| !(*optional && value.is_null()));
            Value::Object(kept.map(|((name, _), value)| (name, value)).collect())
        })
        .boxed()
}

/// Any JSON at all, small.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-300_i32..300).prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        "[a-z_0-9]{0,9}".prop_map(Value::from),
        proptest::sample::select(vec!["member_0", "flag_1", "case_0", "ok", "AAEC"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let name = proptest::sample::select(vec!["field_0", "field_1", "kind", "value", "ok", "error", "other"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..3).prop_map(|pairs| Value::Object(
                pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

/// Puts `other` in the place that `seed` leads to.
fn spoil(value: &mut Value, seed: u64, other: Value) {
    let next = seed / 7;
    match value {
        Value::Object(object) if !object.is_empty() && !seed.is_multiple_of(7) => {
            let at = (next as usize) % object.len();
            if let Some(inner) = object.values_mut().nth(at) {
                spoil(inner, next / 5, other);
            }
        }
        Value::Array(items) if !items.is_empty() && !seed.is_multiple_of(7) => {
            let at = (next as usize) % items.len();
            spoil(&mut items[at], next / 5, other);
        }
        Value::Object(object) if seed.is_multiple_of(2) => {
            object.insert("other".to_owned(), other);
        }
        place => *place = other,
    }
}

fn accepts(schema: &Value, value: &Value) -> bool {
    jsonschema::draft202012::new(schema).unwrap().is_valid(value)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_fits_is_accepted_by_both_and_comes_back(
        (signature, value) in signature().prop_flat_map(|signature| {
            let value = record_of(signature.fields());
            (Just(signature), value)
        })
    ) {
        let schema = schema::of_parameters(&signature);
        prop_assert!(jsonschema::meta::is_valid(&schema), "{schema}");
        prop_assert!(accepts(&schema, &value), "{schema} refuses {value}");
        let values = parse::parameters(&signature, &value).unwrap();
        let back = render::value(signature.result.as_ref().unwrap(), &values[0]).unwrap();
        prop_assert!(accepts(&schema::of_result(&signature), &back));
        prop_assert_eq!(back, value);
    }

    #[test]
    fn what_the_schema_refuses_the_parser_refuses(
        (signature, mut value) in signature().prop_flat_map(|signature| {
            let value = record_of(signature.fields());
            (Just(signature), value)
        }),
        seed in any::<u64>(),
        other in anything(),
    ) {
        spoil(&mut value, seed, other);
        let schema = schema::of_parameters(&signature);
        let parsed = parse::parameters(&signature, &value);
        if !accepts(&schema, &value) {
            prop_assert!(parsed.is_err(), "{schema} refuses {value}");
            prop_assert!(!parsed.unwrap_err().problems.is_empty());
        }
    }
}

#[test]
fn an_empty_object_stands_for_no_parameters() {
    let none = Signature { parameters: Vec::new(), result: None, fallible: false, answers: false };
    assert!(parse::parameters(&none, &Value::Object(Map::new())).unwrap().is_empty());
    assert!(parse::parameters(&none, &Value::Null).is_err());
}
