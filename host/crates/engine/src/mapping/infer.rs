//! What a formula can give, told from its tree before there is a record. Where that can not be
//! told, it can give anything.

use cel::common::ast::{Expr, IdedExpr, LiteralValue, SelectExpr, operators};
use gatehouse_domain::mapping::{Path, Types};
use serde_json::Value;

use super::shape::{self, Said};

/// What is known of what a formula looks at.
pub(super) struct Known<'s> {
    /// What its `value` can be.
    pub(super) value: Types,
    /// The schema of its `record`.
    pub(super) record: Option<&'s Value>,
}

/// The types that a formula can give.
pub(super) fn types_of(node: &IdedExpr, known: &Known<'_>) -> Types {
    match &node.expr {
        Expr::Literal(literal) => of_literal(literal),
        Expr::Ident(name) if name == "value" => known.value,
        Expr::Ident(name) if name == "record" || name == "settings" => Types::OBJECT,
        Expr::Select(select) if select.test => Types::BOOLEAN,
        Expr::Select(select) => of_field(select, known),
        Expr::List(_) => Types::ARRAY,
        Expr::Map(_) => Types::OBJECT,
        // Only all, exists and exists_one are taken.
        Expr::Comprehension(_) => Types::BOOLEAN,
        Expr::Call(call) => of_call(&call.func_name, &call.args, known),
        _ => Types::ANY,
    }
}

fn of_literal(literal: &LiteralValue) -> Types {
    match literal {
        LiteralValue::Boolean(_) => Types::BOOLEAN,
        // A double that is whole is a JSON number like any other.
        LiteralValue::Double(_) => Types::NUMBER,
        LiteralValue::Int(_) | LiteralValue::UInt(_) => Types::INTEGER,
        LiteralValue::Null => Types::NULL,
        LiteralValue::String(_) => Types::STRING,
        LiteralValue::Bytes(_) => Types::NONE,
    }
}

fn of_call(name: &str, args: &[IdedExpr], known: &Known<'_>) -> Types {
    let argument = |index: usize| args.get(index).map_or(Types::ANY, |node| types_of(node, known));
    match name {
        operators::CONDITIONAL => argument(1) | argument(2),
        operators::ADD => sum(argument(0), argument(1)),
        operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE => {
            let both = argument(0) & argument(1) & Types::NUMBER;
            if both == Types::NONE { Types::NUMBER } else { both }
        }
        operators::MODULO | "size" | "int" | "uint" => Types::INTEGER,
        operators::NEGATE | "double" => Types::NUMBER,
        operators::LOGICAL_AND
        | operators::LOGICAL_OR
        | operators::LOGICAL_NOT
        | operators::EQUALS
        | operators::NOT_EQUALS
        | operators::GREATER
        | operators::GREATER_EQUALS
        | operators::LESS
        | operators::LESS_EQUALS
        | operators::IN
        | "bool"
        | "contains"
        | "startsWith"
        | "endsWith" => Types::BOOLEAN,
        "string" => Types::STRING,
        "dyn" => argument(0),
        _ => Types::ANY,
    }
}

/// What two things added give: both are numbers, texts or lists.
fn sum(one: Types, other: Types) -> Types {
    let addable = Types::NUMBER | Types::STRING | Types::ARRAY;
    one & other & addable
}

/// What a field of the record can be, by the record's schema.
fn of_field(select: &SelectExpr, known: &Known<'_>) -> Types {
    let mut names = vec![select.field.as_str()];
    let mut operand = &select.operand.expr;
    while let Expr::Select(inner) = operand {
        names.push(inner.field.as_str());
        operand = &inner.operand.expr;
    }
    let (Expr::Ident(root), Some(schema)) = (operand, known.record) else { return Types::ANY };
    if root != "record" {
        return Types::ANY;
    }
    let text: String = names.iter().rev().map(|name| format!(".{name}")).collect();
    let Ok(path) = Path::parse(&format!("${text}")) else { return Types::ANY };
    match shape::at(schema, &path) {
        Said::Types(types) => types,
        Said::Nowhere(_) => Types::ANY,
    }
}
