//! The tree of an expression: what it may use, and what it weighs.

use std::collections::HashSet;

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, operators};

use super::scope::Size;

/// The most nodes of a tree.
const MOST_NODES: u64 = 400;
/// The deepest tree: each level takes a frame of the interpreter.
const DEEPEST: u32 = 64;

/// The functions that an expression may call, beside operators. None makes a value that is
/// larger than what it is given.
const FUNCTIONS: &[&str] =
    &["bool", "contains", "double", "dyn", "endsWith", "int", "size", "startsWith", "string", "type", "uint"];

const OPERATORS: &[&str] = &[
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
    operators::NOT_STRICTLY_FALSE,
    operators::IN,
];

/// What a tree weighs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// Nodes that are evaluated once.
    once: u64,
    /// Nodes that are evaluated for each item of a list.
    each: u64,
}

/// What is wrong with a tree.
pub(super) struct Wrong {
    /// The node where.
    pub(super) node: u64,
    /// What.
    pub(super) message: String,
}

impl Weight {
    /// How many steps a run may take. A step costs as much as the largest value it can meet,
    /// as comparing or searching a text looks at all of it.
    pub(super) fn cost(self, size: Size) -> u64 {
        let step = 1 + size.units;
        let items = size.longest.max(MOST_NODES);
        self.once.saturating_mul(step).saturating_add(self.each.saturating_mul(items).saturating_mul(step))
    }
}

/// Weighs a tree.
///
/// # Errors
/// The first thing in it that is not taken.
pub(super) fn weigh(root: &IdedExpr, variables: &'static [&'static str]) -> Result<Weight, Wrong> {
    let mut walk = Walk { weight: Weight::default(), variables, bound: HashSet::new(), looping: false };
    walk.visit(root, 0)?;
    Ok(walk.weight)
}

struct Walk<'t> {
    weight: Weight,
    /// The names of the scope.
    variables: &'static [&'static str],
    /// Names that loops around the node bind.
    bound: HashSet<&'t str>,
    looping: bool,
}

impl<'t> Walk<'t> {
    fn visit(&mut self, node: &'t IdedExpr, depth: u32) -> Result<(), Wrong> {
        let wrong = |message: String| Err(Wrong { node: node.id, message });
        if self.looping {
            self.weight.each += 1
        } else {
            self.weight.once += 1
        }
        if depth > DEEPEST || self.weight.once + self.weight.each > MOST_NODES {
            return wrong(format!("is too large: {MOST_NODES} parts and {DEEPEST} levels are taken"));
        }
        match &node.expr {
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) if self.variables.contains(&name.as_str()) || self.bound.contains(name.as_str()) => {
                Ok(())
            }
            Expr::Ident(name) => wrong(format!("there is no `{name}`; use {}", self.variables.join(", "))),
            Expr::Select(select) => self.visit(&select.operand, depth + 1),
            Expr::Call(call) => {
                let name = call.func_name.as_str();
                if !FUNCTIONS.contains(&name) && !OPERATORS.contains(&name) {
                    return wrong(format!("there is no function `{name}`; use {}", FUNCTIONS.join(", ")));
                }
                let parts = call.target.as_deref().into_iter().chain(&call.args);
                self.visit_all(parts, depth)
            }
            Expr::List(list) => self.visit_all(&list.elements, depth),
            Expr::Map(map) => self.visit_all(map.entries.iter().flat_map(|entry| parts_of(&entry.expr)), depth),
            Expr::Comprehension(comprehension) => self.visit_loop(node.id, comprehension, depth),
            Expr::Struct(_) | Expr::Unspecified => wrong("messages are not taken".to_owned()),
        }
    }

    fn visit_all(&mut self, nodes: impl IntoIterator<Item = &'t IdedExpr>, depth: u32) -> Result<(), Wrong> {
        nodes.into_iter().try_for_each(|node| self.visit(node, depth + 1))
    }

    fn visit_loop(&mut self, id: u64, loops: &'t ComprehensionExpr, depth: u32) -> Result<(), Wrong> {
        let wrong = |message: &str| Err(Wrong { node: id, message: message.to_owned() });
        if self.looping {
            return wrong("a loop within a loop is not taken");
        }
        if matches!(loops.accu_init.expr, Expr::List(_) | Expr::Map(_)) {
            return wrong("`map` and `filter` are not taken; use all, exists or exists_one");
        }
        self.visit(&loops.iter_range, depth + 1)?;
        self.visit(&loops.accu_init, depth + 1)?;
        let names = [Some(&loops.iter_var), loops.iter_var2.as_ref(), Some(&loops.accu_var)];
        let before = self.bound.clone();
        self.bound.extend(names.into_iter().flatten().map(String::as_str));
        self.looping = true;
        let inside = self.visit_all([&loops.loop_cond, &loops.loop_step, &loops.result], depth);
        self.looping = false;
        self.bound = before;
        inside
    }
}

fn parts_of(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
        EntryExpr::StructField(field) => vec![&field.value],
    }
}
