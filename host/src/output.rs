//! What commands answer on standard output: lines, tables and JSON. A reader that has gone
//! away, such as `head`, ends the answer and is no error.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use gatehouse_domain::{Error, Result};
use serde::Serialize;

/// Where a command's answer goes.
pub(crate) struct Out<'a> {
    writer: &'a mut dyn Write,
}

impl<'a> Out<'a> {
    /// An answer into `writer`.
    pub(crate) fn new(writer: &'a mut dyn Write) -> Self {
        Self { writer }
    }

    /// One line.
    pub(crate) fn line(&mut self, text: impl Display) -> Result<()> {
        self.write(&plain(&format!("{text}\n")))
    }

    /// A value as indented JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Error::internal("the answer has no JSON form").caused_by(error))?;
        self.write(&format!("{text}\n"))
    }

    /// Rows with aligned columns, two spaces in from the left.
    pub(crate) fn table(&mut self, rows: &[Vec<String>]) -> Result<()> {
        self.write(&plain(&table(rows)))
    }

    fn write(&mut self, text: &str) -> Result<()> {
        match self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Error::unavailable("the answer can not be written").caused_by(error))
            }
            _ => Ok(()),
        }
    }
}

/// Text without control characters: some of it comes from components that nobody has judged yet,
/// and a terminal obeys what it is sent.
fn plain(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
}

fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// Bytes for people: `980 B`, `47.2 KiB`, `3.1 GiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1024.0;
    let mut unit = UNITS[0];
    for larger in UNITS.into_iter().skip(1) {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    format!("{value:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_characters() {
        let rows = [vec!["ä".to_owned(), "b".to_owned()], vec!["long".to_owned(), String::new()]];
        assert_eq!(table(&rows), "  ä     b\n  long\n");
        assert_eq!(table(&[]), "");
    }

    #[test]
    fn bytes_read_well() {
        for (count, expect) in
            [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (3 << 30, "3.0 GiB"), (1 << 50, "1024.0 TiB")]
        {
            assert_eq!(bytes(count), expect);
        }
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        struct Gone(ErrorKind);
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        assert!(Out::new(&mut Gone(ErrorKind::BrokenPipe)).line("x").is_ok());
        assert!(Out::new(&mut Gone(ErrorKind::StorageFull)).line("x").is_err());
    }
}
