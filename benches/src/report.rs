//! Figures beside what they are compared with and beside their targets, as Markdown and as JSON.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::machine::Machine;

/// Everything that one run found.
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) sections: Vec<Section>,
}

/// The figures of one benchmark.
pub(crate) struct Section {
    pub(crate) title: String,
    /// What the second column holds.
    pub(crate) against: &'static str,
    pub(crate) rows: Vec<Row>,
    /// Sentences below the table.
    pub(crate) notes: Vec<String>,
}

/// One figure.
pub(crate) struct Row {
    what: String,
    unit: &'static str,
    ours: f64,
    other: Option<f64>,
    targets: Vec<Target>,
}

/// What a figure, or its ratio to the other one, should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
    RatioAtMost(f64),
    RatioAtLeast(f64),
}

impl Row {
    /// A figure with nothing beside it.
    pub(crate) fn new(what: impl Into<String>, unit: &'static str, ours: f64) -> Self {
        Self { what: what.into(), unit, ours, other: None, targets: Vec::new() }
    }

    /// Puts the other figure beside it.
    pub(crate) fn against(self, other: f64) -> Self {
        Self { other: Some(other), ..self }
    }

    /// Says what it should be.
    pub(crate) fn target(mut self, target: Target) -> Self {
        self.targets.push(target);
        self
    }

    fn ratio(&self) -> Option<f64> {
        self.other.map(|other| self.ours / other)
    }

    /// Whether every target is met; nothing where there is none.
    fn met(&self) -> Option<bool> {
        let met = |target: &Target| match *target {
            Target::AtMost(most) => self.ours <= most,
            Target::AtLeast(least) => self.ours >= least,
            Target::RatioAtMost(most) => self.ratio().is_some_and(|ratio| ratio <= most),
            Target::RatioAtLeast(least) => self.ratio().is_some_and(|ratio| ratio >= least),
        };
        (!self.targets.is_empty()).then(|| self.targets.iter().all(met))
    }

    fn cells(&self) -> [String; 6] {
        let with_unit = |value: f64| format!("{} {}", number(value), self.unit).trim_end().to_owned();
        let ratio = |value: f64| format!("{value:.2}×");
        let target = |target: &Target| match *target {
            Target::AtMost(most) => format!("≤ {}", with_unit(most)),
            Target::AtLeast(least) => format!("≥ {}", with_unit(least)),
            Target::RatioAtMost(most) => format!("≤ {most}×"),
            Target::RatioAtLeast(least) => format!("≥ {least}×"),
        };
        [
            self.what.clone(),
            with_unit(self.ours),
            self.other.map(with_unit).unwrap_or_default(),
            self.ratio().map(ratio).unwrap_or_default(),
            self.targets.iter().map(target).collect::<Vec<_>>().join(", "),
            self.met().map(|met| if met { "✓" } else { "✗" }).unwrap_or_default().to_owned(),
        ]
    }

    fn to_json(&self) -> Value {
        json!({
            "what": self.what, "unit": self.unit, "ours": self.ours, "other": self.other, "ratio": self.ratio(),
            "targets": self.targets, "met": self.met(),
        })
    }
}

impl Section {
    fn to_markdown(&self) -> String {
        let heads = [self.title.as_str(), "Gatehouse", self.against, "ratio", "target", ""].map(str::to_owned);
        let lines = std::iter::once(heads).chain(self.rows.iter().map(Row::cells));
        let lines: Vec<Vec<String>> = lines.map(|cells| self.shown(cells)).collect();
        let columns = lines.first().map_or(0, Vec::len);
        let width = |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0).max(2);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for (number, cells) in lines.iter().enumerate() {
            text += &line(cells, &widths);
            if number == 0 {
                text += &rule(&widths);
            }
        }
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        text
    }

    /// Without the columns of the comparison where nothing is compared.
    fn shown(&self, cells: [String; 6]) -> Vec<String> {
        let compared = |column: &usize| !matches!(column, 2 | 3) || !self.against.is_empty();
        let cells = cells.into_iter().enumerate().filter(|(column, _)| compared(column));
        cells.map(|(_, cell)| cell).collect()
    }
}

impl Report {
    /// A table for each section, under a line about the machine.
    pub(crate) fn to_markdown(&self) -> String {
        let Machine { processor, cores, kernel, load, at } = &self.machine;
        let mut text =
            format!("{processor}, {cores} cores, {kernel}, {at}; load average as the run began: {load}.\n\n");
        let sections: Vec<String> = self.sections.iter().map(Section::to_markdown).collect();
        text += &sections.join("\n");
        text
    }

    /// The same for programs.
    pub(crate) fn to_json(&self) -> String {
        let section = |section: &Section| {
            let rows: Vec<Value> = section.rows.iter().map(Row::to_json).collect();
            json!({ "title": section.title, "against": section.against, "rows": rows, "notes": section.notes })
        };
        let sections: Vec<Value> = self.sections.iter().map(section).collect();
        format!("{:#}", json!({ "machine": self.machine, "sections": sections }))
    }

    /// Writes both forms into a folder.
    pub(crate) fn keep(&self, folder: &Path, name: &str) {
        std::fs::write(folder.join(name).with_extension("md"), self.to_markdown()).unwrap();
        std::fs::write(folder.join(name).with_extension("json"), self.to_json()).unwrap();
    }
}

/// The text goes to the left, figures to the right.
fn line(cells: &[String], widths: &[usize]) -> String {
    let pad = |(cell, width): (&String, &usize)| " ".repeat(width.saturating_sub(cell.chars().count()));
    let mut text = String::from("|");
    for (column, pair) in cells.iter().zip(widths).enumerate() {
        let (cell, room) = (pair.0, pad(pair));
        let _ = if column == 0 { write!(text, " {cell}{room} |") } else { write!(text, " {room}{cell} |") };
    }
    text + "\n"
}

fn rule(widths: &[usize]) -> String {
    let dashes = |(column, width): (usize, &usize)| {
        let dashes = "-".repeat(width + 1);
        if column == 0 { format!("{dashes}-|") } else { format!("{dashes}:|") }
    };
    format!("|{}\n", widths.iter().enumerate().map(dashes).collect::<String>())
}

/// Three digits that say something, and commas between thousands.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), ""), |(whole, rest)| (whole, rest));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::from(sign);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && digits.chars().all(|digit| digit.is_ascii_digit()) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { grouped } else { format!("{grouped}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_count() {
        for (value, expect) in [
            (0.5, "0.5"),
            (7.126, "7.13"),
            (12.0, "12"),
            (12.34, "12.3"),
            (999.6, "1,000"),
            (150_000.0, "150,000"),
            (1_234_567.8, "1,234,568"),
            (-1_234.0, "-1,234"),
            (-0.25, "-0.25"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number(value), expect);
        }
    }

    #[test]
    fn every_target_must_be_met() {
        let row = || Row::new("x", "µs", 12.0).against(10.0);
        for (row, expect) in [
            (row(), None),
            (row().target(Target::AtMost(12.0)), Some(true)),
            (row().target(Target::AtMost(11.9)), Some(false)),
            (row().target(Target::AtLeast(12.1)), Some(false)),
            (row().target(Target::RatioAtMost(1.3)).target(Target::AtMost(12.0)), Some(true)),
            (row().target(Target::RatioAtMost(1.1)).target(Target::AtMost(12.0)), Some(false)),
            (row().target(Target::RatioAtLeast(1.3)), Some(false)),
            (Row::new("x", "", 1.0).target(Target::RatioAtLeast(0.1)), Some(false)),
        ] {
            assert_eq!(row.met(), expect);
        }
    }

    #[test]
    fn a_section_is_a_table() {
        let section = Section {
            title: "things".to_owned(),
            against: "bare",
            rows: vec![
                Row::new("one", "µs", 12.0).against(10.0).target(Target::RatioAtMost(1.3)),
                Row::new("another", "MiB", 1500.0),
            ],
            notes: vec!["A note.".to_owned()],
        };
        let expect = "\
| things  | Gatehouse |  bare | ratio | target |    |
|---------|----------:|------:|------:|-------:|---:|
| one     |     12 µs | 10 µs | 1.20× | ≤ 1.3× |  ✓ |
| another | 1,500 MiB |       |       |        |    |

A note.
";
        assert_eq!(section.to_markdown(), expect);
    }

    #[test]
    fn what_is_not_compared_takes_no_columns() {
        let rows = vec![Row::new("one", "ms", 3.0).target(Target::AtMost(2.0))];
        let section = Section { title: "things".to_owned(), against: "", rows, notes: Vec::new() };
        let expect = "\
| things | Gatehouse | target |    |
|--------|----------:|-------:|---:|
| one    |      3 ms | ≤ 2 ms |  ✗ |
";
        assert_eq!(section.to_markdown(), expect);
    }
}
