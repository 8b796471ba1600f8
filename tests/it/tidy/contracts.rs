//! Released contracts are frozen: what a plugin was built against does not change under it.

use ring::digest::{SHA256, digest};

use super::{files, text};

/// The hash of each contract's folder. A change needs a new version, not a new hash; only a
/// contract that no release has shipped yet may still get one.
const FROZEN: &[(&str, &str)] = &[
    ("wit/accounting@0.1.0", "c857443227ad3d55f6f553d8932cec1fdbe4bde99753a72ac855ca8bff1b7928"),
    ("wit/automation@0.1.0", "e1725b1336d1308a12d2b006dede627e45f7c775bee9c3f7f0eb66d7565fff32"),
    ("wit/calendar@0.1.0", "54dac871365fc80cc42e4acd2bf5a5f1230347ad2658c0ac334390a3b670bbb3"),
    ("wit/commerce@0.1.0", "25f1675322c183d7fcf328f0e7e647aa849455ebd8a99f9d42890a24f664271c"),
    ("wit/crm@0.1.0", "6f0af8cda84eae179a178404d41f9ae8bf80db23280378ade25daa69d74595b1"),
    ("wit/documents@0.1.0", "348d47eb57887e1ad1e895808940b41ab14d83c649be09460485d87b796df61f"),
    ("wit/email@0.1.0", "bb52d3e9f0872546f773794bd1fa1b0146d0f687a2a4ac93d914a75a914504e9"),
    ("wit/marketing@0.1.0", "119b3ec1f8c173bec3e5d798fed9a295fcf5a670f8b2744e963954068878137e"),
    ("wit/messaging@0.1.0", "4ff81c72b8e644817421a2fb0602689de3f1b9f26b86c71eb23420ce0ba1c2ac"),
    ("wit/payments@0.1.0", "c497c247ea2b5191f318215d4582dee30ae308544730db7f1c53fbdcd320a648"),
    ("wit/plugin@0.1.0", "7518ddb261eac8dcda4f2103034840ff3d6711d1816d704e4d293d5b7dd52a3f"),
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
    let folders: std::collections::BTreeSet<_> = files()
        .iter()
        .filter_map(|path| Some(path.strip_prefix("wit").ok()?.parent()?.iter().next()?.to_owned()))
        .collect();
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
