//! Released contracts are frozen: what a plugin was built against does not change under it.

use ring::digest::{SHA256, digest};

use super::{files, text};

/// The hash of each contract's folder. A change needs a new version, not a new hash; only a
/// contract that no release has shipped yet may still get one.
const FROZEN: &[(&str, &str)] = &[
    ("wit/payments@0.1.0", "2d7499a26425ef0ed48eed383e778b7580c65f33796314b5541992b150e9fe41"),
    ("wit/plugin@0.1.0", "ccbd19d831bc4e95aa7c7bf0f1023d8a4d10929b01fda80556f5a15f4176f486"),
];

fn hash_of(folder: &str) -> String {
    let mut paths: Vec<_> = files().into_iter().filter(|path| path.starts_with(folder)).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{folder} is empty");
    let all: String = paths.iter().map(|path| format!("{}\n{}", path.display(), text(path))).collect();
    digest(&SHA256, all.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn released_contracts_do_not_change() {
    for (folder, frozen) in FROZEN {
        assert_eq!(&hash_of(folder), frozen, "{folder} has changed");
    }
    let folders: std::collections::BTreeSet<_> =
        files().iter().filter_map(|path| Some(path.strip_prefix("wit").ok()?.iter().next()?.to_owned())).collect();
    assert_eq!(folders.len(), FROZEN.len(), "a contract is missing from the list: {folders:?}");
}

#[test]
fn every_item_of_a_contract_is_documented() {
    for path in files().into_iter().filter(|path| path.extension().is_some_and(|end| end == "wit")) {
        let text = text(&path);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for pair in lines.windows(2) {
            let declares = ["interface ", "record ", "variant ", "world ", "package "]
                .iter()
                .any(|word| pair[1].starts_with(word))
                || pair[1].contains(": func(");
            assert!(!declares || pair[0].starts_with("///"), "{}: `{}` is not documented", path.display(), pair[1]);
        }
    }
}
