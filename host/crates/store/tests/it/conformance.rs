//! What every storage does alike.

use std::sync::Arc;
use std::time::Duration;

use gatehouse_domain::ErrorKind;
use gatehouse_store::storage::{Batch, Expect, MAX_VALUE, Scan, Seq, Storage, assigned_key};
use gatehouse_store::{SledStorage, State};

use crate::support::{all, append, config, delete, get, open, places, put, when};

#[tokio::test]
async fn what_is_committed_is_read_with_its_sequence() {
    for place in places() {
        let storage = &*place.storage;
        let first = storage.commit(put(b"a", b"1")).await.unwrap();
        let second = storage.commit(put(b"b", &[7; MAX_VALUE])).await.unwrap();
        assert!(second > first);
        assert_eq!(get(storage, b"a").await.unwrap(), Some((b"1".to_vec(), first)));
        assert_eq!(get(storage, b"b").await.unwrap(), Some((vec![7; MAX_VALUE], second)));
        assert_eq!(get(storage, b"c").await.unwrap(), None);
        let keys = [b"b".to_vec(), b"x".to_vec(), b"a".to_vec()];
        let found = storage.read(&keys).await.unwrap();
        assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
        storage.commit(delete(b"a")).await.unwrap();
        assert_eq!(get(storage, b"a").await.unwrap(), None);
        assert_eq!(storage.health().state, State::Writable);
        assert!(storage.health().durable > second);
    }
}

#[tokio::test]
async fn a_failed_check_writes_nothing() {
    for place in places() {
        let storage = &*place.storage;
        let seq = storage.commit(put(b"here", b"1")).await.unwrap();
        for (key, expect, holds) in [
            (&b"here"[..], Expect::Absent, false),
            (b"here", Expect::Present, true),
            (b"here", Expect::At(Seq(seq.0 + 1)), false),
            (b"gone", Expect::Absent, true),
            (b"gone", Expect::Present, false),
            (b"gone", Expect::At(seq), false),
        ] {
            let mut batch = put(b"x", b"1");
            batch.puts.push((b"y".to_vec(), b"2".to_vec()));
            let outcome = storage.commit(when(key, expect, batch)).await;
            assert_eq!(outcome.is_ok(), holds, "{key:?} {expect:?}");
            if let Err(error) = outcome {
                assert_eq!(error.kind, ErrorKind::Conflict);
            }
            assert_eq!(get(storage, b"x").await.unwrap().is_some(), holds);
            storage.commit(delete(b"x")).await.unwrap();
            storage.commit(delete(b"y")).await.unwrap();
        }
        let again = when(b"here", Expect::At(seq), put(b"here", b"2"));
        storage.commit(again.clone()).await.unwrap();
        assert_eq!(storage.commit(again).await.unwrap_err().kind, ErrorKind::Conflict);
    }
}

#[tokio::test]
async fn appends_get_keys_in_the_order_of_commits() {
    for place in places() {
        let storage = &*place.storage;
        let mut watch = storage.watch(b"feed/".to_vec());
        let mut expect = Vec::new();
        for n in 0..5u8 {
            // The greater prefix first: the index counts over the batch, not within a prefix.
            let mut batch = append(&[(b"feed/", &[n, 0]), (b"feed/", &[n, 1]), (b"other/", &[n])]);
            batch.puts.push((vec![n], vec![n]));
            let seq = storage.commit(batch).await.unwrap();
            expect.extend((0..2).map(|index| (assigned_key(b"feed/", seq, index), vec![n, index as u8])));
            assert_eq!(get(storage, &assigned_key(b"other/", seq, 2)).await.unwrap(), Some((vec![n], seq)));
        }
        assert_eq!(all(storage, b"feed/").await, expect);
        assert!(expect.is_sorted());
        tokio::time::timeout(Duration::from_secs(10), watch.changed()).await.unwrap();
        let refused = when(b"gone", Expect::Present, append(&[(b"feed/", b"never")]));
        assert_eq!(storage.commit(refused).await.unwrap_err().kind, ErrorKind::Conflict);
        assert_eq!(storage.commit(append(&[(b"", b"x")])).await.unwrap_err().kind, ErrorKind::Invalid);
        let large = append(&[(b"feed/", &[0; MAX_VALUE + 1])]);
        assert_eq!(storage.commit(large).await.unwrap_err().kind, ErrorKind::TooLarge);
        assert_eq!(all(storage, b"feed/").await, expect);
        // An assigned key is a key like any other.
        storage.commit(delete(&expect[0].0)).await.unwrap();
        assert_eq!(all(storage, b"feed/").await, expect[1..]);
    }
}

/// A reader that always goes on after the last key it saw sees every append once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_appends_misses_none() {
    for place in places() {
        let writers: Vec<_> = (0..8u8)
            .map(|writer| {
                let storage = Arc::clone(&place.storage);
                tokio::spawn(async move {
                    for n in 0..40u8 {
                        storage.commit(append(&[(b"feed/", &[writer, n])])).await.unwrap();
                    }
                })
            })
            .collect();
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let ended = writers.iter().all(|writer| writer.is_finished());
            let scan = Scan { prefix: b"feed/".to_vec(), after: after.clone(), limit: 7, reverse: false };
            let found = place.storage.scan(scan).await.unwrap();
            after = found.last().map(|(key, _)| key.clone()).or(after);
            if found.is_empty() && ended {
                break;
            }
            seen.extend(found.into_iter().map(|(_, found)| (found.value[0], found.value[1])));
            tokio::task::yield_now().await;
        }
        assert_eq!(seen.len(), 320);
        for writer in 0..8 {
            let own: Vec<_> = seen.iter().filter(|(by, _)| *by == writer).map(|(_, n)| *n).collect();
            assert_eq!(own, (0..40).collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn a_batch_that_writes_nothing_only_checks() {
    for place in places() {
        let storage = &*place.storage;
        let seq = storage.commit(put(b"a", b"1")).await.unwrap();
        let check = |expect| storage.commit(when(b"a", expect, Batch::default()));
        assert_eq!(check(Expect::Present).await.unwrap(), seq);
        assert_eq!(check(Expect::Absent).await.unwrap_err().kind, ErrorKind::Conflict);
        assert_eq!(storage.health().durable, seq);
    }
}

#[tokio::test]
async fn batches_beyond_the_limits_are_refused_whole() {
    for place in places() {
        let storage = &*place.storage;
        let mut batch = put(b"a", b"1");
        batch.puts.push((b"b".to_vec(), vec![0; MAX_VALUE + 1]));
        assert_eq!(storage.commit(batch).await.unwrap_err().kind, ErrorKind::TooLarge);
        assert_eq!(storage.commit(put(b"", b"1")).await.unwrap_err().kind, ErrorKind::Invalid);
        assert!(all(storage, b"").await.is_empty());
    }
}

#[tokio::test]
async fn scans_keep_to_prefix_place_direction_and_limit() {
    for place in places() {
        let storage = &*place.storage;
        for key in [&b"a"[..], b"b", b"b1", b"b2", b"b2x", b"b3", b"b\xff\xff", b"c", b"\xff", b"\xff\xff"] {
            storage.commit(put(key, key)).await.unwrap();
        }
        for (prefix, after, limit, reverse, expect) in [
            (&b"b"[..], None, 100, false, &[&b"b"[..], b"b1", b"b2", b"b2x", b"b3", b"b\xff\xff"][..]),
            (b"b", None, 100, true, &[b"b\xff\xff", b"b3", b"b2x", b"b2", b"b1", b"b"]),
            (b"b", None, 2, false, &[b"b", b"b1"]),
            (b"b", None, 2, true, &[b"b\xff\xff", b"b3"]),
            (b"b", None, 0, false, &[]),
            (b"b", Some(&b"b2"[..]), 100, false, &[b"b2x", b"b3", b"b\xff\xff"]),
            (b"b", Some(b"b2"), 100, true, &[b"b1", b"b"]),
            (b"b", Some(b"b"), 100, true, &[]),
            (b"b", Some(b"a"), 1, false, &[b"b"]),
            (b"b", Some(b"a"), 1, true, &[]),
            (b"b", Some(b"c"), 100, false, &[]),
            (b"b", Some(b"c"), 1, true, &[b"b\xff\xff"]),
            (b"", Some(b"b3"), 2, false, &[b"b\xff\xff", b"c"]),
            (b"", None, 1, true, &[b"\xff\xff"]),
            (b"\xff", None, 100, false, &[b"\xff", b"\xff\xff"]),
            (b"d", None, 100, false, &[]),
        ] {
            let after = after.map(<[u8]>::to_vec);
            let scan = Scan { prefix: prefix.to_vec(), after, limit, reverse };
            let found = storage.scan(scan.clone()).await.unwrap();
            let keys: Vec<_> = found.iter().map(|(key, _)| key.as_slice()).collect();
            assert_eq!(keys, expect, "{scan:?}");
            assert!(found.iter().all(|(key, found)| *key == found.value));
        }
    }
}

#[tokio::test]
async fn a_watch_tells_of_commits_below_its_prefix() {
    for place in places() {
        let storage = &*place.storage;
        storage.commit(put(b"a1", b"before")).await.unwrap();
        let mut watch = storage.watch(b"a".to_vec());
        storage.commit(put(b"b1", b"other")).await.unwrap();
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, watch.changed()).await.is_err(), "nothing happened below a");
        storage.commit(put(b"a1", b"1")).await.unwrap();
        storage.commit(put(b"a2", b"2")).await.unwrap();
        let late = Duration::from_secs(10);
        tokio::time::timeout(late, watch.changed()).await.unwrap();
        assert!(tokio::time::timeout(soon, watch.changed()).await.is_err(), "two commits count as one");
        storage.commit(delete(b"a2")).await.unwrap();
        tokio::time::timeout(late, watch.changed()).await.unwrap();
        assert_eq!(get(storage, b"a2").await.unwrap(), None, "a waiter sees what it is told of");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_check_the_same_version_one_wins() {
    for place in places() {
        let storage = &place.storage;
        let mut seq = storage.commit(put(b"n", b"0")).await.unwrap();
        for round in 0..20u32 {
            let tries = (0..16u32).map(|n| {
                let (storage, value) = (Arc::clone(storage), [round.to_be_bytes(), n.to_be_bytes()].concat());
                tokio::spawn(async move {
                    let batch = when(b"n", Expect::At(seq), put(b"n", &value));
                    storage.commit(batch).await.map(|seq| (seq, value))
                })
            });
            let mut won = Vec::new();
            for outcome in tries.collect::<Vec<_>>() {
                match outcome.await.unwrap() {
                    Ok(winner) => won.push(winner),
                    Err(error) => assert_eq!(error.kind, ErrorKind::Conflict),
                }
            }
            let [(next, value)] = won.try_into().unwrap();
            assert_eq!(get(&**storage, b"n").await.unwrap(), Some((value, next)));
            seq = next;
        }
    }
}

/// Readers and writers at once: a reader never sees half a commit, and never sees one that
/// is taken back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_whole_commits_in_order() {
    for place in places() {
        let storage = Arc::clone(&place.storage);
        let writer = tokio::spawn(async move {
            for n in 1..=300u32 {
                let value = n.to_be_bytes();
                let mut batch = put(b"k/first", &value);
                batch.puts.push((b"k/last".to_vec(), value.to_vec()));
                // Odd commits have a third key, even ones do not.
                match n % 2 {
                    1 => batch.puts.push((b"k/odd".to_vec(), value.to_vec())),
                    _ => batch.deletes.push(b"k/odd".to_vec()),
                }
                storage.commit(batch).await.unwrap();
            }
        });
        let mut newest = 0;
        while !writer.is_finished() {
            let keys = [b"k/first".to_vec(), b"k/last".to_vec()];
            let read: Vec<_> =
                place.storage.read(&keys).await.unwrap().into_iter().flatten().map(|v| v.value).collect();
            let found: Vec<_> = all(&*place.storage, b"k/").await.into_iter().map(|(_, value)| value).collect();
            for values in [&read, &found] {
                assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "{values:?}");
            }
            if let Some(value) = found.first() {
                let n = u32::from_be_bytes(value.as_slice().try_into().unwrap());
                assert_eq!(found.len() as u32, 2 + n % 2);
                assert!(n >= newest);
                newest = n;
            }
            tokio::task::yield_now().await;
        }
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn a_closed_storage_refuses_and_keeps_what_it_has() {
    for place in places() {
        let seq = place.storage.commit(put(b"a", b"1")).await.unwrap();
        place.storage.close().await.unwrap();
        place.storage.close().await.unwrap();
        assert_eq!(place.storage.commit(put(b"a", b"2")).await.unwrap_err().kind, ErrorKind::Unavailable);
        assert_eq!(get(&*place.storage, b"a").await.unwrap_err().kind, ErrorKind::Unavailable);
        if place.durable {
            let storage = open(place.dir.path());
            assert_eq!(get(&*storage, b"a").await.unwrap(), Some((b"1".to_vec(), seq)));
            assert!(storage.commit(put(b"b", b"1")).await.unwrap() > seq, "sequences go on after a restart");
        }
    }
}

#[tokio::test]
async fn a_directory_has_one_user_and_the_refusal_names_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    let error = SledStorage::open(config(dir.path())).err().unwrap();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    let lock = dir.path().join("LOCK").display().to_string();
    assert!(error.message.contains(&lock), "{error}");
    drop(first);
    open(dir.path());
}

#[tokio::test]
async fn a_database_far_larger_than_its_data_is_compacted_at_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.compaction.min_bytes = 4 << 20;
    let mut expect = Vec::new();
    {
        let storage = SledStorage::open(config.clone()).unwrap();
        for round in 0..12u8 {
            for chunk in 0..4u8 {
                let puts = (0..60u8).map(|n| (vec![b'k', chunk, n], vec![round ^ n; 8000])).collect();
                storage.commit(Batch { puts, ..Batch::default() }).await.unwrap();
            }
        }
        for chunk in 0..4u8 {
            let deletes = (3..60u8).map(|n| vec![b'k', chunk, n]).collect();
            storage.commit(Batch { deletes, ..Batch::default() }).await.unwrap();
        }
        expect.extend(storage.scan(Scan { limit: 1000, ..Scan::default() }).await.unwrap());
        assert_eq!(expect.len(), 12);
        storage.close().await.unwrap();
    }
    let before = SledStorage::open(self::config_without_compaction(&config)).unwrap().health().disk_bytes;
    let storage = SledStorage::open(config.clone()).unwrap();
    let after = storage.health().disk_bytes;
    assert!(after * 2 < before, "{before} to {after}");
    assert_eq!(storage.scan(Scan { limit: 1000, ..Scan::default() }).await.unwrap(), expect, "values and sequences");
    storage.commit(put(b"new", b"1")).await.unwrap();
    drop(storage);
    let storage = SledStorage::open(config).unwrap();
    assert_eq!(all(&storage, b"").await.len(), 13);
}

fn config_without_compaction(config: &gatehouse_store::SledConfig) -> gatehouse_store::SledConfig {
    let mut config = config.clone();
    config.compaction.min_bytes = u64::MAX;
    config
}
