//! The custom sections that make one component file a whole plugin: reading and writing
//! them, and nothing of what is in them.

use std::borrow::Cow;

use gatehouse_domain::error::{Error, Result};
use wasm_encoder::{CustomSection, Section as _};
use wasmparser::{Parser, Payload};

mod packed;

pub(crate) use packed::{pack, unpack};

/// The manifest, as JSON.
pub(crate) const MANIFEST: &str = "gatehouse:manifest";
/// The documentation of interfaces, functions and types, as JSON, packed.
pub(crate) const DOCS: &str = "gatehouse:docs";
/// The plugin's fixtures, as JSON, packed.
pub(crate) const FIXTURES: &str = "gatehouse:fixtures";
/// What the plugin shows of itself in the marketplace, as JSON, packed.
pub(crate) const SHOWCASE: &str = "gatehouse:showcase";

const ALL: [&str; 4] = [MANIFEST, DOCS, FIXTURES, SHOWCASE];

/// Our sections of one component, as they are in it: packed or not.
#[derive(Default)]
pub(crate) struct Sections<'a> {
    pub(crate) manifest: Option<&'a [u8]>,
    pub(crate) docs: Option<&'a [u8]>,
    pub(crate) fixtures: Option<&'a [u8]>,
    pub(crate) showcase: Option<&'a [u8]>,
}

/// Reads our sections, at the outermost level only.
///
/// # Errors
/// Where the bytes do not parse, or a section occurs twice: then it would be open which
/// of them counts.
pub(crate) fn read(component: &[u8]) -> Result<Sections<'_>> {
    let mut sections = Sections::default();
    walk(component, |name, data, _| {
        let slot = match name {
            MANIFEST => &mut sections.manifest,
            DOCS => &mut sections.docs,
            FIXTURES => &mut sections.fixtures,
            SHOWCASE => &mut sections.showcase,
            _ => return Ok(()),
        };
        match slot.replace(data) {
            None => Ok(()),
            Some(_) => Err(Error::invalid(format!("the component has two sections `{name}`; package it again"))),
        }
    })?;
    Ok(sections)
}

/// The component with exactly the given sections of ours, whatever it had before.
///
/// # Errors
/// Where the bytes do not parse.
pub(crate) fn replace(component: &[u8], sections: &[(&str, Vec<u8>)]) -> Result<Vec<u8>> {
    let mut packaged = without(component, &ALL)?;
    for (name, data) in sections {
        append(&mut packaged, name, data);
    }
    Ok(packaged)
}

/// The component with one section of ours in the place of what it had of that name, or without it.
///
/// # Errors
/// Where the bytes do not parse.
pub(crate) fn put(component: &[u8], name: &str, data: Option<&[u8]>) -> Result<Vec<u8>> {
    let mut packaged = without(component, &[name])?;
    if let Some(data) = data {
        append(&mut packaged, name, data);
    }
    Ok(packaged)
}

fn append(packaged: &mut Vec<u8>, name: &str, data: &[u8]) {
    let section = CustomSection { name: Cow::Borrowed(name), data: Cow::Borrowed(data) };
    section.append_to(packaged);
}

fn without(component: &[u8], names: &[&str]) -> Result<Vec<u8>> {
    let mut old = Vec::new();
    walk(component, |name, _, range| {
        if names.contains(&name) {
            old.push(range);
        }
        Ok(())
    })?;
    let mut packaged = Vec::with_capacity(component.len());
    let mut from = 0;
    for range in old {
        packaged.extend_from_slice(component.get(from..range.start).unwrap_or_default());
        from = range.end;
    }
    packaged.extend_from_slice(component.get(from..).unwrap_or_default());
    Ok(packaged)
}

/// The component `to` with exactly our sections of `from`.
///
/// # Errors
/// Where one of them does not parse.
pub(crate) fn copy(from: &[u8], to: &[u8]) -> Result<Vec<u8>> {
    let found = read(from)?;
    let all = [(MANIFEST, found.manifest), (DOCS, found.docs), (FIXTURES, found.fixtures), (SHOWCASE, found.showcase)];
    let kept: Vec<(&str, Vec<u8>)> =
        all.iter().filter_map(|(name, data)| data.map(|data| (*name, data.to_vec()))).collect();
    replace(to, &kept)
}

/// Calls `visit` with each outermost custom section: its name, its data and the range of
/// the whole section.
fn walk<'a>(
    component: &'a [u8],
    mut visit: impl FnMut(&'a str, &'a [u8], std::ops::Range<usize>) -> Result<()>,
) -> Result<()> {
    let mut depth = 0_u32;
    let mut end_of_last = 0_u64;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(|error| Error::invalid(format!("the component does not parse: {error}")))?;
        match &payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(at) => {
                depth = depth.saturating_sub(1);
                end_of_last = *at;
            }
            Payload::Version { range, .. } => end_of_last = range.end,
            Payload::CustomSection(section) => {
                if depth == 0 {
                    visit(section.name(), section.data(), offset(end_of_last)..offset(section.range().end))?;
                }
                end_of_last = section.range().end;
            }
            other => end_of_last = other.as_section().map_or(end_of_last, |(_, range)| range.end),
        }
    }
    Ok(())
}

/// An offset into bytes that are in memory always fits.
fn offset(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
