//! Expressions of policies and mappings: CEL, bounded. What an expression may cost is known before it runs,
//! and one that may cost too much is refused.
//!
//! The interpreter itself counts no steps. So nothing that makes lists or nests loops is
//! taken, the size of the tree is bounded, and before a run the tree is weighed against the
//! size of what it looks at.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use cel::common::ast::{IdedExpr, SourceInfo};
use cel::parser::Parser;
use cel::{Context, Env, Value};

mod scope;
mod tree;

pub(crate) use scope::{RECORD, Scope};

/// The longest expression, in bytes.
const LONGEST: usize = 1_000;
/// How deep brackets may nest.
const DEEPEST: u16 = 24;
/// The most that one run may cost: a step costs as much as what it may look at.
const MOST_COST: u64 = 4_000_000;
/// How many compiled expressions are kept.
const KEPT: usize = 4_096;

/// A compiled expression.
pub(crate) struct Expression {
    root: IdedExpr,
    weight: tree::Weight,
}

/// Compiled expressions by their text, all over the same variables.
pub(crate) struct Expressions {
    variables: &'static [&'static str],
    kept: Mutex<HashMap<String, Arc<Expression>>>,
}

/// The functions that expressions may use: those of the language. Building them takes longer
/// than most runs.
static LANGUAGE: LazyLock<Arc<Env>> =
    LazyLock::new(|| Arc::new(Env::default().with_optional_support(false).with_stdlib()));

impl Expression {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong and where, by line and column.
    pub(crate) fn compile(source: &str, variables: &'static [&'static str]) -> Result<Self, String> {
        if !(1..=LONGEST).contains(&source.len()) {
            return Err(format!("has {} bytes; an expression has 1 to {LONGEST}", source.len()));
        }
        nests_at_most(source, DEEPEST.into())?;
        let parser = Parser::new().max_recursion_depth(DEEPEST).error_recovery_limit(4);
        let (root, info) = parser.parse_with_source_info(source).map_err(|errors| first_of(&errors))?;
        let weight = tree::weigh(&root, variables)
            .map_err(|wrong| format!("{}: {}", place(&info, wrong.node), wrong.message))?;
        Ok(Self { root, weight })
    }

    /// Runs it.
    ///
    /// # Errors
    /// Why it gives nothing, in words that hold no value of the scope.
    pub(crate) fn run(&self, scope: &Scope) -> Result<Value, String> {
        let cost = self.cost(scope);
        if cost > MOST_COST {
            return Err(format!("the parameters are too large for it: it may take {cost} steps of {MOST_COST}"));
        }
        scope.context().resolve(&self.root).map_err(|error| without_values(&error))
    }

    /// How many steps a run may take.
    pub(crate) fn cost(&self, scope: &Scope) -> u64 {
        self.weight.cost(scope.size())
    }

    /// Its tree, for whoever wants to know what it can give.
    pub(crate) fn root(&self) -> &IdedExpr {
        &self.root
    }

    /// Runs it for true or false.
    ///
    /// # Errors
    /// As [`Expression::run`], and where it gives anything else.
    pub(crate) fn holds(&self, scope: &Scope) -> Result<bool, String> {
        match self.run(scope)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(format!("gives a {} and not true or false", other.type_of())),
        }
    }

    /// Runs it for a key: a text, a number or a truth. Null gives none.
    ///
    /// # Errors
    /// As [`Expression::run`], and where it gives a list or a map.
    pub(crate) fn key(&self, scope: &Scope) -> Result<Option<String>, String> {
        match self.run(scope)? {
            Value::String(text) => Ok(Some(text.as_str().to_owned()).filter(|text| !text.is_empty())),
            Value::Int(number) => Ok(Some(number.to_string())),
            Value::UInt(number) => Ok(Some(number.to_string())),
            Value::Bool(truth) => Ok(Some(truth.to_string())),
            Value::Null => Ok(None),
            other => Err(format!("gives a {}; a key is a text or a whole number", other.type_of())),
        }
    }
}

impl Default for Expressions {
    /// Those of policies.
    fn default() -> Self {
        Self::over(scope::REQUEST)
    }
}

impl Expressions {
    /// Expressions over these variables.
    pub(crate) fn over(variables: &'static [&'static str]) -> Self {
        Self { variables, kept: Mutex::default() }
    }

    /// The expression, compiled now or before.
    ///
    /// # Errors
    /// As [`Expression::compile`].
    pub(crate) fn get(&self, source: &str) -> Result<Arc<Expression>, String> {
        if let Some(known) = self.kept().get(source) {
            return Ok(Arc::clone(known));
        }
        let compiled = Arc::new(Expression::compile(source, self.variables)?);
        let mut kept = self.kept();
        // Rare, and cheaper than knowing which was used last.
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(source.to_owned(), Arc::clone(&compiled));
        Ok(compiled)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Expression>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A context of the language without variables.
fn language() -> Context<'static, 'static> {
    Context::with_env(Arc::clone(&LANGUAGE))
}

/// Refuses brackets that nest too deep before a parser sees them, as each level takes many of
/// the parser's frames. Brackets in texts count too: nobody misses twenty-five of them.
fn nests_at_most(source: &str, deepest: usize) -> Result<(), String> {
    let (mut depth, mut line, mut column) = (0usize, 1usize, 0usize);
    for letter in source.chars() {
        column += 1;
        match letter {
            '\n' => (line, column) = (line + 1, 0),
            '(' | '[' | '{' | '?' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > deepest {
            return Err(format!("line {line}, column {column}: nests deeper than {deepest}"));
        }
    }
    Ok(())
}

fn first_of(errors: &cel::ParseErrors) -> String {
    let Some(error) = errors.errors.first() else { return "does not read as CEL".to_owned() };
    let (line, column) = error.pos;
    // The parser's own text goes on with what it would have taken: up to a hundred tokens.
    let message: String = error.msg.lines().next().unwrap_or_default().chars().take(160).collect();
    format!("line {}, column {}: {message}", line.max(1), column.max(0) + 1)
}

fn place(info: &SourceInfo, node: u64) -> String {
    let start = info.offset_for(node).map_or(0, |(start, _)| start as usize);
    let before: Vec<&str> = info.source.get(..start).unwrap_or_default().split('\n').collect();
    let column = before.last().map_or(0, |line| line.chars().count());
    format!("line {}, column {}", before.len(), column + 1)
}

/// An error of a run. The interpreter's own text would repeat the values that it met.
fn without_values(error: &cel::ExecutionError) -> String {
    use cel::ExecutionError as E;
    match error {
        E::NoSuchKey(name) => format!("there is no `{name}`"),
        E::UndeclaredReference(name) => format!("there is no `{name}`"),
        E::NoSuchOverload(overload) => {
            let function = overload.function();
            format!("`{function}` does not take {}", overload.argument_types().join(" and "))
        }
        E::DivisionByZero(_) | E::RemainderByZero(_) => "it divides by zero".to_owned(),
        E::Overflow(..) => "a number is too large".to_owned(),
        E::IndexOutOfBounds(_) => "a list is shorter than its index".to_owned(),
        E::FunctionError { function, .. } => format!("`{function}` does not take its argument"),
        _ => "the values do not fit the operators".to_owned(),
    }
}

#[cfg(test)]
mod tests;
