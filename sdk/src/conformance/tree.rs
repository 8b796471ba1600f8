//! Name and value pairs as the tree that their names spell: `items[0][price]`, `to[]`, a repeated name.

use std::collections::BTreeMap;

/// A value, or values by key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Text(String),
    Keyed(BTreeMap<String, Tree>),
}

/// The tree of all pairs, by the first part of each name.
pub(super) fn of_pairs(pairs: &[(String, String)]) -> BTreeMap<String, Tree> {
    let mut root = BTreeMap::new();
    for (name, value) in pairs {
        let (first, rest) = name.split_once('[').unwrap_or((name, ""));
        let mut parts: Vec<&str> =
            rest.split('[').filter(|_| !rest.is_empty()).map(|part| part.trim_end_matches(']')).collect();
        parts.insert(0, first);
        insert(&mut root, &parts, value);
    }
    root
}

fn insert(to: &mut BTreeMap<String, Tree>, parts: &[&str], value: &str) {
    let Some((first, rest)) = parts.split_first() else { return };
    // An empty key counts on.
    let key = if first.is_empty() { to.len().to_string() } else { (*first).to_owned() };
    if rest.is_empty() {
        match to.get_mut(&key) {
            None => drop(to.insert(key, Tree::Text(value.to_owned()))),
            Some(Tree::Keyed(values)) => insert(values, &[""], value),
            Some(Tree::Text(before)) => {
                let both = [before.clone(), value.to_owned()].map(Tree::Text);
                let numbered = both.into_iter().enumerate().map(|(index, text)| (index.to_string(), text));
                to.insert(key, Tree::Keyed(numbered.collect()));
            }
        }
        return;
    }
    let below = to.entry(key).or_insert_with(|| Tree::Keyed(BTreeMap::new()));
    if let Tree::Keyed(below) = below {
        insert(below, rest, value);
    }
}
