//! Writing at the place of a path: what leads to it is made. Nothing that is there is replaced but
//! the place itself.

use serde_json::{Map, Value};

use super::path::{Path, Step, article};

impl Path {
    /// Writes a value at the place, in the items that `at` names. Where the path ends in `[*]`, the
    /// value is added to the list, so that items which were left out leave no gap.
    ///
    /// # Errors
    /// Where something on the way is neither what the path takes it for nor `null`.
    pub fn write(&self, root: &mut Value, at: &[usize], value: Value) -> Result<(), String> {
        if let Some((Step::Each, before)) = self.steps().split_last() {
            list(place(root, before, at)?)?.push(value);
            return Ok(());
        }
        *place(root, self.steps(), at)? = value;
        Ok(())
    }

    /// Makes what leads to the items that `at` names, where nothing is written in them, so that
    /// what other rules write stands in the same items. `empty` is whether there was a list without
    /// items after those, which then is one here too.
    ///
    /// # Errors
    /// As [`Path::write`].
    pub fn hold(&self, root: &mut Value, at: &[usize], empty: bool) -> Result<(), String> {
        let (mut left, mut end) = (at.len(), 0);
        for (index, step) in self.steps().iter().enumerate() {
            if *step != Step::Each {
                continue;
            }
            if left == 0 && !empty {
                break;
            }
            // The list itself, and where it goes on the item in it.
            let last = index + 1 == self.steps().len();
            if left == 0 || last {
                let steps = self.steps().get(..index).unwrap_or_default();
                return list(place(root, steps, at)?).map(drop);
            }
            (left, end) = (left - 1, index + 1);
        }
        // The last list on the way, with the item and those before it in the shape that others write.
        let (Some(before), Some(index)) = (end.checked_sub(1), at.len().checked_sub(left + 1)) else { return Ok(()) };
        let items = list(place(root, self.steps().get(..before).unwrap_or_default(), at)?)?;
        while at.get(index).is_some_and(|index| items.len() <= *index) {
            items.push(blank(self.steps().get(end)));
        }
        Ok(())
    }
}

fn place<'v>(slot: &'v mut Value, steps: &[Step], at: &[usize]) -> Result<&'v mut Value, String> {
    let Some((step, rest)) = steps.split_first() else { return Ok(slot) };
    let (index, at) = match (step, at.split_first()) {
        (Step::Name(name), _) => {
            if slot.is_null() {
                *slot = Value::Object(Map::new());
            }
            let kind = article(slot);
            let Value::Object(fields) = slot else { return Err(format!("`{name}` can not be written into {kind}")) };
            return place(fields.entry(name.clone()).or_insert(Value::Null), rest, at);
        }
        (Step::Index(index), _) => (*index, at),
        (Step::Each, Some((index, at))) => (*index, at),
        (Step::Each, None) => return Err("a list is written whose items nobody counted".to_owned()),
    };
    let items = list(slot)?;
    while items.len() <= index {
        items.push(blank(rest.first()));
    }
    let item = items.get_mut(index).ok_or("an item is not there that was just made")?;
    place(item, rest, at)
}

fn list(slot: &mut Value) -> Result<&mut Vec<Value>, String> {
    if slot.is_null() {
        *slot = Value::Array(Vec::new());
    }
    let kind = article(slot);
    match slot {
        Value::Array(items) => Ok(items),
        _ => Err(format!("items can not be written into {kind}")),
    }
}

/// What stands where only something within it, or something after it, is written.
fn blank(next: Option<&Step>) -> Value {
    match next {
        Some(Step::Name(_)) => Value::Object(Map::new()),
        Some(Step::Index(_) | Step::Each) => Value::Array(Vec::new()),
        None => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Writes a number at each place, or only holds it open where there is none.
    fn check(writes: &[(&str, &[usize], Option<u32>)], expect: Value) {
        let mut root = json!({});
        for (path, at, value) in writes {
            let path = Path::parse(path).unwrap();
            match value {
                Some(value) => path.write(&mut root, at, json!(value)).unwrap(),
                None => path.hold(&mut root, at, at.len() < path.each()).unwrap(),
            }
        }
        assert_eq!(root, expect);
    }

    #[test]
    fn what_leads_to_a_place_is_made() {
        check(&[("$.a.b", &[], Some(1)), ("$.a.c", &[], Some(2))], json!({ "a": { "b": 1, "c": 2 } }));
        check(&[("$.a[1]", &[], Some(1))], json!({ "a": [null, 1] }));
        check(&[("$.a[1].b", &[], Some(1))], json!({ "a": [{}, { "b": 1 }] }));
        check(&[("$.a[1][0]", &[], Some(1))], json!({ "a": [[], [1]] }));
        check(&[("$.a[*].b", &[1], Some(1)), ("$.a[*].c", &[0], Some(2))], json!({ "a": [{ "c": 2 }, { "b": 1 }] }));
        check(&[("$.a[*]", &[0], Some(1)), ("$.a[*]", &[5], Some(2))], json!({ "a": [1, 2] }));
        check(&[("$.a[*].b[*]", &[1, 0], Some(1))], json!({ "a": [{}, { "b": [1] }] }));
    }

    #[test]
    fn items_without_a_value_keep_their_place() {
        check(&[("$.a", &[], None)], json!({}));
        check(&[("$.a[*]", &[], None)], json!({ "a": [] }));
        check(&[("$.a[*]", &[3], None)], json!({ "a": [] }));
        check(&[("$.a[*].b", &[], None)], json!({ "a": [] }));
        check(&[("$.a[*].b", &[1], None)], json!({ "a": [{}, {}] }));
        check(&[("$.a[*].b[*].c", &[0], None)], json!({ "a": [{ "b": [] }] }));
        check(&[("$.a[*].b[*].c", &[0, 1], None)], json!({ "a": [{ "b": [{}, {}] }] }));
        check(&[("$.a[*].b", &[0], Some(1)), ("$.a[*].b", &[1], None)], json!({ "a": [{ "b": 1 }, {}] }));
    }

    #[test]
    fn no_list_is_made_of_one_that_is_not_there() {
        for (path, at, expect) in [
            ("$.a[*]", &[][..], json!({})),
            ("$.a[*].b", &[], json!({})),
            ("$.a[*].b[*].c", &[1], json!({ "a": [{}, {}] })),
        ] {
            let mut root = json!({});
            Path::parse(path).unwrap().hold(&mut root, at, false).unwrap();
            assert_eq!(root, expect, "{path}");
        }
    }

    #[test]
    fn nothing_is_written_into_what_has_another_shape() {
        for (path, root) in
            [("$.a.b", json!({ "a": 1 })), ("$.a[0]", json!({ "a": {} })), ("$.a[*]", json!({ "a": "" }))]
        {
            let mut root = root;
            let before = root.clone();
            assert!(Path::parse(path).unwrap().write(&mut root, &[0], json!(1)).is_err(), "{path}");
            assert_eq!(root, before);
        }
    }
}
