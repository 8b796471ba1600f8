//! Random histories of commits, checks, scans and restarts, compared with a map.

use std::collections::BTreeMap;

use gatehouse_domain::ErrorKind;
use gatehouse_store::storage::{Append, Batch, Check, Expect, Scan, Seq, Storage, assigned_key};
use gatehouse_store::{MemoryStorage, SledStorage};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::config;

#[derive(Debug, Clone)]
enum Step {
    Commit {
        checks: Vec<(Vec<u8>, Want)>,
        writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
        appends: Vec<(Vec<u8>, Vec<u8>)>,
    },
    Read(Vec<Vec<u8>>),
    Scan(Scan),
    Reopen,
}

/// A check that holds for the model's present state, or one that may not.
#[derive(Debug, Clone)]
enum Want {
    AsIs,
    Absent,
    Present,
    Older,
}

type Model = BTreeMap<Vec<u8>, (Vec<u8>, Seq)>;

fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(0u8), Just(1), Just(b'a'), Just(255)], 1..5)
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        9 => vec(any::<u8>(), 0..20),
        1 => (any::<u8>(), 1000usize..=16 * 1024).prop_map(|(byte, size)| vec![byte; size]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let want =
        prop_oneof![6 => Just(Want::AsIs), 1 => Just(Want::Absent), 1 => Just(Want::Present), 1 => Just(Want::Older)];
    let writes = proptest::collection::btree_map(key(), proptest::option::weighted(0.7, value()), 0..8);
    let scan = (
        vec(prop_oneof![Just(0u8), Just(b'a'), Just(255)], 0..3),
        proptest::option::of(key()),
        0usize..12,
        any::<bool>(),
    );
    prop_oneof![
        12 => (vec((key(), want), 0..3), writes, vec((key(), value()), 0..3))
            .prop_map(|(checks, writes, appends)| Step::Commit { checks, writes, appends }),
        2 => vec(key(), 0..4).prop_map(Step::Read),
        4 => scan.prop_map(|(prefix, after, limit, reverse)| Step::Scan(Scan { prefix, after, limit, reverse })),
        1 => Just(Step::Reopen),
    ]
}

fn batch(model: &Model, checks: &[(Vec<u8>, Want)], writes: &BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Batch {
    let expect = |key: &Vec<u8>, want: &Want| match (want, model.get(key)) {
        (Want::Absent, _) | (Want::AsIs, None) => Expect::Absent,
        (Want::Present, _) => Expect::Present,
        (Want::AsIs, Some((_, seq))) => Expect::At(*seq),
        (Want::Older, found) => Expect::At(Seq(found.map_or(1, |(_, seq)| seq.0.wrapping_sub(1)))),
    };
    let split = |(key, value): (&Vec<u8>, &Option<Vec<u8>>)| value.clone().map(|value| (key.clone(), value));
    Batch {
        checks: checks.iter().map(|(key, want)| Check { key: key.clone(), expect: expect(key, want) }).collect(),
        puts: writes.iter().filter_map(split).collect(),
        deletes: writes.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key.clone()).collect(),
        ..Batch::default()
    }
}

fn scan(model: &Model, scan: &Scan) -> Vec<(Vec<u8>, Seq)> {
    let within = |key: &Vec<u8>| {
        let beyond = |after: &Vec<u8>| if scan.reverse { key < after } else { key > after };
        key.starts_with(&scan.prefix) && scan.after.as_ref().is_none_or(beyond)
    };
    let mut found: Vec<_> =
        model.iter().filter(|(key, _)| within(key)).map(|(key, (_, seq))| (key.clone(), *seq)).collect();
    if scan.reverse {
        found.reverse();
    }
    found.truncate(scan.limit);
    found
}

async fn run(mut storage: Box<dyn Storage>, reopen: Option<&dyn Fn() -> Box<dyn Storage>>, steps: &[Step]) {
    let mut model = Model::new();
    for step in steps {
        match step {
            Step::Commit { checks, writes, appends } => {
                let mut batch = batch(&model, checks, writes);
                let append =
                    |(prefix, value): &(Vec<u8>, Vec<u8>)| Append { prefix: prefix.clone(), value: value.clone() };
                batch.appends = appends.iter().map(append).collect();
                let seq_of = |key: &Vec<u8>| model.get(key).map(|(_, seq)| *seq);
                let holds = batch.checks.iter().all(|check| check.expect.holds(seq_of(&check.key)));
                match storage.commit(batch).await {
                    Ok(seq) => {
                        assert!(holds);
                        for (key, value) in writes {
                            match value {
                                Some(value) => drop(model.insert(key.clone(), (value.clone(), seq))),
                                None => drop(model.remove(key)),
                            }
                        }
                        for ((prefix, value), index) in appends.iter().zip(0..) {
                            model.insert(assigned_key(prefix, seq, index), (value.clone(), seq));
                        }
                    }
                    Err(error) => assert!(!holds && error.kind == ErrorKind::Conflict, "{error}"),
                }
            }
            Step::Read(keys) => {
                let found = storage.read(keys).await.unwrap();
                for (key, found) in keys.iter().zip(found) {
                    assert_eq!(found.map(|found| (found.value, found.seq)), model.get(key).cloned());
                }
            }
            Step::Scan(wanted) => {
                let found: Vec<_> =
                    storage.scan(wanted.clone()).await.unwrap().into_iter().map(|(k, v)| (k, v.seq)).collect();
                assert_eq!(found, scan(&model, wanted), "{wanted:?}");
            }
            Step::Reopen => {
                if let Some(reopen) = reopen {
                    storage.close().await.unwrap();
                    drop(storage);
                    storage = reopen();
                }
            }
        }
    }
    let everything = Scan { limit: usize::MAX, ..Scan::default() };
    let found = storage.scan(everything).await.unwrap().into_iter().map(|(k, v)| (k, (v.value, v.seq)));
    assert_eq!(found.collect::<Model>(), model);
}

fn histories(cases: u32, length: usize, check: impl Fn(&[Step])) {
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() });
    runner
        .run(&vec(step(), 1..length), |steps| {
            check(&steps);
            Ok(())
        })
        .unwrap();
}

#[test]
fn memory_follows_the_model() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    histories(500, 120, |steps| runtime.block_on(run(Box::new(MemoryStorage::new()), None, steps)));
}

#[test]
fn sled_follows_the_model_across_restarts() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    histories(40, 120, |steps| {
        let dir = tempfile::tempdir().unwrap();
        let open = || -> Box<dyn Storage> { Box::new(SledStorage::open(config(dir.path())).unwrap()) };
        runtime.block_on(run(open(), Some(&open), steps));
    });
}
