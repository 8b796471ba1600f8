//! What is wrong with a mapping whatever records look like: paths, tables, fields that do not go
//! together, two rules for one place. All of it is told at once.

use std::collections::HashSet;

use super::{
    Direction, LARGEST_MAPPING, MOST_ROWS, MOST_RULES, Otherwise, Path, Rule, RuleSet, Table, Transform, Way,
    lookup_key,
};
use crate::error::{Error, Problem, Result};

/// The most problems that are told at once.
const MOST_PROBLEMS: usize = 100;
/// The longest name of a table, in bytes.
const LONGEST_NAME: usize = 64;

impl RuleSet {
    /// Everything that is wrong whatever records look like, each with its place below `$`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] where it is too large to be looked at rule by rule.
    pub fn problems(&self) -> Result<Vec<Problem>> {
        self.check_size()?;
        let mut problems = Vec::new();
        for (name, table) in &self.tables {
            self.check_table(name, table, &mut problems);
        }
        let paths: Vec<Paths> =
            self.rules.iter().enumerate().map(|(index, rule)| self.check_rule(index, rule, &mut problems)).collect();
        for way in Way::BOTH {
            self.check_targets(way, &paths, &mut problems);
        }
        problems.truncate(MOST_PROBLEMS);
        Ok(problems)
    }

    fn check_size(&self) -> Result<()> {
        let rows: usize = self.tables.values().map(|table| table.rows.len()).sum();
        let bytes = serde_json::to_vec(self).map_or(usize::MAX, |bytes| bytes.len());
        let (path, message) = match (self.rules.len(), rows) {
            (rules, _) if rules > MOST_RULES => {
                ("$.rules", format!("has {rules} rules; a mapping has at most {MOST_RULES}"))
            }
            (_, rows) if rows > MOST_ROWS => {
                ("$.tables", format!("has {rows} rows; a mapping has at most {MOST_ROWS} in all its tables"))
            }
            _ if bytes > LARGEST_MAPPING => {
                ("$", format!("has {bytes} bytes; a mapping has at most {LARGEST_MAPPING}"))
            }
            _ => return Ok(()),
        };
        Err(Error::problems("the mapping is too large", vec![Problem::at(path, message)]))
    }

    fn check_table(&self, name: &str, table: &Table, problems: &mut Vec<Problem>) {
        let place = format!("$.tables.{name}");
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !(1..=LONGEST_NAME).contains(&name.len()) || !name.bytes().all(plain) {
            let message = format!("a table's name has 1 to {LONGEST_NAME} of A-Z a-z 0-9 _ -");
            problems.push(Problem::at(place.as_str(), message));
        }
        let uses: Vec<Direction> = self
            .rules
            .iter()
            .filter(|rule| matches!(&rule.transform, Transform::Lookup { table, .. } if table == name))
            .map(|rule| rule.direction)
            .collect();
        for way in Way::BOTH {
            let used = uses.iter().any(|direction| direction.goes(way));
            let mut seen = HashSet::new();
            for (index, row) in table.rows.iter().enumerate() {
                let side = if way == Way::In { "theirs" } else { "ours" };
                let at = || format!("{place}.rows[{index}].{side}");
                let Some(key) = lookup_key(row.on(way).0) else {
                    problems.push(Problem::at(at(), "is no text, number or truth"));
                    continue;
                };
                if !seen.insert(key) && used {
                    let message =
                        "stands in an earlier row too, so it can not be looked up on this side; take one row out";
                    problems.push(Problem::at(at(), message));
                }
            }
        }
    }

    fn check_rule(&self, index: usize, rule: &Rule, problems: &mut Vec<Problem>) -> Paths {
        let mut tell = |field: &str, message: String| {
            let place = if field.is_empty() { String::new() } else { format!(".{field}") };
            problems.push(Problem::at(format!("$.rules[{index}]{place}"), message));
        };
        let mut read = |field: &str, text: &Option<String>| {
            let path = text.as_ref().map(|text| Path::parse(text));
            path.and_then(|path| path.map_err(|wrong| tell(field, wrong)).ok())
        };
        let paths = Paths { theirs: read("theirs", &rule.theirs), ours: read("ours", &rule.ours) };
        for way in Way::BOTH.into_iter().filter(|way| rule.direction.goes(*way)) {
            let (source, target) = (side_of(way), side_of(turned(way)));
            if rule.writes(way).is_none() {
                tell(target, "is missing: the rule writes there".to_owned());
            }
            let needs_source = matches!(rule.transform, Transform::Direct { .. } | Transform::Lookup { .. });
            if needs_source && rule.reads(way).is_none() {
                tell(source, "is missing: the rule reads there".to_owned());
            }
            if paths.on(turned(way)).is_some_and(|path| path.steps().is_empty()) {
                tell(target, "is the whole record; name a place in it".to_owned());
            }
        }
        for (field, message) in self.wrong_transform(rule, &paths) {
            tell(field, message);
        }
        paths
    }

    fn wrong_transform(&self, rule: &Rule, paths: &Paths) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        let both = rule.direction == Direction::Both;
        match &rule.transform {
            Transform::Direct { convert: Some(convert) } if both && convert.inverse().is_none() => {
                wrong.push(("transform.convert", "can not be undone; make one rule for each way".to_owned()));
            }
            Transform::Direct { .. } => {}
            Transform::Lookup { table, unknown } => {
                if !self.tables.contains_key(table) {
                    wrong.push(("transform.table", format!("there is no table `{table}` in `tables`")));
                }
                if both && matches!(unknown, Some(Otherwise::Use(_))) {
                    let message = "is written on both sides; make one rule for each way, each with its own";
                    wrong.push(("transform.unknown", message.to_owned()));
                }
            }
            Transform::Formula { .. } | Transform::Constant { .. } if both => {
                let name = rule.transform.name();
                wrong.push(("direction", format!("a {name} can not be undone; make one rule for each way")));
            }
            Transform::Formula { .. } => {}
            Transform::Constant { .. } => {
                let way = if rule.direction == Direction::In { Way::In } else { Way::Out };
                if rule.reads(way).is_some() || rule.missing.is_some() {
                    wrong.push((
                        side_of(way),
                        "a constant reads nothing; name only the place that it writes".to_owned(),
                    ));
                }
            }
        }
        if both && matches!(rule.missing, Some(Otherwise::Use(_))) {
            let message = "is written on both sides; make one rule for each way, each with its own";
            wrong.push(("missing", message.to_owned()));
        }
        let counts = (paths.theirs.as_ref().map(Path::each), paths.ours.as_ref().map(Path::each));
        if let (theirs, ours) = counts
            && theirs.unwrap_or(0) != ours.unwrap_or(0)
            && (theirs.is_some() || rule.theirs.is_none())
            && (ours.is_some() || rule.ours.is_none())
        {
            let message = "both sides have to go through as many lists: write as many `[*]` in each";
            wrong.push(("", message.to_owned()));
        }
        wrong
    }

    fn check_targets(&self, way: Way, paths: &[Paths], problems: &mut Vec<Problem>) {
        let targets: Vec<(usize, &Path)> = self
            .rules
            .iter()
            .zip(paths)
            .enumerate()
            .filter(|(_, (rule, _))| rule.direction.goes(way))
            .filter_map(|(index, (_, paths))| Some((index, paths.on(turned(way))?)))
            .collect();
        for (place, (index, target)) in targets.iter().enumerate() {
            let earlier = targets.iter().take(place).find(|(_, earlier)| earlier.overlaps(target));
            if let Some((earlier, _)) = earlier {
                let at = format!("$.rules[{index}].{}", side_of(turned(way)));
                problems.push(Problem::at(at, format!("is written by rule {earlier} already, or lies within it")));
            }
        }
    }
}

/// The paths of a rule that read.
struct Paths {
    theirs: Option<Path>,
    ours: Option<Path>,
}

impl Paths {
    /// The path on the side that is read on a way.
    fn on(&self, way: Way) -> Option<&Path> {
        match way {
            Way::In => self.theirs.as_ref(),
            Way::Out => self.ours.as_ref(),
        }
    }
}

/// The field that is read on a way.
fn side_of(way: Way) -> &'static str {
    match way {
        Way::In => "theirs",
        Way::Out => "ours",
    }
}

fn turned(way: Way) -> Way {
    match way {
        Way::In => Way::Out,
        Way::Out => Way::In,
    }
}

#[cfg(test)]
mod tests;
