//! Paths built from parts that a caller or a provider chose, so that none of them can leave its segment.

use crate::{Error, Result};

/// Joins segments to an absolute path, percent-encoding all but unreserved characters
/// (RFC 3986 §2.3): `path(&["v1", "customers", id])`.
///
/// # Errors
/// `invalid-input` for an empty segment and for `.` and `..`, which would name another resource.
pub fn path(segments: &[&str]) -> Result<String> {
    let mut path = String::new();
    for segment in segments {
        if matches!(*segment, "" | "." | "..") {
            return Err(Error::invalid_input(format!("`{segment}` can not be part of a path; give the record's id")));
        }
        path.push('/');
        encode(segment, &mut path);
    }
    Ok(path)
}

fn encode(segment: &str, to: &mut String) {
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            to.push(char::from(byte));
        } else {
            to.push('%');
            to.extend([byte >> 4, byte & 15].into_iter().filter_map(|nibble| char::from_digit(nibble.into(), 16)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn no_segment_leaves_its_place() {
        for (segment, expect) in [
            ("pi_1", Some("/v1/pi_1")),
            ("a/../b", Some("/v1/a%2f..%2fb")),
            ("a?b=c#d", Some("/v1/a%3fb%3dc%23d")),
            ("é %", Some("/v1/%c3%a9%20%25")),
            ("", None),
            (".", None),
            ("..", None),
        ] {
            assert_eq!(path(&["v1", segment]).ok().as_deref(), expect, "{segment}");
        }
    }
}
