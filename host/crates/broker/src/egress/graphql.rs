//! Whether a GraphQL request only reads. Its method and its path never say; its document does.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use url::Url;

/// Whether a request can do no more than read: its body is one JSON object with one `query`, and
/// no operation of that document is a mutation or a subscription. Which operation would run is not
/// asked: a document that could write is not a read. Everything unusual (a batch, a stored query
/// without its text, a second document in the URL) is taken for a write.
pub(crate) fn only_reads(url: &Url, body: &[u8]) -> bool {
    let in_url = url.query_pairs().any(|(name, _)| name == "query" || name == "extensions");
    let Ok(Document(Some(text))) = serde_json::from_slice(body) else { return false };
    !in_url && operations_read(&text)
}

/// Whether the words outside of all braces, strings and comments name no writing operation
/// (GraphQL, October 2021, §2.3). A fragment's or an operation's own name stands after a keyword;
/// one that is called `mutation` makes the document a write, which is wrong on the careful side.
fn operations_read(text: &str) -> bool {
    let mut rest = text;
    let mut depth = 0_usize;
    let mut seen = false;
    while let Some(first) = rest.chars().next() {
        match first {
            '#' => rest = rest.split_once(['\n', '\r']).map_or("", |(_, after)| after),
            '"' => match after_string(rest) {
                Some(after) => rest = after,
                None => return false,
            },
            '{' | '(' | '[' => (depth, seen, rest) = (depth + 1, true, rest.get(1..).unwrap_or_default()),
            '}' | ')' | ']' => (depth, rest) = (depth.saturating_sub(1), rest.get(1..).unwrap_or_default()),
            _ if first == '_' || first.is_alphanumeric() => {
                let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                if depth == 0 && matches!(word, "mutation" | "subscription") {
                    return false;
                }
                rest = after;
            }
            _ => rest = rest.get(first.len_utf8()..).unwrap_or_default(),
        }
    }
    seen && depth == 0
}

/// What follows a string that `text` begins with: a block string or a plain one.
fn after_string(text: &str) -> Option<&str> {
    if let Some(block) = text.strip_prefix("\"\"\"") {
        let mut rest = block;
        loop {
            let (before, after) = rest.split_once("\"\"\"")?;
            if !before.ends_with('\\') {
                return Some(after);
            }
            rest = after;
        }
    }
    let mut escaped = false;
    for (place, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return text.get(place + 1..),
            '\n' | '\r' => return None,
            _ => {}
        }
    }
    None
}

/// The `query` of a request's body; two of them are an error, as readers differ on which counts.
struct Document(Option<String>);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Document;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a GraphQL request")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut query = None;
        while let Some(name) = map.next_key::<String>()? {
            if name != "query" {
                map.next_value::<IgnoredAny>()?;
            } else if query.replace(map.next_value::<String>()?).is_some() {
                return Err(A::Error::custom("two queries"));
            }
        }
        Ok(Document(query))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(document: &str, reads: bool) {
        let url = Url::parse("https://api.acme.example/graphql").unwrap();
        let body = serde_json::json!({ "query": document, "variables": { "query": "mutation" } }).to_string();
        assert_eq!(only_reads(&url, body.as_bytes()), reads, "{document}");
    }

    #[test]
    fn a_document_that_could_write_is_no_read() {
        check("{ shop { name } }", true);
        check("query Q($q: String = \"mutation {\") { a(q: $q) { mutation subscription } }", true);
        check("# mutation\nquery { a } fragment F on A { b }", true);
        check("query { a(text: \"\"\"mutation { \\\"\"\" }\"\"\") }", true);
        check("mutation { a }", false);
        check("\u{feff}, mutation{a}", false);
        check("query A { a } mutation B { b }", false);
        check("# query\rmutation { a }", false);
        check("query { a(t: \"\\\"\") } mutation { b }", false);
        check("query { a(t: \"\"\"\\\"\"\"\"\"\") } mutation { b }", false);
        check("subscription { a }", false);
        check("query { a } \"open", false);
        check("query { a", false);
        check("", false);
    }

    #[test]
    fn what_is_not_one_plain_document_is_taken_for_a_write() {
        for (url, body, reads) in [
            ("https://a.example/g", r#"{"query":"{a}"}"#, true),
            ("https://a.example/g?query=mutation{a}", r#"{"query":"{a}"}"#, false),
            ("https://a.example/g", r#"[{"query":"{a}"}]"#, false),
            ("https://a.example/g", r#"{"query":"{a}","\u0071uery":"mutation{a}"}"#, false),
            ("https://a.example/g", r#"{"id":"stored"}"#, false),
            ("https://a.example/g", r#"{"query":7}"#, false),
            ("https://a.example/g", "query={a}", false),
            ("https://a.example/g", "", false),
        ] {
            assert_eq!(only_reads(&Url::parse(url).unwrap(), body.as_bytes()), reads, "{url} {body}");
        }
    }
}
