//! What a gateway says while it runs: log lines and standard output, bounded, without
//! control characters and without secrets.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gatehouse_domain::execution::LogLine;

use super::meter::LimitHit;
use crate::egress::Egress;

/// The longest line, in bytes.
const MAX_LINE_BYTES: usize = 8 << 10;
/// How much of the end of standard error is kept for the report of a trap, in bytes.
const TAIL_BYTES: usize = 4 << 10;

/// The journal of one call. Its standard streams share it.
#[derive(Clone)]
pub(crate) struct Journal(Arc<Inner>);

struct Inner {
    egress: Arc<dyn Egress>,
    max: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    lines: Vec<LogLine>,
    bytes: usize,
    output: Vec<u8>,
    errors: Vec<u8>,
    tail: Vec<u8>,
}

/// Which standard stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Output,
    Errors,
}

impl Journal {
    pub(crate) fn new(egress: Arc<dyn Egress>, max: usize) -> Self {
        Self(Arc::new(Inner { egress, max, kept: Mutex::default() }))
    }

    /// Writes one line with named values.
    pub(crate) fn write(&self, level: &str, message: &str, fields: &[(String, String)]) -> Result<(), LimitHit> {
        let size = fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() + message.len();
        self.spend(size)?;
        let fields = fields.iter().map(|(name, value)| (self.clean(name), self.clean(value))).collect();
        let line = LogLine { level: level.to_owned(), message: self.clean(message), fields };
        self.kept().lines.push(line);
        Ok(())
    }

    /// Takes what was written to a standard stream; every full line becomes one of ours.
    pub(crate) fn write_stream(&self, stream: Stream, bytes: &[u8]) -> Result<(), LimitHit> {
        self.spend(bytes.len())?;
        let mut kept = self.kept();
        if stream == Stream::Errors {
            kept.tail.extend_from_slice(bytes);
            let surplus = kept.tail.len().saturating_sub(TAIL_BYTES);
            kept.tail.drain(..surplus);
        }
        let open = kept.open(stream);
        open.extend_from_slice(bytes);
        let Some(end) = open.iter().rposition(|byte| *byte == b'\n') else { return Ok(()) };
        let whole: Vec<u8> = open.drain(..=end).collect();
        drop(kept);
        self.lines(stream, &whole);
        Ok(())
    }

    /// Every line, at the end of the call.
    pub(crate) fn finish(&self) -> Vec<LogLine> {
        for stream in [Stream::Output, Stream::Errors] {
            let rest = std::mem::take(self.kept().open(stream));
            self.lines(stream, &rest);
        }
        std::mem::take(&mut self.kept().lines)
    }

    /// The end of what was written to standard error, such as a panic's message.
    pub(crate) fn last_words(&self) -> String {
        let tail = String::from_utf8_lossy(&self.kept().tail).into_owned();
        self.clean(tail.trim())
    }

    /// Text of a guest as it may be shown: no control characters, no secrets, not too long.
    pub(crate) fn clean(&self, text: &str) -> String {
        // Control characters go first: one in the middle of a secret would hide it.
        let plain = without_control(text);
        let mut clean = match catch_unwind(AssertUnwindSafe(|| self.0.egress.scrub_text(&plain))) {
            Ok(clean) => clean,
            Err(_) => "(text withheld: it could not be checked for secrets)".to_owned(),
        };
        if clean.len() > MAX_LINE_BYTES {
            clean.truncate(clean.floor_char_boundary(MAX_LINE_BYTES));
            clean.push('…');
        }
        clean
    }

    fn lines(&self, stream: Stream, bytes: &[u8]) {
        let level = if stream == Stream::Errors { "warn" } else { "info" };
        let text = String::from_utf8_lossy(bytes);
        let lines: Vec<LogLine> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| LogLine { level: level.to_owned(), message: self.clean(line), fields: Vec::new() })
            .collect();
        self.kept().lines.extend(lines);
    }

    fn spend(&self, bytes: usize) -> Result<(), LimitHit> {
        let mut kept = self.kept();
        let total = kept.bytes.saturating_add(bytes);
        if total > self.0.max {
            return Err(LimitHit { limit: "log_bytes", max: self.0.max as u64 });
        }
        kept.bytes = total;
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn open(&mut self, stream: Stream) -> &mut Vec<u8> {
        match stream {
            Stream::Output => &mut self.output,
            Stream::Errors => &mut self.errors,
        }
    }
}

/// The text without control characters and without terminal escape sequences (ECMA-48).
fn without_control(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char == '\u{1b}' && chars.next_if_eq(&'[').is_some() {
            while chars.next_if(|next| !('@'..='~').contains(next)).is_some() {}
            chars.next();
        } else if matches!(char, '\n' | '\t') || !char.is_control() && !is_direction(char) {
            plain.push(char);
        }
    }
    plain
}

/// Characters that turn text around, so that it reads as something else.
fn is_direction(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::Closed;

    #[test]
    fn text_for_people_holds_no_control_characters() {
        for (given, expect) in [
            ("plain ü\ttext\nnext", "plain ü\ttext\nnext"),
            ("red \u{1b}[31;1mtext\u{1b}[0m", "red text"),
            ("a\u{0}b\rc\u{7}", "abc"),
            ("\u{1b}]0;title\u{7}x", "]0;titlex"),
            ("safe\u{202e}txt.exe", "safetxt.exe"),
            ("\u{1b}[", ""),
        ] {
            assert_eq!(without_control(given), expect, "{given:?}");
        }
    }

    #[test]
    fn streams_become_lines_and_the_end_of_errors_is_kept() {
        let journal = Journal::new(Arc::new(Closed), 100_000);
        journal.write_stream(Stream::Output, b"one\ntw").unwrap();
        journal.write_stream(Stream::Output, b"o\n\nthree").unwrap();
        journal.write_stream(Stream::Errors, &[b'x'; 5000]).unwrap();
        let lines: Vec<String> = journal.finish().into_iter().map(|line| line.message).collect();
        assert_eq!(lines[..3], ["one", "two", "three"]);
        assert_eq!(lines[3].len(), 5000);
        assert_eq!(journal.last_words().len(), TAIL_BYTES);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_one_too_many_ends_the_call() {
        let journal = Journal::new(Arc::new(Closed), 20_000);
        journal.write("info", &"ü".repeat(6_000), &[]).unwrap();
        let hit = journal.write("info", &"x".repeat(9_000), &[]).unwrap_err();
        assert_eq!(hit, LimitHit { limit: "log_bytes", max: 20_000 });
        let lines = journal.finish();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].message.len() <= MAX_LINE_BYTES + '…'.len_utf8());
    }
}
