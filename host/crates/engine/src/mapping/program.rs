//! A mapping compiled: for each way, its rules with their paths read, their tables turned the right
//! way round and their formulas parsed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use gatehouse_domain::mapping::{
    Convert, Direction, Nulls, Otherwise, Path, Rule, RuleSet, Table, Transform, Unmapped, Way, lookup_key,
};
use gatehouse_domain::{Error, Problem, Result};
use serde_json::Value;

use crate::expression::{Expression, Expressions};

/// A compiled mapping.
pub(crate) struct Program {
    pub(super) ins: Vec<Line>,
    pub(super) outs: Vec<Line>,
    pub(super) unmapped: Unmapped,
}

/// A rule on one way.
pub(super) struct Line {
    /// Which rule it is.
    pub(super) rule: usize,
    pub(super) kind: &'static str,
    pub(super) source: Option<Place>,
    pub(super) target: Place,
    pub(super) does: Does,
    pub(super) missing: Otherwise,
    pub(super) nulls: Nulls,
}

/// A path with its text.
pub(super) struct Place {
    pub(super) text: String,
    pub(super) path: Path,
}

/// What a rule does to a value.
pub(super) enum Does {
    Copy(Option<Convert>),
    Look { table: String, rows: Arc<HashMap<String, Value>>, unknown: Otherwise },
    Formula(Arc<Expression>),
    Constant(Value),
}

/// Tables turned for a way, so that rules which name the same one share it.
type Turned<'t> = HashMap<(&'t str, Way), Arc<HashMap<String, Value>>>;

impl Program {
    /// Compiles a mapping.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] with everything that is wrong with it, whatever
    /// records look like.
    pub(crate) fn compile(set: &RuleSet, formulas: &Expressions) -> Result<Self> {
        let mut problems = set.problems()?;
        let mut program = Self { ins: Vec::new(), outs: Vec::new(), unmapped: set.unmapped };
        let mut turned = Turned::new();
        for (index, rule) in set.rules.iter().enumerate() {
            let formula = match &rule.transform {
                Transform::Formula { formula } => match formulas.get(formula) {
                    Ok(compiled) => Some(compiled),
                    Err(wrong) => {
                        problems.push(Problem::at(format!("$.rules[{index}].transform.formula"), wrong));
                        continue;
                    }
                },
                _ => None,
            };
            for way in Way::BOTH.into_iter().filter(|way| rule.direction.goes(*way)) {
                let line = line(index, rule, way, formula.clone(), &set.tables, &mut turned);
                program.lines_mut(way).extend(line);
            }
        }
        if problems.is_empty() { Ok(program) } else { Err(Error::problems("the mapping does not fit", problems)) }
    }

    /// The rules of a way.
    pub(super) fn lines(&self, way: Way) -> &[Line] {
        match way {
            Way::In => &self.ins,
            Way::Out => &self.outs,
        }
    }

    /// Whether it says anything about records on a way.
    pub(crate) fn goes(&self, way: Way) -> bool {
        !self.lines(way).is_empty() || self.unmapped == Unmapped::Keep
    }

    fn lines_mut(&mut self, way: Way) -> &mut Vec<Line> {
        match way {
            Way::In => &mut self.ins,
            Way::Out => &mut self.outs,
        }
    }
}

/// A rule on a way; nothing where something of it does not read, which was told before.
fn line<'t>(
    index: usize,
    rule: &'t Rule,
    way: Way,
    formula: Option<Arc<Expression>>,
    tables: &'t BTreeMap<String, Table>,
    turned: &mut Turned<'t>,
) -> Option<Line> {
    let place = |text: &str| Path::parse(text).ok().map(|path| Place { text: text.to_owned(), path });
    let source = match rule.reads(way) {
        Some(text) => Some(place(text)?),
        None => None,
    };
    let does = match &rule.transform {
        Transform::Direct { convert: Some(convert) } if rule.direction == Direction::Both && way == Way::Out => {
            Does::Copy(Some(convert.inverse()?))
        }
        Transform::Direct { convert } => Does::Copy(convert.clone()),
        Transform::Lookup { table, unknown } => {
            let rows = tables.get(table)?;
            let rows = turned.entry((table, way)).or_insert_with(|| Arc::new(turn(rows, way)));
            let unknown = unknown.clone().unwrap_or(Otherwise::Error);
            Does::Look { table: table.clone(), rows: Arc::clone(rows), unknown }
        }
        Transform::Formula { .. } => Does::Formula(formula?),
        Transform::Constant { value } => Does::Constant(value.clone()),
    };
    Some(Line {
        rule: index,
        kind: rule.transform.name(),
        source,
        target: place(rule.writes(way)?)?,
        does,
        missing: rule.missing.clone().unwrap_or(Otherwise::Skip),
        nulls: rule.nulls,
    })
}

fn turn(table: &Table, way: Way) -> HashMap<String, Value> {
    let rows = table.rows.iter().map(|row| row.on(way));
    rows.filter_map(|(from, to)| Some((lookup_key(from)?, to.clone()))).collect()
}
