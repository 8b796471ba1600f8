//! Form bodies with nested keys, such as `metadata[order]` and `items[0][price]`, in the order
//! in which they were set.

use crate::{Error, Result};

/// Name and value pairs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    pairs: Vec<(String, String)>,
}

impl Form {
    /// An empty form.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pair. Nesting is written out: `line_items[0][quantity]`.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.pairs.push((name.into(), value.to_string()));
        self
    }

    /// Adds a pair where there is a value.
    #[must_use]
    pub fn set_some(self, name: impl Into<String>, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// Adds one pair for each key a caller chose: `name[key]`.
    ///
    /// # Errors
    /// `invalid-input` for a key that is empty or has a bracket, which would name another field.
    pub fn set_each<'a>(mut self, name: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        for (key, value) in pairs {
            if key.is_empty() || key.contains(['[', ']']) {
                return Err(Error::invalid_input(format!("`{key}` can not be a key of `{name}`; use no brackets")));
            }
            self.pairs.push((format!("{name}[{key}]"), value.to_owned()));
        }
        Ok(self)
    }

    /// Adds one pair for each value under the same name, for providers that repeat a name: `to=a&to=b`,
    /// or with `to[]` as the name `to[]=a&to[]=b`. Where they count, set `to[0]`, `to[1]` by yourself.
    #[must_use]
    pub fn set_all(mut self, name: &str, values: impl IntoIterator<Item = impl ToString>) -> Self {
        self.pairs.extend(values.into_iter().map(|value| (name.to_owned(), value.to_string())));
        self
    }

    /// The pairs, in the order in which they were set.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    pub(super) fn into_pairs(self) -> Vec<(String, String)> {
        self.pairs
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn pairs_keep_their_order_and_absent_ones_are_left_out() {
        let form = Form::new().set("b", 1).set_some("c", None::<&str>).set_some("a[0][x]", Some(true));
        let form = form.set_each("metadata", [("order", "7")]).unwrap().set_all("to[]", ["x", "y"]);
        let pairs: Vec<_> = form.pairs().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("b", "1"), ("a[0][x]", "true"), ("metadata[order]", "7"), ("to[]", "x"), ("to[]", "y")]);
    }

    #[test]
    fn a_key_can_not_name_another_field() {
        for key in ["", "a][b", "[", "x]"] {
            assert!(Form::new().set_each("metadata", [(key, "v")]).is_err(), "{key}");
        }
    }
}
