//! No form of a secret gets through, wherever it stands.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const SECRET: &str = "sk/test+\"4242\"~ü&x";

fn check(text: &str, expect: &str) {
    let scrubber = Scrubber::new([SECRET.as_bytes(), b"tiny", b"user:password"]);
    assert_eq!(scrubber.scrub_text(text), expect);
}

#[test]
fn each_form_is_taken_out_and_the_rest_is_left() {
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    for form in [
        SECRET.to_owned(),
        hex.to_ascii_uppercase(),
        hex,
        "sk%2Ftest%2B%224242%22~%C3%BC%26x".to_owned(),
        "sk%2ftest%2b%224242%22~%c3%bc%26x".to_owned(),
        "sk%2Ftest%2B%224242%22%7E%C3%BC%26x".to_owned(),
        "sk/test%2B%224242%22~%C3%BC%26x".to_owned(),
        r#"sk/test+\"4242\"~ü&x"#.to_owned(),
        r#"sk\/test+\"4242\"~ü&x"#.to_owned(),
        r#"sk/test+\"4242\"~\u00fc&x"#.to_owned(),
        r#"sk/test+\"4242\"~\u00fc\u0026x"#.to_owned(),
        "sk/test+&quot;4242&quot;~ü&amp;x".to_owned(),
    ] {
        check(&format!("a {form} b {form}"), "a [redacted] b [redacted]");
        check(&form, "[redacted]");
    }
    check("tiny sk/test", "tiny sk/test");
    check("Basic dXNlcjpwYXNzd29yZA==", "Basic [redacted]==");
}

#[test]
fn strings_names_and_numbers_of_json_are_searched() {
    let scrubber = Scrubber::new([SECRET.as_bytes(), b"12345678"]);
    let mut value = json!({ SECRET: [format!("x{SECRET}"), { "a": 12_345_678 }, 3, null] });
    scrubber.scrub_json(&mut value);
    assert_eq!(value, json!({ "[redacted]": ["x[redacted]", { "a": "[redacted]" }, 3, null] }));
}

#[test]
fn forms_that_overlap_leave_no_end_behind() {
    let scrubber = Scrubber::new([&b"abcdefgh"[..], b"efghijkl"]);
    assert_eq!(scrubber.scrub_text("-abcdefghijkl-"), "-[redacted]-");
    assert_eq!(scrubber.scrub_text("-abcdefghefghijkl-"), "-[redacted]-");
}

proptest! {
    #[test]
    fn no_encoding_at_any_offset_gets_through(
        secret in "[A-Za-z0-9_/+=.:-]{12,60}",
        before in proptest::collection::vec(any::<u8>(), 0..40),
        after in proptest::collection::vec(any::<u8>(), 0..40),
        form in 0..6,
    ) {
        let whole = [&before, secret.as_bytes(), &after].concat();
        let hidden: Vec<u8> = match form {
            0 => whole,
            1 => STANDARD.encode(&whole).into_bytes(),
            2 => URL_SAFE.encode(&whole).into_bytes(),
            3 => whole.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
            4 => whole.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect(),
            _ => percent_encoding::percent_encode(&whole, percent_encoding::NON_ALPHANUMERIC).to_string().into_bytes(),
        };
        let clean = Scrubber::new([secret.as_bytes()]).scrub(&hidden);
        prop_assert!(clean.is_some(), "nothing was found");
        // What is left, decoded in the same way around the mark, holds nothing of the middle.
        let clean = clean.unwrap();
        let middle = &secret.as_bytes()[2..secret.len() - 2];
        for part in clean.split(|byte| matches!(byte, b'[' | b']')) {
            let shown = match form {
                1 => STANDARD.decode(part).unwrap_or_default(),
                2 => URL_SAFE.decode(part).unwrap_or_default(),
                _ => part.to_vec(),
            };
            prop_assert!(memmem::find(&shown, middle).is_none());
        }
    }

    #[test]
    fn text_without_a_secret_is_left_as_it_is(text in "[ -~]{0,200}") {
        prop_assert_eq!(Scrubber::new([&b"\x01\x02\x03\x04\x05\x06\x07"[..]]).scrub_text(&text), text);
    }
}
