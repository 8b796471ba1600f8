//! The packages of the domains keep to one form, and the SDK serves every interface of theirs.

use std::collections::BTreeMap;

use super::{files, text};

/// One exported function of a contract.
struct Function {
    package: String,
    interface: String,
    name: String,
    request: String,
    answer: String,
}

/// The packages of the domains, with their text.
fn packages() -> Vec<(String, String)> {
    let folders = files().into_iter().filter_map(|path| {
        let folder = path.strip_prefix("wit").ok()?.iter().next()?.to_str()?.to_owned();
        (folder.contains('@') && path.ends_with("world.wit")).then_some(folder)
    });
    let packages: Vec<_> = folders
        .filter(|folder| !folder.starts_with("plugin@"))
        .map(|folder| {
            let name = folder.split('@').next().unwrap().to_owned();
            let text = text(format!("wit/{folder}/{name}.wit").as_ref());
            (name, text)
        })
        .collect();
    assert_eq!(packages.len(), 10, "{:?}", packages.iter().map(|(name, _)| name).collect::<Vec<_>>());
    packages
}

fn functions() -> Vec<Function> {
    let mut all = Vec::new();
    for (package, text) in packages() {
        let mut interface = "";
        for line in text.lines() {
            interface = line.strip_prefix("interface ").and_then(|rest| rest.strip_suffix(" {")).unwrap_or(interface);
            let Some((name, signature)) = line.trim().split_once(": func(") else { continue };
            let (request, answer) = signature.split_once(") -> result<").unwrap();
            all.push(Function {
                package: package.clone(),
                interface: interface.to_owned(),
                name: name.to_owned(),
                request: request.split(": ").nth(1).unwrap_or_default().to_owned(),
                answer: answer
                    .strip_suffix(", error>;")
                    .unwrap_or_else(|| panic!("{name} answers {answer}"))
                    .to_owned(),
            });
        }
    }
    assert!(all.len() > 80, "{}", all.len());
    all
}

/// The lines of a record, documents left out.
fn record<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let start = text.find(&format!("record {name} {{")).unwrap_or_else(|| panic!("there is no record {name}"));
    let body = &text[start..];
    let body = &body[..body.find("\n    }").unwrap()];
    body.lines().skip(1).map(str::trim).filter(|line| !line.starts_with("///")).collect()
}

#[test]
fn every_name_is_its_own() {
    let mut functions_by_name = BTreeMap::new();
    let mut packages_by_interface = BTreeMap::new();
    for function in functions() {
        let place = format!("{}/{}", function.package, function.interface);
        assert!(!function.name.contains('_') && !["test", "parse", "pull", "push"].contains(&function.name.as_str()));
        if let Some(other) = functions_by_name.insert(function.name.clone(), place) {
            panic!("`{}` is in {other} and in {}/{}", function.name, function.package, function.interface);
        }
        let other = packages_by_interface.insert(function.interface.clone(), function.package.clone());
        assert!(other.is_none_or(|other| other == function.package), "two packages have `{}`", function.interface);
    }
}

#[test]
fn pages_are_the_same_everywhere() {
    let texts: BTreeMap<_, _> = packages().into_iter().collect();
    for function in functions() {
        let text = &texts[&function.package];
        let reads_pages = function.name.starts_with("sync-") || function.name.starts_with("list-");
        assert!(!function.answer.starts_with("list<"), "{}: answer a record with `items`", function.name);
        if !reads_pages || function.request.is_empty() {
            continue;
        }
        let request = record(text, &function.request);
        for field in ["cursor: option<string>,", "limit: option<u32>,"] {
            assert!(request.contains(&field), "{}: {} lacks `{field}`", function.name, function.request);
        }
        let answer = record(text, &function.answer);
        let (items, next) = (answer.iter().any(|field| field.starts_with("items: list<")), "next: option<string>,");
        assert!(items && answer.contains(&next), "{}: {} lacks `items` or `next`", function.name, function.answer);
    }
}

#[test]
fn every_interface_is_exported_by_its_world_and_served_by_the_sdk() {
    let export = text("sdk/src/export.rs".as_ref());
    for function in functions() {
        let (package, interface) = (&function.package, &function.interface);
        let module = interface.replace('-', "_");
        let world = text(format!("wit/{package}@0.1.0/world.wit").as_ref());
        assert!(world.contains(&format!("    export {interface};")), "the world of {package} lacks {interface}");
        let binding = text(format!("sdk/src/bindings/{package}/{module}.rs").as_ref());
        assert!(binding.contains(&format!("export gatehouse:{package}/{interface}@0.1.0;")), "{module}");
        assert!(export.contains(&format!("({module} $gateway:ident)")), "`export_gateway!` does not know {module}");
        let dispatch = text(format!("sdk/src/harness/dispatch/{package}.rs").as_ref());
        assert!(dispatch.contains(&format!("\"{}\" =>", function.name)), "the harness does not know {}", function.name);
    }
}

#[test]
fn two_providers_stand_behind_every_function() {
    let readme = text("wit/README.md".as_ref());
    for function in functions() {
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{}` |", function.name)));
        let row = row.unwrap_or_else(|| panic!("wit/README.md has no row for `{}`", function.name));
        let cells = row.trim_matches('|').split(" | ").skip(1).map(str::trim);
        let able = cells.filter(|cell| !cell.trim_end_matches('|').trim().eq("–")).count();
        assert!(able >= 2 || row.contains("GraphQL"), "{row}: who else can do it?");
    }
}

#[test]
fn bytes_are_base64_in_the_harness_too() {
    for (package, text_of_package) in packages() {
        let bytes = text_of_package.matches(": list<u8>").count();
        let bindings = files().into_iter().filter(|path| path.starts_with(format!("sdk/src/bindings/{package}")));
        let found: usize = bindings.map(|path| text(&path).matches("crate::bindings::bytes").count()).sum();
        assert_eq!(bytes, found, "{package}: each field of bytes needs `with = \"crate::bindings::bytes\"`");
    }
}
