//! Takes secrets out of what a provider sent and what a gateway wrote, in every form in which
//! they commonly come back.
//!
//! One SIMD search for each form is quicker than building an automaton for every call, and
//! leaves no copy of a secret in memory that can not be wiped. Overlapping finds are joined,
//! so that no end of one form is left beside another.

use memchr::memmem;
use serde_json::{Map, Value};

mod forms;

use forms::{Form, Forms};

/// What stands in place of a secret.
pub(crate) const REDACTED: &str = "[redacted]";

/// The forms of all secrets of one call.
pub(crate) struct Scrubber(Forms);

impl Scrubber {
    /// A scrubber for these values. Those below six bytes are left alone, as they would be
    /// found everywhere.
    pub(crate) fn new<'s>(secrets: impl IntoIterator<Item = &'s [u8]>) -> Self {
        Self(Forms::of(secrets))
    }

    /// The bytes without secrets; none where there were none in them.
    pub(crate) fn scrub(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let found = self.find(bytes);
        if found.is_empty() {
            return None;
        }
        let mut clean = Vec::with_capacity(bytes.len());
        let mut from = 0;
        for (start, end) in found {
            clean.extend_from_slice(bytes.get(from..start).unwrap_or_default());
            clean.extend_from_slice(REDACTED.as_bytes());
            from = end;
        }
        clean.extend_from_slice(bytes.get(from..).unwrap_or_default());
        Some(clean)
    }

    /// The text without secrets.
    pub(crate) fn scrub_text(&self, text: &str) -> String {
        match self.scrub(text.as_bytes()) {
            None => text.to_owned(),
            Some(clean) => String::from_utf8_lossy(&clean).into_owned(),
        }
    }

    /// Takes secrets out of every string and every name in `value`.
    pub(crate) fn scrub_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(clean) = self.scrub(text.as_bytes()) {
                    *text = String::from_utf8_lossy(&clean).into_owned();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.scrub_json(item)),
            Value::Object(fields) => self.scrub_fields(fields),
            Value::Number(number) => {
                if self.scrub(number.to_string().as_bytes()).is_some() {
                    *value = Value::from(REDACTED);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn scrub_fields(&self, fields: &mut Map<String, Value>) {
        fields.values_mut().for_each(|value| self.scrub_json(value));
        if fields.keys().any(|name| self.scrub(name.as_bytes()).is_some()) {
            *fields = std::mem::take(fields).into_iter().map(|(name, value)| (self.scrub_text(&name), value)).collect();
        }
    }

    /// Where secrets are, in order and without overlaps.
    fn find(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let mut found: Vec<(usize, usize)> = Vec::new();
        // Most header values are too short for most forms, and a search is dear to set up.
        for form in self.0.iter().filter(|form| form.bytes.len() <= bytes.len()) {
            let finds = memmem::find_iter(bytes, form.bytes.as_slice());
            found.extend(finds.map(|start| widen(bytes, form, start)));
        }
        if found.len() < 2 {
            return found;
        }
        found.sort_unstable();
        let mut joined: Vec<(usize, usize)> = Vec::with_capacity(found.len());
        for (start, end) in found {
            match joined.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => joined.push((start, end)),
            }
        }
        joined
    }
}

/// A find with the characters beside it that hold bits of the secret.
fn widen(bytes: &[u8], form: &Form, start: usize) -> (usize, usize) {
    let end = start + form.bytes.len();
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let (before, after) = form.shares;
    let before = before && start.checked_sub(1).and_then(|at| bytes.get(at)).is_some_and(is_base64);
    let after = after && bytes.get(end).is_some_and(is_base64);
    (start - usize::from(before), end + usize::from(after))
}

#[cfg(test)]
mod tests;
