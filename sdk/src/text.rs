//! Texts put together of parts. The adapters of the standard library bring several KB into a component for each type
//! that they join.

/// Adds a part to a text, behind the separator where there is something before it. An empty part adds nothing.
#[inline(never)]
pub fn append(text: &mut String, separator: &str, part: &str) {
    if part.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push_str(separator);
    }
    text.push_str(part);
}

/// The last characters of a text of ASCII, such as a key, where it is longer than a provider takes.
#[inline(never)]
pub fn end(text: &str, most: usize) -> &str {
    text.get(text.len().saturating_sub(most)..).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_separated_and_empty_ones_left_out() {
        let mut text = String::new();
        for part in ["", "a", "", "b"] {
            append(&mut text, ", ", part);
        }
        assert_eq!(text, "a, b");
    }

    #[test]
    fn the_end_is_kept() {
        for (text, most, expect) in [("abc", 2, "bc"), ("abc", 3, "abc"), ("abc", 9, "abc"), ("", 1, "")] {
            assert_eq!(end(text, most), expect, "{text} {most}");
        }
    }
}
