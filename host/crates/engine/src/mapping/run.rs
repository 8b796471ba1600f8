//! A mapping carried out on one record. Nothing but the record and the settings is looked at, and
//! what it may cost is bounded: items, steps of formulas, and bytes of what is made.

use gatehouse_domain::mapping::{Hit, LARGEST_OUTPUT, Nulls, Otherwise, Seen, Step, Unmapped, Way};
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use serde_json::{Map, Value};

use super::formula::json_of;
use super::program::{Does, Line, Program};
use crate::expression::Scope;

/// The most places that the rules of a mapping look at in one record.
const MOST_PLACES: usize = 100_000;
/// The most steps of all formulas over one record.
const MOST_STEPS: u64 = 32_000_000;
/// The most values of one rule that a person is shown, and the largest one, in bytes.
const MOST_SHOWN: usize = 20;
const LARGEST_SHOWN: usize = 16 << 10;
/// What a rule reads that reads nothing.
static NOTHING: Value = Value::Null;

/// What one rule did.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace {
    /// What it read.
    pub(super) before: Vec<Value>,
    /// What it wrote.
    pub(super) after: Vec<Value>,
    /// Why it failed.
    pub(super) error: Option<String>,
}

/// A record on its way.
struct Work<'a> {
    record: &'a Value,
    settings: &'a Map<String, Value>,
    scope: Option<Scope>,
    output: Value,
    places: usize,
    steps: u64,
    bytes: usize,
}

/// What becomes of one place.
enum Made {
    Value(Value),
    Nothing,
}

impl Program {
    /// Brings a record into the shape of the side that it goes to.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with the first rule that fails, and [`ErrorKind::TooLarge`] where what is made is too
    /// large. No value of the record is in the message.
    pub(crate) fn run(
        &self,
        way: Way,
        record: &Map<String, Value>,
        settings: &Map<String, Value>,
    ) -> Result<Map<String, Value>> {
        let record = Value::Object(record.clone());
        let mut work = Work::new(&record, settings);
        for line in self.lines(way) {
            if let Err(wrong) = work.carry_out(line, &mut None) {
                return Err(failed(line, &wrong));
            }
        }
        self.end(way, work)
    }

    /// As [`Program::run`], with what each rule did. A rule that fails does not stop the others.
    pub(super) fn show(
        &self,
        way: Way,
        record: &Map<String, Value>,
        settings: &Map<String, Value>,
    ) -> (Result<Map<String, Value>>, Vec<Trace>) {
        let record = Value::Object(record.clone());
        let mut work = Work::new(&record, settings);
        let (mut traces, mut first) = (Vec::new(), None);
        for line in self.lines(way) {
            let mut trace = Some(Trace::default());
            let outcome = work.carry_out(line, &mut trace);
            let mut trace = trace.unwrap_or_default();
            if let Err(wrong) = outcome {
                first.get_or_insert_with(|| failed(line, &wrong));
                trace.error = Some(wrong);
            }
            traces.push(trace);
        }
        match first {
            Some(error) => (Err(error), traces),
            None => (self.end(way, work), traces),
        }
    }

    fn end(&self, way: Way, mut work: Work<'_>) -> Result<Map<String, Value>> {
        if self.unmapped == Unmapped::Keep {
            self.keep_rest(way, &mut work);
        }
        let size = serde_json::to_vec(&work.output).map_or(usize::MAX, |bytes| bytes.len());
        if size > LARGEST_OUTPUT {
            let message = format!("the mapping makes a record of {size} bytes; {LARGEST_OUTPUT} are taken");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        match work.output {
            Value::Object(fields) => Ok(fields),
            _ => Err(Error::problems("the mapping makes a list of the record", vec![])),
        }
    }

    /// Adds the fields of the record itself that no rule reads and none writes.
    fn keep_rest(&self, way: Way, work: &mut Work<'_>) {
        let first = |steps: &[Step]| match steps.first() {
            Some(Step::Name(name)) => Some(name.clone()),
            _ => None,
        };
        let used: Vec<String> = self
            .lines(way)
            .iter()
            .flat_map(|line| [line.source.as_ref(), Some(&line.target)])
            .flatten()
            .filter_map(|place| first(place.path.steps()))
            .collect();
        let (Value::Object(output), Value::Object(record)) = (&mut work.output, work.record) else { return };
        for (name, value) in record.iter().filter(|(name, _)| !used.contains(name)) {
            output.insert(name.clone(), value.clone());
        }
    }
}

impl<'a> Work<'a> {
    fn new(record: &'a Value, settings: &'a Map<String, Value>) -> Self {
        Self {
            record,
            settings,
            scope: None,
            output: Value::Object(Map::new()),
            places: MOST_PLACES,
            steps: MOST_STEPS,
            bytes: LARGEST_OUTPUT,
        }
    }

    fn carry_out(&mut self, line: &Line, trace: &mut Option<Trace>) -> Result<(), String> {
        let record = self.record;
        let hits = match &line.source {
            Some(source) => source.path.read(record, &mut self.places)?,
            None => vec![Hit { at: Vec::new(), seen: Seen::Value(&NOTHING) }],
        };
        for Hit { at, seen } in hits {
            if let (Some(trace), Seen::Value(value), Some(_)) = (trace.as_mut(), seen, &line.source) {
                show(&mut trace.before, value);
            }
            let made = match seen {
                Seen::Empty => Made::Nothing,
                // Without the list there are no items to write anything in.
                Seen::Missing if at.len() < line.target.path.each() && line.missing != Otherwise::Error => {
                    Made::Nothing
                }
                Seen::Missing => missing(line)?,
                Seen::Value(value) => self.make(line, value)?,
            };
            let Made::Value(value) = made else {
                line.target.path.hold(&mut self.output, &at, seen == Seen::Empty)?;
                continue;
            };
            self.bytes = self.bytes.checked_sub(size_of(&value)).ok_or("the mapping makes too large a record")?;
            if let Some(trace) = trace.as_mut() {
                show(&mut trace.after, &value);
            }
            line.target.path.write(&mut self.output, &at, value)?;
        }
        Ok(())
    }

    fn make(&mut self, line: &Line, value: &Value) -> Result<Made, String> {
        let reads = line.source.is_some();
        if reads && value.is_null() {
            match (line.nulls, &line.does) {
                (Nulls::AsMissing, _) => return missing(line),
                (Nulls::Keep, Does::Formula(_)) => {}
                (Nulls::Keep, _) => return Ok(Made::Value(Value::Null)),
            }
        }
        match &line.does {
            Does::Constant(constant) => Ok(Made::Value(constant.clone())),
            Does::Copy(None) => Ok(Made::Value(value.clone())),
            Does::Copy(Some(convert)) => convert.apply(value).map(Made::Value),
            Does::Look { table, rows, unknown } => {
                let key = gatehouse_domain::mapping::lookup_key(value);
                let key = key.ok_or("what is there is no text, number or truth, and can not be looked up")?;
                match rows.get(&key) {
                    Some(found) => Ok(Made::Value(found.clone())),
                    None => otherwise(unknown, || {
                        format!(
                            "the value has no row in the table `{table}`; add one, or say \
                                                           in `unknown` what happens then"
                        )
                    }),
                }
            }
            Does::Formula(formula) => {
                let scope = self.scope.get_or_insert_with(|| Scope::of_record(self.record, self.settings));
                scope.set_value(value);
                let cost = formula.cost(scope);
                self.steps = self.steps.checked_sub(cost).ok_or("the record is too large for the formulas")?;
                match json_of(&formula.run(scope)?)? {
                    Value::Null if line.nulls == Nulls::AsMissing => missing(line),
                    given => Ok(Made::Value(given)),
                }
            }
        }
    }
}

fn missing(line: &Line) -> Result<Made, String> {
    otherwise(&line.missing, || "there is nothing".to_owned())
}

fn otherwise(says: &Otherwise, why: impl FnOnce() -> String) -> Result<Made, String> {
    match says {
        Otherwise::Skip => Ok(Made::Nothing),
        Otherwise::Use(value) => Ok(Made::Value(value.clone())),
        Otherwise::Error => Err(why()),
    }
}

/// Adds a value to those that a person is shown, if it is one of the first and not too large.
fn show(shown: &mut Vec<Value>, value: &Value) {
    if shown.len() < MOST_SHOWN {
        let large = size_of(value) > LARGEST_SHOWN;
        shown.push(if large { Value::from("[too large to be shown]") } else { value.clone() });
    }
}

/// About how many bytes a value has as JSON.
fn size_of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 4,
        Value::Number(_) => 1,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| 1 + size_of(item)).sum::<usize>(),
        Value::Object(fields) => 2 + fields.iter().map(|(name, value)| 4 + name.len() + size_of(value)).sum::<usize>(),
    }
}

/// The error of a rule: which, where it reads, and what is wrong there.
fn failed(line: &Line, wrong: &str) -> Error {
    let place = line.source.as_ref().unwrap_or(&line.target);
    let message = format!("rule {} at `{}`: {wrong}", line.rule, place.text);
    let problem = Problem::at(format!("$.rules[{}]", line.rule), format!("at `{}`: {wrong}", place.text));
    Error::problems(format!("the record does not fit its mapping: {message}"), vec![problem])
}
