//! Hostile guests that no compiler would make: written by hand, each with one trick.

use serde_json::{Value, json};

use super::End;
use crate::small;

/// One guest: a core module with `run`, and how that is lifted.
pub(super) struct Written {
    pub(super) name: &'static str,
    core: &'static str,
    parameter: &'static str,
    result: &'static str,
    options: &'static str,
    pub(super) end: End,
}

impl Written {
    pub(super) fn component(&self) -> Vec<u8> {
        let Self { core, parameter, result, options, .. } = self;
        let (resource, lent) = if core.contains("\"host\"") {
            (
                "(type $r (resource (rep i32))) (core func $new (canon resource.new $r))",
                "(with \"host\" (instance (export \"new\" (func $new))))",
            )
        } else {
            ("", "")
        };
        small::binary(&format!(
            r#"(component
                {resource}
                (core module $m {core} (memory (export "memory") 1))
                (core instance $i (instantiate $m {lent}))
                (func $run {parameter} (result {result})
                    (canon lift (core func $i "run") (memory (core memory $i "memory")) {options}))
                (instance $probe (export "run" (func $run)))
                (export "test:small/probe@1.0.0" (instance $probe)))"#
        ))
    }

    pub(super) fn parameters(&self) -> Value {
        match self.parameter {
            "" => json!({}),
            TEXT => json!({ "p": "some text" }),
            _ => json!({ "p": [1, 2, 3] }),
        }
    }
}

const TEXT: &str = "(param \"p\" string)";
const NUMBERS: &str = "(param \"p\" (list u32))";
const REALLOC: &str = "(realloc (core func $i \"realloc\"))";
const POST: &str = "(post-return (core func $i \"post\"))";

/// One that takes nothing and answers a number.
const fn number(name: &'static str, core: &'static str, end: End) -> Written {
    answers(name, "u32", core, end)
}

/// One that takes nothing and answers a value of a type.
const fn answers(name: &'static str, result: &'static str, core: &'static str, end: End) -> Written {
    Written { name, core, parameter: "", result, options: "", end }
}

/// One that goes wrong as it is given a value.
const fn takes(name: &'static str, parameter: &'static str, core: &'static str, end: End) -> Written {
    Written { name, core, parameter, result: "u32", options: REALLOC, end }
}

/// One that goes wrong after it has answered.
const fn after(name: &'static str, core: &'static str, end: End) -> Written {
    Written { name, core, parameter: "", result: "u32", options: POST, end }
}

/// All of them.
pub(super) fn all() -> Vec<Written> {
    let mut all = resources();
    all.extend(traps());
    all.extend(lies());
    all.extend(odd_numbers());
    all.extend(hooks());
    all
}

/// What takes more than it may.
fn resources() -> Vec<Written> {
    vec![
        number(
            "a table that grows for ever",
            r#"(table $t 1 funcref)
            (func (export "run") (result i32)
                (loop (drop (table.grow $t (ref.null func) (i32.const 1000))) (br 0)) unreachable)"#,
            End::Limit("table_elements"),
        ),
        number(
            "a memory that grows page by page",
            r#"(func (export "run") (result i32) (loop (drop (memory.grow (i32.const 1))) (br 0)) unreachable)"#,
            End::Limit("memory_bytes"),
        ),
        number(
            "handles that are never given back",
            r#"(import "host" "new" (func $new (param i32) (result i32)))
            (func (export "run") (result i32) (loop (drop (call $new (i32.const 1))) (br 0)) unreachable)"#,
            End::Limit("handles"),
        ),
        number(
            "a loop of nothing but filling memory",
            r#"(func (export "run") (result i32)
                (loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 65536)) (br 0)) unreachable)"#,
            End::Limit("cpu_ms"),
        ),
        number(
            "two functions that call each other through a table",
            r#"(type $f (func (result i32))) (table $t 2 funcref) (elem (i32.const 0) $a $b)
            (func $a (result i32) (i32.add (i32.const 1) (call_indirect (type $f) (i32.const 1))))
            (func $b (result i32) (i32.add (i32.const 1) (call_indirect (type $f) (i32.const 0))))
            (func (export "run") (result i32) (call $a))"#,
            End::Trap("its call stack is larger than 524288 bytes"),
        ),
        answers(
            "eight thousand texts that are all the same sixty thousand bytes",
            "(list string)",
            r#"(func (export "run") (result i32) (local $at i32)
                (drop (memory.grow (i32.const 1)))
                (loop
                    (i32.store (i32.add (i32.const 65536) (local.get $at)) (i32.const 16))
                    (i32.store (i32.add (i32.const 65540) (local.get $at)) (i32.const 60000))
                    (local.set $at (i32.add (local.get $at) (i32.const 8)))
                    (br_if 0 (i32.lt_u (local.get $at) (i32.const 64000))))
                (i32.store (i32.const 0) (i32.const 65536))
                (i32.store (i32.const 4) (i32.const 8000))
                i32.const 0)"#,
            End::Limit("output_bytes"),
        ),
    ]
}

/// What can not go on.
fn traps() -> Vec<Written> {
    vec![
        number(
            "a division by zero",
            r#"(func (export "run") (result i32) (i32.div_u (i32.const 1) (i32.const 0)))"#,
            End::Trap("integer divide by zero"),
        ),
        number(
            "a number that does not fit",
            r#"(func (export "run") (result i32) (i32.trunc_f32_s (f32.const nan)))"#,
            End::Trap("invalid conversion to integer"),
        ),
        number(
            "a read past the end of memory",
            r#"(func (export "run") (result i32) (i32.load (i32.const -4)))"#,
            End::Trap("out of bounds memory access"),
        ),
        number(
            "a call of nothing",
            r#"(type $f (func (result i32))) (table 1 funcref)
            (func (export "run") (result i32) (call_indirect (type $f) (i32.const 0)))"#,
            End::Trap("uninitialized element"),
        ),
        number(
            "a call past the end of a table",
            r#"(type $f (func (result i32))) (table 1 funcref)
            (func (export "run") (result i32) (call_indirect (type $f) (i32.const 9)))"#,
            End::Trap("out of bounds"),
        ),
        number(
            "a call of another type",
            r#"(type $f (func (result i32))) (table 1 funcref) (func $g) (elem (i32.const 0) $g)
            (func (export "run") (result i32) (call_indirect (type $f) (i32.const 0)))"#,
            End::Trap("indirect call type mismatch"),
        ),
    ]
}

/// Answers that are not what their type says.
fn lies() -> Vec<Written> {
    vec![
        answers(
            "a text that is not there",
            "string",
            r#"(func (export "run") (result i32)
                (i32.store (i32.const 0) (i32.const 65530)) (i32.store (i32.const 4) (i32.const 100)) i32.const 0)"#,
            End::Trap("out of bounds"),
        ),
        answers(
            "a text of two gigabytes",
            "string",
            r#"(func (export "run") (result i32)
                (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 0x7fffffff)) i32.const 0)"#,
            End::Trap("out of bounds"),
        ),
        answers(
            "a text that is no text",
            "string",
            r#"(func (export "run") (result i32)
                (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 2))
                (i32.store16 (i32.const 8) (i32.const 0xffc0)) i32.const 0)"#,
            End::Trap("utf-8"),
        ),
        answers(
            "a letter beyond all letters",
            "char",
            r#"(func (export "run") (result i32) i32.const 0x110000)"#,
            End::Trap("char"),
        ),
        answers("half a letter", "char", r#"(func (export "run") (result i32) i32.const 0xd800)"#, End::Trap("char")),
        answers(
            "an option that is neither there nor absent",
            "(option u32)",
            r#"(func (export "run") (result i32) (i32.store8 (i32.const 0) (i32.const 2)) i32.const 0)"#,
            End::Trap("discriminant 2 out of range"),
        ),
        answers(
            "a result that is neither good nor bad",
            "(tuple (result u32 (error string)) u32)",
            r#"(func (export "run") (result i32) (i32.store8 (i32.const 0) (i32.const 9)) i32.const 0)"#,
            End::Trap("discriminant 9 out of range"),
        ),
        answers(
            "a list that begins between two numbers",
            "(list u32)",
            r#"(func (export "run") (result i32)
                (i32.store (i32.const 0) (i32.const 9)) (i32.store (i32.const 4) (i32.const 1)) i32.const 0)"#,
            End::Trap("aligned"),
        ),
        answers(
            "a list longer than all memory",
            "(list u64)",
            r#"(func (export "run") (result i32)
                (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 0x3fffffff)) i32.const 0)"#,
            End::Trap("out of bounds"),
        ),
        answers(
            "an answer past the end of memory",
            "string",
            r#"(func (export "run") (result i32) i32.const 0x7ffffff0)"#,
            End::Trap("out of bounds"),
        ),
        answers(
            "an answer between two words",
            "string",
            r#"(func (export "run") (result i32) i32.const 2)"#,
            End::Trap("aligned"),
        ),
    ]
}

/// Numbers that JSON does not have.
fn odd_numbers() -> Vec<Written> {
    vec![
        answers(
            "what is no number",
            "f64",
            r#"(func (export "run") (result f64) f64.const nan)"#,
            End::Trap("NaN has no JSON form"),
        ),
        answers(
            "a number without end",
            "f32",
            r#"(func (export "run") (result f32) f32.const -inf)"#,
            End::Trap("-inf has no JSON form"),
        ),
    ]
}

/// What the host calls on the way: before the function, and after it.
fn hooks() -> Vec<Written> {
    vec![
        takes(
            "room for its parameters that is not there",
            TEXT,
            r#"(func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0x7ffffff0)
            (func (export "run") (param i32 i32) (result i32) i32.const 1)"#,
            End::Trap("realloc"),
        ),
        takes(
            "room for its parameters between two numbers",
            NUMBERS,
            r#"(func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 3)
            (func (export "run") (param i32 i32) (result i32) i32.const 1)"#,
            End::Trap("aligned"),
        ),
        takes(
            "room for its parameters that never comes",
            TEXT,
            r#"(func (export "realloc") (param i32 i32 i32 i32) (result i32) (loop (br 0)) unreachable)
            (func (export "run") (param i32 i32) (result i32) i32.const 1)"#,
            End::Limit("cpu_ms"),
        ),
        takes(
            "no room for its parameters",
            TEXT,
            r#"(func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "run") (param i32 i32) (result i32) i32.const 1)"#,
            End::Trap("unreachable"),
        ),
        after(
            "a trap after the answer",
            r#"(func (export "run") (result i32) i32.const 1) (func (export "post") (param i32) unreachable)"#,
            End::Trap("unreachable"),
        ),
        after(
            "a loop after the answer",
            r#"(func (export "run") (result i32) i32.const 1) (func (export "post") (param i32) (loop (br 0)))"#,
            End::Limit("cpu_ms"),
        ),
    ]
}
