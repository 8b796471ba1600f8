//! Feeds of entries through the typed layer, over every storage.

use gatehouse_domain::ErrorKind;
use gatehouse_domain::id::TenantId;
use gatehouse_store::record::Kind;
use gatehouse_store::storage::MAX_VALUE;
use gatehouse_store::{Cursor, Entry, GlobalEntry, Page, Placed, Position, Store, TenantEntry, TenantScope};
use serde::{Deserialize, Serialize};

use crate::support::{places, store};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Note {
    text: String,
}

impl Entry for Note {
    const KIND: Kind = Kind::Event;
    const SCHEMA: u8 = 1;
}
impl TenantEntry for Note {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Notice(u32);

impl Entry for Notice {
    const KIND: Kind = Kind::Intent;
    const SCHEMA: u8 = 1;
}
impl GlobalEntry for Notice {}

fn tenant(n: i64) -> TenantId {
    TenantId::new(n, [1; 10])
}

fn note(text: impl Into<String>) -> Note {
    Note { text: text.into() }
}

/// Appends two notes a commit and returns their positions.
async fn fill(store: &Store, n: i64, commits: u32) -> Vec<Position> {
    let mut positions = Vec::new();
    for commit in 0..commits {
        let mut change = store.change();
        let indices = ["a", "b"].map(|part| change.tenant(tenant(n)).append(&note(format!("{commit}{part}"))).unwrap());
        let seq = change.commit().await.unwrap();
        positions.extend(indices.map(|index| Position { seq, index }));
    }
    positions
}

async fn pages(scope: &TenantScope, limit: usize, reverse: bool) -> Vec<Placed<Note>> {
    let mut page = Page { after: None, limit, reverse };
    let mut found = Vec::new();
    loop {
        let part = scope.entries::<Note>(&page).await.unwrap();
        assert!(part.items.len() <= limit);
        found.extend(part.items);
        let Some(next) = part.next else { return found };
        page.after = Some(next.to_string().parse().unwrap());
    }
}

#[tokio::test]
async fn a_feed_is_read_in_both_directions_and_from_any_position() {
    for place in places() {
        let store = store(&place);
        let scope = store.tenant(tenant(1));
        assert_eq!(scope.last_position::<Note>().await.unwrap(), None);
        let positions = fill(&store, 1, 6).await;
        fill(&store, 2, 1).await;
        let expect: Vec<_> = positions
            .iter()
            .zip((0..6).flat_map(|n| [format!("{n}a"), format!("{n}b")]))
            .map(|(position, text)| Placed { position: *position, entry: note(text) })
            .collect();
        for limit in [1, 5, 12, 100] {
            assert_eq!(pages(&scope, limit, false).await, expect);
            let mut reverse = pages(&scope, limit, true).await;
            reverse.reverse();
            assert_eq!(reverse, expect);
        }
        assert_eq!(scope.last_position::<Note>().await.unwrap(), positions.last().copied());
        assert_eq!(scope.entries_after::<Note>(Position::START, 3).await.unwrap(), expect[..3]);
        for (place, position) in positions.iter().enumerate() {
            assert_eq!(scope.entries_after::<Note>(*position, 1000).await.unwrap(), expect[place + 1..]);
            assert_eq!(scope.entry::<Note>(*position).await.unwrap().as_ref(), Some(&expect[place]));
        }
        assert_eq!(scope.entry::<Note>(Position::START).await.unwrap(), None);
        let foreign: Cursor = "AAAA".parse().unwrap();
        let page = Page { after: Some(foreign), limit: 1, reverse: false };
        assert_eq!(scope.entries::<Note>(&page).await.unwrap_err().kind, ErrorKind::Invalid);
    }
}

#[tokio::test]
async fn an_entry_is_stored_with_its_change_or_not_at_all() {
    for place in places() {
        let store = store(&place);
        let mut change = store.change();
        assert!(change.is_empty());
        change.admin().append(&Notice(1)).unwrap();
        assert!(!change.is_empty());
        change.commit().await.unwrap();
        let mut change = store.change();
        change.admin().append(&Notice(2)).unwrap();
        change.tenant(tenant(1)).require::<gatehouse_store::records::TenantKey>(&1).unwrap();
        assert_eq!(change.commit().await.unwrap_err().kind, ErrorKind::Conflict);
        let found = store.admin().entries_after::<Notice>(Position::START, 10).await.unwrap();
        assert_eq!(found.iter().map(|notice| notice.0).collect::<Vec<_>>(), [1]);
    }
}

#[tokio::test]
async fn an_entry_fits_one_value() {
    let overhead = note("").encode().unwrap().len() + 2;
    for place in places() {
        let store = store(&place);
        let mut change = store.change();
        let large = note("x".repeat(MAX_VALUE - overhead));
        change.tenant(tenant(1)).append(&large).unwrap();
        let error = change.tenant(tenant(1)).append(&note("x".repeat(MAX_VALUE - overhead + 1))).unwrap_err();
        assert_eq!(error.kind, ErrorKind::TooLarge);
        assert!(error.message.contains("16383") && error.message.contains("16382"), "{error}");
        change.commit().await.unwrap();
        assert_eq!(pages(&store.tenant(tenant(1)), 10, false).await[0].entry, large);
    }
}

#[tokio::test]
async fn trimming_deletes_the_old_end_and_no_more() {
    for place in places() {
        let store = store(&place);
        let scope = store.tenant(tenant(1));
        let mut change = store.change();
        for n in 0..700u32 {
            change.tenant(tenant(1)).append(&note(format!("{n:03}"))).unwrap();
        }
        change.commit().await.unwrap();
        fill(&store, 2, 1).await;
        // One beyond the first that is kept is old as well, and stays.
        let old = |note: &Placed<Note>| note.text.as_str() < "600" || note.text == "650";
        assert_eq!(scope.trim(old).await.unwrap(), 600);
        assert_eq!(scope.trim(old).await.unwrap(), 0);
        let left = scope.entries_after::<Note>(Position::START, 1000).await.unwrap();
        assert_eq!((left.len(), left[0].text.as_str()), (100, "600"));
        assert_eq!(scope.trim(|_: &Placed<Note>| true).await.unwrap(), 100);
        assert_eq!(store.tenant(tenant(2)).entries_after::<Note>(Position::START, 10).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_watch_tells_of_new_entries() {
    for place in places() {
        let store = store(&place);
        let mut watch = store.tenant(tenant(1)).watch_entries::<Note>();
        fill(&store, 1, 1).await;
        tokio::time::timeout(std::time::Duration::from_secs(10), watch.changed()).await.unwrap();
    }
}
