//! Which SVG images may be shown: drawings alone. What runs, loads or links is refused, whoever
//! signed it; that browsers are told the same by headers is the second lock.

use roxmltree::{Attribute, Document, Node, ParsingOptions};

/// SVG's namespace (SVG 2 §5.1).
const SVG: &str = "http://www.w3.org/2000/svg";
/// The most elements and texts.
const MOST_NODES: u32 = 5_000;

/// The elements that draw (SVG 2, appendix I), and no other.
const DRAWING: &[&str] = &[
    "svg",
    "g",
    "defs",
    "symbol",
    "use",
    "title",
    "desc",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "textPath",
    "linearGradient",
    "radialGradient",
    "stop",
    "pattern",
    "clipPath",
    "mask",
    "marker",
    "filter",
    "feBlend",
    "feColorMatrix",
    "feComponentTransfer",
    "feComposite",
    "feDropShadow",
    "feFlood",
    "feFuncA",
    "feFuncB",
    "feFuncG",
    "feFuncR",
    "feGaussianBlur",
    "feMerge",
    "feMergeNode",
    "feMorphology",
    "feOffset",
    "feTurbulence",
];

/// Why an image may not be shown.
pub(super) fn problem(text: &str) -> Option<String> {
    // Without a document type no entity can hide or grow anything.
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = match Document::parse_with_options(text, options) {
        Ok(document) => document,
        Err(error) => return Some(format!("is no SVG image that can be read: {error}")),
    };
    let root = document.root_element();
    if !root.has_tag_name((SVG, "svg")) {
        return Some(format!("is no SVG image: its outermost element must be `svg` in the namespace {SVG}"));
    }
    document.descendants().find_map(of_node)
}

fn of_node(node: Node<'_, '_>) -> Option<String> {
    if node.is_pi() {
        return Some("has a processing instruction; leave it out".to_owned());
    }
    if !node.is_element() {
        return None;
    }
    let tag = node.tag_name();
    if tag.namespace() != Some(SVG) || !DRAWING.contains(&tag.name()) {
        return Some(format!("has the element `{}`, which is none that draws; leave it out", tag.name()));
    }
    node.attributes().find_map(of_attribute)
}

fn of_attribute(attribute: Attribute<'_, '_>) -> Option<String> {
    let (name, value) = (attribute.name(), attribute.value());
    if name.to_ascii_lowercase().starts_with("on") {
        return Some(format!("has the attribute `{name}`, which runs code; leave it out"));
    }
    if name == "href" && !value.trim_start().starts_with('#') {
        return Some(format!("refers to `{}`; only `#…`, parts of the image itself, can be used", short(value)));
    }
    // In presentation attributes and in `style`: paint servers, masks, filters.
    let elsewhere = value.match_indices("url(").any(|(at, _)| !is_within(value.get(at + 4..).unwrap_or_default()));
    let escaped = value.contains('\\') || value.contains("@import");
    let css = (elsewhere || escaped).then(|| format!("refers to elsewhere in `{name}`; only `url(#…)` can be used"));
    // Names of functions are the same in any case (CSS Syntax §3.3).
    css.or_else(|| {
        let loud = value.to_ascii_lowercase().matches("url(").count() != value.matches("url(").count();
        loud.then(|| format!("has `url(` in capital letters in `{name}`; write it in small ones"))
    })
}

fn is_within(rest: &str) -> bool {
    rest.trim_start().trim_start_matches(['"', '\'']).starts_with('#')
}

fn short(value: &str) -> String {
    value.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(inside: &str, expect: &str) {
        let text = format!(
            "<svg xmlns=\"{SVG}\" xmlns:x=\"{SVG}\" xmlns:h=\"http://www.w3.org/1999/xhtml\" \
             xmlns:l=\"http://www.w3.org/1999/xlink\">{inside}</svg>"
        );
        let found = problem(&text).unwrap_or_default();
        assert!(if expect.is_empty() { found.is_empty() } else { found.contains(expect) }, "{inside}: {found}");
    }

    #[test]
    fn drawings_are_taken() {
        check("", "");
        check("<g transform='rotate(-8 24 24)'><rect width='4' height='4' fill='#fff'/><!-- a box --></g>", "");
        check("<defs><linearGradient id='a'><stop/></linearGradient></defs><path fill='url(#a)' d='M0 0'/>", "");
        check("<use l:href='#a'/><use href='#b'/><path style=\"fill:url('#a')\"/><title>A &amp; B</title>", "");
    }

    #[test]
    fn what_runs_loads_or_links_is_not() {
        check("<script>alert(1)</script>", "`script`");
        check("<x:script/>", "`script`");
        check("<foreignObject/>", "`foreignObject`");
        check("<h:script/>", "`script`");
        check("<h:rect/>", "`rect`");
        check("<style>*{}</style>", "`style`");
        check("<image href='https://evil.example/a.png'/>", "`image`");
        check("<a href='javascript:alert(1)'/>", "`a`");
        check("<animate attributeName='href'/>", "`animate`");
        check("<set/>", "`set`");
        check("<rect onclick='alert(1)'/>", "`onclick`");
        check("<rect ONload='alert(1)'/>", "`ONload`");
        check("<use href='https://evil.example/a.svg#b'/>", "refers to `https://evil.example");
        check("<use l:href='&#106;avascript:alert(1)'/>", "refers to `javascript");
        check("<use href='data:image/svg+xml,%3Csvg/%3E'/>", "refers to `data");
        check("<path fill='url(https://evil.example/a)'/>", "elsewhere in `fill`");
        check("<path fill='url( \"//evil.example/a\")'/>", "elsewhere in `fill`");
        check("<path style='fill:URL(https://evil.example/a)'/>", "capital letters");
        check("<path style='fill:u\\72l(https://evil.example/a)'/>", "elsewhere in `style`");
        check("<?php 1 ?>", "processing instruction");
        check("<g>", "can be read");
        check(&"<g/>".repeat(6_000), "can be read");
    }

    #[test]
    fn other_documents_are_not_taken() {
        for text in [
            "",
            "no image",
            "<html/>",
            "<svg/>",
            "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'/>",
        ] {
            assert!(problem(text).is_some(), "{text}");
        }
    }
}
