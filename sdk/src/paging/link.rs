//! Addresses of next pages: the header `Link` (RFC 8288), and queries that become cursors. Only the
//! query is kept, so that a cursor can name other rows but no other place.

use crate::{Error, Result};

/// The query of an address, as it stands there; `None` where there is none.
pub fn query_of(address: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    (!query.is_empty()).then(|| query.to_owned())
}

/// The name and value pairs of a query, decoded, to be given to a request one by one.
///
/// # Errors
/// `invalid-input` for a query that is not percent-encoded UTF-8: then it is no cursor of ours.
pub fn pairs(query: &str) -> Result<Vec<(String, String)>> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| Error::invalid_input("`cursor` is not one of this list; give `next` of the page before"))
}

/// The address with this relation.
pub(super) fn target<'a>(header: &'a str, relation: &str) -> Option<&'a str> {
    let mut rest = header;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (address, after) = after.split_once('>')?;
        let end = end_of(after);
        let (parameters, next) = after.split_at_checked(end)?;
        if has_relation(parameters, relation) {
            return Some(address);
        }
        rest = next;
    }
}

/// Where the parameters of one link end: at a comma outside quotes.
fn end_of(parameters: &str) -> usize {
    let mut quoted = false;
    let end = parameters.char_indices().find(|(_, found)| {
        quoted ^= *found == '"';
        !quoted && *found == ','
    });
    end.map_or(parameters.len(), |(index, _)| index)
}

fn has_relation(parameters: &str, relation: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        let relations = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel")
            && relations.split_ascii_whitespace().any(|found| found.eq_ignore_ascii_case(relation))
    })
}

/// Percent-encoded text of a query, decoded; `None` where it is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => digit(rest.next()?)? << 4 | digit(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    u8::try_from(char::from(byte).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_among_others() {
        let two = r#"<https://a.example/x?page_info=p>; rel="previous", <https://a.example/x?page_info=n&limit=2>; rel="next""#;
        for (header, expect) in [
            (two, Some("https://a.example/x?page_info=n&limit=2")),
            ("<https://a.example/?a=1,2>; rel=next", Some("https://a.example/?a=1,2")),
            (r#"</x?a=1>; title="one, two"; REL="first NEXT""#, Some("/x?a=1")),
            (r#"</x?a=1>; rel="nextish""#, None),
            (r#"</x?a=1>; title="rel=next""#, None),
            ("<https://a.example/", None),
            ("", None),
        ] {
            assert_eq!(target(header, "next"), expect, "{header}");
        }
    }

    #[test]
    fn a_query_is_a_cursor_and_comes_back() {
        for (address, query, expect) in [
            (
                "https://a.example/x?$skip=10&a=b%20c+d#end",
                Some("$skip=10&a=b%20c+d"),
                vec![("$skip", "10"), ("a", "b c d")],
            ),
            ("https://a.example/x?t=%C3%A9&u", Some("t=%C3%A9&u"), vec![("t", "é"), ("u", "")]),
            ("https://a.example/x", None, vec![]),
            ("https://a.example/x?", None, vec![]),
        ] {
            let found = query_of(address);
            assert_eq!(found.as_deref(), query, "{address}");
            let pairs = pairs(found.as_deref().unwrap_or_default()).unwrap();
            assert_eq!(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>(), expect);
        }
        for bad in ["a=%", "a=%z1", "a=%ff"] {
            assert!(pairs(bad).is_err(), "{bad}");
        }
    }
}
