//! A mapping checked against the schemas of both sides, where they are known: places that are not
//! there, values that can not fit, fields that have to be there and that no rule writes.

use std::sync::Arc;

use gatehouse_domain::Problem;
use gatehouse_domain::mapping::{Nulls, Otherwise, Step, Types, Unmapped, Way};
use serde_json::Value;

use super::infer::{self, Known};
use super::program::{Does, Line, Place, Program};
use super::shape::{self, Said};

/// The schemas of one way, where they are known: of what is read and of what is written.
#[derive(Default, Clone)]
pub(super) struct Schemas {
    pub(super) source: Option<Arc<Value>>,
    pub(super) target: Option<Arc<Value>>,
}

impl Program {
    /// What of the mapping does not fit the schemas of a way, each with its rule.
    pub(super) fn misfits(&self, way: Way, schemas: &Schemas) -> Vec<Problem> {
        let mut problems = Vec::new();
        for line in self.lines(way) {
            check_line(line, way, schemas, &mut problems);
        }
        if let Some(target) = schemas.target.as_deref().filter(|_| !self.lines(way).is_empty()) {
            self.check_required(way, target, schemas, &mut problems);
        }
        problems
    }

    /// Fields of the record itself that have to be there. With what is kept, those count that the
    /// other side has under the same name.
    fn check_required(&self, way: Way, target: &Value, schemas: &Schemas, problems: &mut Vec<Problem>) {
        let first = |line: &Line| match line.target.path.steps().first() {
            Some(Step::Name(name)) => Some(name.clone()),
            _ => None,
        };
        let written: Vec<String> = self.lines(way).iter().filter_map(first).collect();
        for name in shape::required(target) {
            let kept = self.unmapped == Unmapped::Keep
                && schemas.source.as_deref().is_none_or(|source| {
                    let path = gatehouse_domain::mapping::Path::parse(&format!("$['{}']", name.replace('\'', "\\'")));
                    path.is_ok_and(|path| matches!(shape::at(source, &path), Said::Types(_)))
                });
            if !written.contains(&name) && !kept {
                let message = format!("no rule writes `{name}` on the way {}, and it has to be there", word(way));
                problems.push(Problem::at("$.rules", message));
            }
        }
    }
}

fn check_line(line: &Line, way: Way, schemas: &Schemas, problems: &mut Vec<Problem>) {
    let (source_field, target_field) = match way {
        Way::In => ("theirs", "ours"),
        Way::Out => ("ours", "theirs"),
    };
    let mut tell = |field: &str, message: String| {
        problems.push(Problem::at(format!("$.rules[{}].{field}", line.rule), message));
    };
    let source = said(line.source.as_ref(), schemas.source.as_deref());
    let target = said(Some(&line.target), schemas.target.as_deref());
    let source = source.unwrap_or_else(|why| {
        tell(source_field, format!("`{}` is not in the schema: {why}", text(line.source.as_ref())));
        Types::ANY
    });
    let target = target.unwrap_or_else(|why| {
        tell(target_field, format!("`{}` is not in the schema: {why}", line.target.text));
        Types::ANY
    });
    let takes = takes(line);
    if line.source.is_some() && !source.can_be(takes) {
        let message =
            format!("{} is there, and a {} of this sort takes {}", source.describe(), line.kind, takes.describe());
        tell(source_field, message);
        return;
    }
    let gives = gives(line, source, schemas.source.as_deref());
    if !gives.can_be(target) {
        let message = format!("a {} gives {}, and {} is taken there", line.kind, gives.describe(), target.describe());
        tell(target_field, message);
    }
    if let Otherwise::Use(value) = &line.missing
        && !Types::of(value).can_be(target)
    {
        let message = format!("is {}, and {} is taken there", Types::of(value).describe(), target.describe());
        tell("missing", message);
    }
}

/// What a rule takes where it reads.
fn takes(line: &Line) -> Types {
    match &line.does {
        Does::Copy(Some(convert)) => convert.takes(),
        Does::Look { .. } => Types::SCALAR,
        Does::Copy(None) | Does::Formula(_) | Does::Constant(_) => Types::ANY,
    }
}

/// What a rule can write.
fn gives(line: &Line, source: Types, record: Option<&Value>) -> Types {
    let null = match line.nulls {
        Nulls::Keep => source & Types::NULL,
        Nulls::AsMissing => Types::NONE,
    };
    match &line.does {
        Does::Copy(None) if source == Types::NULL => Types::NULL,
        Does::Copy(None) => source.without_null() | null,
        Does::Copy(Some(convert)) => convert.gives() | null,
        Does::Look { rows, unknown, .. } => {
            let found = rows.values().map(Types::of).fold(Types::NONE, |all, one| all | one);
            match unknown {
                Otherwise::Use(value) => found | Types::of(value) | null,
                Otherwise::Skip | Otherwise::Error => found | null,
            }
        }
        Does::Formula(formula) => {
            let value = if line.source.is_some() { source } else { Types::NULL };
            infer::types_of(formula.root(), &Known { value, record })
        }
        Does::Constant(value) => Types::of(value),
    }
}

/// What a schema says of a place; anything where there is no schema or no place.
fn said(place: Option<&Place>, schema: Option<&Value>) -> Result<Types, String> {
    let (Some(place), Some(schema)) = (place, schema) else { return Ok(Types::ANY) };
    match shape::at(schema, &place.path) {
        Said::Types(types) => Ok(types),
        Said::Nowhere(why) => Err(why),
    }
}

fn text(place: Option<&Place>) -> &str {
    place.map_or("", |place| place.text.as_str())
}

/// A way in words.
pub(super) fn word(way: Way) -> &'static str {
    match way {
        Way::In => "in",
        Way::Out => "out",
    }
}
