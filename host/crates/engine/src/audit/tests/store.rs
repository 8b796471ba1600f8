//! The whole proof, through the store: what is changed under it is found, what a checkpoint and an
//! anchor file add, and that work which goes on is no finding.

use std::sync::Arc;

use gatehouse_domain::audit::{AuditCheckpoint, AuditHead, GENESIS};
use gatehouse_store::MemoryStorage;
use gatehouse_store::records::{AuditMark, ChainEnd, ChainName};
use gatehouse_store::storage::{Batch, Scan, Storage};

use super::support::{Dice, Place, tenant};

/// A copy of everything that is stored.
async fn copy(storage: &MemoryStorage) -> Vec<(Vec<u8>, Vec<u8>)> {
    let found = storage.scan(Scan { limit: usize::MAX, ..Scan::default() }).await.unwrap();
    found.into_iter().map(|(key, found)| (key, found.value)).collect()
}

/// The same data with some values changed, or taken out.
async fn changed(data: &[(Vec<u8>, Vec<u8>)], mut change: impl FnMut(usize, &[u8], &[u8]) -> Option<Vec<u8>>) -> Place {
    let storage = MemoryStorage::new();
    let change = |(at, (key, value)): (usize, &(Vec<u8>, Vec<u8>))| Some((key.clone(), change(at, key, value)?));
    let puts = data.iter().enumerate().filter_map(change).collect();
    storage.commit(Batch { puts, ..Batch::default() }).await.unwrap();
    Place::on(Arc::new(storage))
}

/// Some chains with two checkpoints, the second of which does not move all.
async fn begin() -> Place {
    let place = Place::begin();
    for (chain, count) in [(None, 30), (tenant(1), 40), (tenant(2), 25)] {
        place.write(chain, count).await;
    }
    assert_eq!(place.engine.checkpoint_audit().await.unwrap(), 1);
    place.write(tenant(1), 15).await;
    assert_eq!(place.engine.checkpoint_audit().await.unwrap(), 2);
    assert_eq!(place.engine.checkpoint_audit().await.unwrap(), 2, "nothing moved");
    place
}

/// Whether a key is one of an entry.
fn is_entry(key: &[u8]) -> bool {
    match key.first() {
        Some(b'g') => key.get(1) == Some(&48),
        _ => key.get(17) == Some(&48),
    }
}

#[tokio::test]
async fn no_byte_of_a_stored_entry_can_be_another() {
    let place = begin().await;
    assert_eq!(place.findings(Some(&place.anchor().await)).await, Vec::<String>::new());
    let data = copy(&place.storage).await;
    let entries: Vec<usize> = (0..data.len()).filter(|at| is_entry(&data[*at].0)).collect();
    assert_eq!(entries.len(), 110);
    let seed = u64::from_le_bytes(crate::clock::random().unwrap());
    let mut dice = Dice(seed);
    for _ in 0..60 {
        let (entry, bit) = (entries[dice.roll(entries.len())], 1 << dice.roll(8));
        let byte = dice.roll(data[entry].1.len());
        let place = changed(&data, |at, _, value| {
            let mut value = value.to_vec();
            if at == entry {
                value[byte] ^= bit;
            }
            Some(value)
        });
        assert_ne!(place.await.findings(None).await, Vec::<String>::new(), "seed {seed}, {entry}, {byte}, {bit}");
        let place = changed(&data, |at, _, value| (at != entry).then(|| value.to_vec()));
        assert_ne!(place.await.findings(None).await, Vec::<String>::new(), "seed {seed}, without {entry}");
    }
}

#[tokio::test]
async fn what_is_kept_of_checkpoints_is_what_was_signed() {
    let place = begin().await;
    let data = copy(&place.storage).await;
    let again = || changed(&data, |_, _, value| Some(value.to_vec()));
    let check = async |place: Place, expect: &str| {
        let findings = place.findings(None).await;
        assert!(findings.iter().any(|one| one.contains(expect)), "no {expect:?} in {findings:?}");
    };
    // A chain that was cut off in good order, but for what checkpoints say.
    let cut = again().await;
    let store = cut.engine.0.store.clone();
    let entry = cut.rows(tenant(1)).await[50].bytes.clone();
    let entry: gatehouse_domain::audit::AuditEntry = serde_json::from_slice(&entry).unwrap();
    let mut change = store.change();
    for number in 52..=55u64 {
        change.tenant(tenant(1).unwrap()).delete::<gatehouse_domain::audit::AuditEntry>(&number).unwrap();
    }
    change.tenant(tenant(1).unwrap()).put(&ChainEnd { head: AuditHead { number: 51, hash: entry.hash } }).unwrap();
    change.commit().await.unwrap();
    check(cut, "named by the newest checkpoint and is not there").await;

    let of = |number: u64| async move { number };
    let edit = async |expect: &str, with: &dyn Fn(&mut AuditCheckpoint), number: u64| {
        let place = again().await;
        let store = place.engine.0.store.clone();
        let mut one = store.admin().get::<AuditCheckpoint>(&of(number).await).await.unwrap().unwrap().record;
        with(&mut one);
        let mut change = store.change();
        change.admin().put(&one).unwrap();
        change.commit().await.unwrap();
        check(place, expect).await;
    };
    edit("not signed by this deployment", &|one| one.entries += 1, 2).await;
    edit("not signed by this deployment", &|one| one.signature = "AAAA".to_owned(), 2).await;
    edit("not signed by this deployment", &|one| one.root = GENESIS.to_owned(), 2).await;
    edit("does not follow", &|one| one.root = GENESIS.to_owned(), 1).await;
    edit("does not follow", &|one| one.previous = "1".repeat(64), 1).await;

    let mark = again().await;
    let store = mark.engine.0.store.clone();
    let mut found = store.admin().get::<AuditMark>(&ChainName(tenant(2))).await.unwrap().unwrap().record;
    found.covered.number -= 1;
    let mut change = store.change();
    change.admin().put(&found).unwrap();
    change.commit().await.unwrap();
    check(mark, "are not those that the checkpoint names").await;

    let without = again().await;
    let store = without.engine.0.store.clone();
    let mut change = store.change();
    change.admin().delete::<AuditMark>(&ChainName(tenant(2))).unwrap();
    change.commit().await.unwrap();
    check(without, "are not those that the checkpoint names").await;

    let gone = again().await;
    let store = gone.engine.0.store.clone();
    let mut change = store.change();
    for number in [1, 2] {
        change.admin().delete::<AuditCheckpoint>(&number).unwrap();
    }
    change.commit().await.unwrap();
    check(gone, "the checkpoints are gone").await;
}

#[tokio::test]
async fn an_older_copy_is_seen_by_its_anchor_file_only() {
    let place = begin().await;
    let older = copy(&place.storage).await;
    let mut text = place.anchor_text(None).await;
    let last = place.engine.anchor_lines(None).await.unwrap().pop().unwrap().name();
    for chain in [tenant(3), tenant(1)] {
        place.write(chain, 7).await;
        place.engine.checkpoint_audit().await.unwrap();
    }
    let added = place.anchor_text(Some(last.clone())).await;
    assert_eq!(added.matches("\"full\":false").count(), 2, "{added}");
    text += &added;
    let anchor = place.read_anchor(&text);
    assert_eq!((anchor.broken.as_slice(), anchor.newest()), ([].as_slice(), Some(4)));
    assert_eq!(place.findings(Some(&anchor)).await, Vec::<String>::new());

    let back = changed(&older, |_, _, value| Some(value.to_vec())).await;
    assert_eq!(back.findings(None).await, Vec::<String>::new(), "it is what it was");
    let findings = back.findings(Some(&anchor)).await;
    for expect in ["Some(4) the checkpoint is in the anchor file and not here", "Some(62) is named by checkpoint 4"] {
        assert!(findings.iter().any(|one| one.contains(expect)), "no {expect:?} in {findings:?}");
    }
    let newest = place.engine.anchor_lines(Some(last)).await.unwrap().pop().unwrap().name();
    assert!(back.engine.anchor_lines(Some(newest.clone())).await.is_err(), "nothing is added behind what is newer");
    // The older copy goes on, and comes to as many checkpoints.
    for _ in 0..2 {
        back.write(tenant(1), 1).await;
        back.engine.checkpoint_audit().await.unwrap();
    }
    assert!(back.engine.anchor_lines(Some(newest)).await.is_err());
    let findings = back.findings(Some(&anchor)).await;
    assert!(findings.iter().any(|one| one.contains("is not the one in the anchor file")), "{findings:?}");
}

#[tokio::test]
async fn an_anchor_file_that_was_changed_is_found() {
    let place = begin().await;
    let mut text = place.anchor_text(None).await;
    let name = place.engine.anchor_lines(None).await.unwrap().pop().unwrap().name();
    for _ in 0..3 {
        place.write(tenant(2), 2).await;
        place.engine.checkpoint_audit().await.unwrap();
    }
    text += &place.anchor_text(Some(name)).await;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    let check = |text: String, expect: &str| {
        let anchor = place.read_anchor(&text);
        let found = anchor.broken.iter().any(|one| one.what.contains(expect));
        assert_eq!(found, !expect.is_empty(), "{expect:?} {:?}", anchor.broken);
        assert!(!expect.is_empty() || anchor.broken.is_empty(), "{:?}", anchor.broken);
    };
    check(text.clone(), "");
    check(String::new(), "has no checkpoint");
    check([lines[0], lines[1], lines[3], ""].join("\n"), "lines are missing");
    check([lines[1], lines[2], ""].join("\n"), "lines are missing");
    check([lines[0], lines[1], lines[0], ""].join("\n"), "behind a newer one");
    // A line that another one links back to counts by that one: the last of a run is checked.
    check(text.replace("\"number\":31,", "\"number\":32,"), "does not fit the ends");
    check(text.replacen("\"entries\":", "\"entries\":1", 4), "was not signed");
    // A crash tears the last line, and what is added then begins anew.
    check(format!("{}\n{}", lines[0], &lines[1][..40]), "");
    let full = place.anchor_text(None).await;
    check(format!("{}\n{}\n{full}", lines[0], &lines[1][..40]), "");
    check(format!("{}\n{}\n{}\n", lines[0], &lines[1][..40], lines[2]), "lines are missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trail_that_grows_is_whole() {
    let place = Place::begin();
    place.write(tenant(1), 1_500).await;
    let (auditor, engine) = (place.auditor(), place.engine.clone());
    let making = tokio::spawn(async move {
        for _ in 0..40 {
            engine.checkpoint_audit().await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let writing = async {
        for _ in 0..40 {
            place.write(tenant(1), 20).await;
        }
    };
    let proving = async {
        for _ in 0..8 {
            let report = auditor.all(None, None).await.unwrap();
            assert!(report.whole, "{report:?}");
        }
    };
    tokio::join!(writing, proving);
    making.await.unwrap();
    let found = auditor.chain(tenant(1), None).await.unwrap();
    assert_eq!((found.entries, found.broken), (2_300, vec![]));
}
