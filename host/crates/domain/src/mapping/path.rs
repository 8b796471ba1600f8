//! Paths of mappings: singular JSONPath (RFC 9535 §2.3.5.1) with names and indexes counted from
//! the front, and `[*]` for each item of a list (§2.3.2). Reading only; it changes nothing.

use serde_json::Value;

/// The longest path, in bytes.
const LONGEST: usize = 500;
/// The most steps of a path.
const MOST_STEPS: usize = 16;
/// The most `[*]` of a path.
const MOST_EACH: usize = 3;
/// The highest index: writing it fills the places before it.
const HIGHEST: usize = 99;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A field of an object.
    Name(String),
    /// An item of a list, from 0.
    Index(usize),
    /// Each item of a list.
    Each,
}

/// A place in a record, or one in each of several items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<Step>);

/// What a path found at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit<'v> {
    /// Which item it was of each list that the path went through.
    pub at: Vec<usize>,
    /// What was there.
    pub seen: Seen<'v>,
}

/// What can be at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen<'v> {
    /// A value; it may be `null`.
    Value(&'v Value),
    /// Nothing.
    Missing,
    /// A list without items, where the path asks for each of them.
    Empty,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong with it, and what a path looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("has {} bytes; a path has at most {LONGEST}", text.len()));
        }
        let Some(mut rest) = text.strip_prefix('$') else {
            return Err(format!("`{text}` does not begin with `$`; write it as in `$.items[*].sku`"));
        };
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = step(rest)?;
            steps.push(step);
            rest = after;
        }
        let each = steps.iter().filter(|step| **step == Step::Each).count();
        if steps.len() > MOST_STEPS || each > MOST_EACH {
            return Err(format!("has {} steps and {each} `[*]`; {MOST_STEPS} and {MOST_EACH} are taken", steps.len()));
        }
        Ok(Self(steps))
    }

    /// Its steps.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// How many `[*]` it has.
    pub fn each(&self) -> usize {
        self.0.iter().filter(|step| **step == Step::Each).count()
    }

    /// Whether writing one can change what is at the other: one begins with the other.
    pub fn overlaps(&self, other: &Self) -> bool {
        let same = |(one, other): (&Step, &Step)| match (one, other) {
            (Step::Name(one), Step::Name(other)) => one == other,
            (Step::Index(one), Step::Index(other)) => one == other,
            (Step::Each, Step::Each) => true,
            // A list has items and no fields, so a place can not be both; an index is one of each.
            _ => true,
        };
        let mixed = |(one, other): (&Step, &Step)| std::mem::discriminant(one) != std::mem::discriminant(other);
        let pairs = || self.0.iter().zip(&other.0);
        match pairs().position(|pair| mixed(pair) || !same(pair)) {
            Some(place) => pairs().nth(place).is_some_and(mixed),
            None => true,
        }
    }

    /// What is at the place, in each item where it goes through lists. `most` is how many places may
    /// be looked at, and is counted down.
    ///
    /// # Errors
    /// Where a value on the way is neither what the path takes it for nor `null`, and where there
    /// are too many items.
    pub fn read<'v>(&self, root: &'v Value, most: &mut usize) -> Result<Vec<Hit<'v>>, String> {
        let mut hits = Vec::new();
        look(root, &self.0, &mut Vec::new(), &mut hits, most)?;
        Ok(hits)
    }
}

fn look<'v>(
    value: &'v Value,
    steps: &[Step],
    at: &mut Vec<usize>,
    hits: &mut Vec<Hit<'v>>,
    most: &mut usize,
) -> Result<(), String> {
    let mut hit = |at: &[usize], seen| {
        *most = most.checked_sub(1).ok_or("there are too many items to look at")?;
        hits.push(Hit { at: at.to_vec(), seen });
        Ok(())
    };
    let Some((step, rest)) = steps.split_first() else { return hit(at, Seen::Value(value)) };
    let next = match (step, value) {
        (_, Value::Null) => None,
        (Step::Name(name), Value::Object(fields)) => fields.get(name),
        (Step::Name(name), other) => return Err(format!("`{name}` is asked of {}", article(other))),
        (Step::Index(index), Value::Array(items)) => items.get(*index),
        (Step::Each, Value::Array(items)) if items.is_empty() => return hit(at, Seen::Empty),
        (Step::Each, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                at.push(index);
                look(item, rest, at, hits, most)?;
                at.pop();
            }
            return Ok(());
        }
        (Step::Index(_) | Step::Each, other) => return Err(format!("items are asked of {}", article(other))),
    };
    match next {
        Some(next) => look(next, rest, at, hits, most),
        None => hit(at, Seen::Missing),
    }
}

/// A value's type in words.
pub(super) fn article(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn step(rest: &str) -> Result<(Step, &str), String> {
    if let Some(name) = rest.strip_prefix('.') {
        let end = name.find(|letter: char| !is_name(letter)).unwrap_or(name.len());
        let (name, after) = name.split_at(end);
        let begins_well = name.starts_with(|first: char| !first.is_ascii_digit());
        return match begins_well {
            true => Ok((Step::Name(name.to_owned()), after)),
            false => Err(format!("no name follows the dot at `{rest}`; write others as in `$['odd name']`")),
        };
    }
    let Some(inner) = rest.strip_prefix('[') else {
        return Err(format!("`{rest}` is no step; a step is `.name`, `['name']`, `[0]` or `[*]`"));
    };
    let (step, after) = match inner.chars().next() {
        Some('*') => (Step::Each, inner.get(1..).unwrap_or_default()),
        Some(quote @ ('\'' | '"')) => quoted(inner.get(1..).unwrap_or_default(), quote)?,
        _ => index(inner)?,
    };
    let after = after.strip_prefix(']').ok_or_else(|| format!("`]` is missing after `{rest}`"))?;
    Ok((step, after))
}

/// RFC 9535 §2.5.1.1: what a name may be without quotes.
fn is_name(letter: char) -> bool {
    letter == '_' || letter.is_ascii_alphanumeric() || !letter.is_ascii()
}

fn index(inner: &str) -> Result<(Step, &str), String> {
    let end = inner.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(inner.len());
    let (digits, after) = inner.split_at(end);
    let plain = digits == "0" || !digits.starts_with('0');
    match digits.parse::<usize>() {
        Ok(index) if plain && index <= HIGHEST => Ok((Step::Index(index), after)),
        _ => Err(format!("`[{inner}` holds no index from 0 to {HIGHEST}, no name in quotes and no `*`")),
    }
}

fn quoted(inner: &str, quote: char) -> Result<(Step, &str), String> {
    let mut name = String::new();
    let mut letters = inner.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            letter if letter == quote => {
                return Ok((Step::Name(name), inner.get(place + 1..).unwrap_or_default()));
            }
            '\\' => match letters.next() {
                Some((_, escaped @ ('\\' | '\'' | '"' | '/'))) => name.push(escaped),
                Some((_, 'n')) => name.push('\n'),
                Some((_, 't')) => name.push('\t'),
                _ => return Err("a backslash in a name stands before a quote, a backslash, n or t".to_owned()),
            },
            letter => name.push(letter),
        }
    }
    Err(format!("the name that begins at `{inner}` has no end"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(text: &str) -> Path {
        Path::parse(text).unwrap()
    }

    #[test]
    fn paths_read() {
        use Step::{Each, Index};
        let name = |name: &str| Step::Name(name.to_owned());
        for (text, steps) in [
            ("$", vec![]),
            ("$.a", vec![name("a")]),
            ("$.a_1.Bc", vec![name("a_1"), name("Bc")]),
            ("$['a b']", vec![name("a b")]),
            ("$[\"a.b\"]", vec![name("a.b")]),
            ("$['it\\'s']", vec![name("it's")]),
            ("$.größe", vec![name("größe")]),
            ("$.items[*].sku", vec![name("items"), Each, name("sku")]),
            ("$.a[0][12]", vec![name("a"), Index(0), Index(12)]),
            ("$['']", vec![name("")]),
        ] {
            assert_eq!(parsed(text).steps(), steps, "{text}");
        }
        for wrong in [
            "",
            "a",
            ".a",
            "$.",
            "$a",
            "$.a.",
            "$..a",
            "$.1",
            "$.a-b",
            "$[",
            "$[a]",
            "$[-1]",
            "$[01]",
            "$[100]",
            "$['a",
            "$['a'",
            "$.*",
            "$[1:2]",
            "$[?@.a]",
            "$.a[*",
            "$['\\x']",
            "$[*][*][*][*]",
            "$ .a",
            "$['a','b']",
        ] {
            assert!(Path::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Path::parse(&format!("${}", ".a".repeat(16))).is_ok());
        assert!(Path::parse(&format!("${}", ".a".repeat(17))).is_err());
        assert!(Path::parse(&format!("$.{}", "a".repeat(499))).is_err());
    }

    /// What a path finds: values with the items' places, `?` where there is nothing, `[]` for an
    /// empty list, `!` where the record has another shape.
    fn check(path: &str, record: Value, expect: &str) {
        let mut most = 100;
        let found = match parsed(path).read(&record, &mut most) {
            Err(_) => "!".to_owned(),
            Ok(hits) => {
                let show = |hit: &Hit<'_>| {
                    let at: String = hit.at.iter().map(|index| format!("{index}:")).collect();
                    match hit.seen {
                        Seen::Value(value) => format!("{at}{value}"),
                        Seen::Missing => format!("{at}?"),
                        Seen::Empty => format!("{at}[]"),
                    }
                };
                hits.iter().map(show).collect::<Vec<_>>().join(" ")
            }
        };
        assert_eq!(found, expect, "{path} of {record}");
    }

    #[test]
    fn places_are_found() {
        check("$", json!({}), "{}");
        check("$.a.b", json!({ "a": { "b": 1 } }), "1");
        check("$.a.b", json!({ "a": {} }), "?");
        check("$.a.b", json!({ "a": null }), "?");
        check("$.a", json!({ "a": null }), "null");
        check("$.a.b", json!({ "a": "text" }), "!");
        check("$.a.b", json!({ "a": [1] }), "!");
        check("$.a[0]", json!({ "a": {} }), "!");
        check("$.a[1]", json!({ "a": [1, 2] }), "2");
        check("$.a[2]", json!({ "a": [1, 2] }), "?");
        check("$.a[*]", json!({ "a": [1, 2] }), "0:1 1:2");
        check("$.a[*]", json!({ "a": [] }), "[]");
        check("$.a[*]", json!({}), "?");
        check("$.a[*]", json!({ "a": 1 }), "!");
        check("$.a[*].b", json!({ "a": [{ "b": 1 }, {}, null] }), "0:1 1:? 2:?");
        check("$[*]", json!([]), "[]");
        check("$.a[*].b[*]", json!({ "a": [{ "b": [1, 2] }, { "b": [] }, {}] }), "0:0:1 0:1:2 1:[] 2:?");
        assert!(parsed("$.a[*]").read(&json!({ "a": vec![1; 101] }), &mut 100).is_err());
    }

    #[test]
    fn places_that_can_not_both_be_written_are_told() {
        for (one, other, overlaps) in [
            ("$.a", "$.a", true),
            ("$.a", "$.b", false),
            ("$.a", "$.a.b", true),
            ("$.a.b", "$.a.c", false),
            ("$.a[0]", "$.a[1]", false),
            ("$.a[0]", "$.a[*]", true),
            ("$.a[0]", "$.a.b", true),
            ("$.a[*].b", "$.a[*].c", false),
            ("$.a[0].b", "$.a[*].c", true),
            ("$", "$.a", true),
            ("$.a.b", "$.c[0]", false),
        ] {
            assert_eq!(parsed(one).overlaps(&parsed(other)), overlaps, "{one} {other}");
            assert_eq!(parsed(other).overlaps(&parsed(one)), overlaps, "{other} {one}");
        }
    }
}
