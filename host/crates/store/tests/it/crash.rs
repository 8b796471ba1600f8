//! Kills a process that commits, again and again: what it was told is stored is stored, and
//! no commit is torn.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use gatehouse_store::SledStorage;
use gatehouse_store::storage::{Batch, Storage};

use crate::support::{all, config, get, slow};

const KILLS: u64 = 24;
const WRITERS: u64 = 6;
/// How many log entries of each writer are kept; older ones are deleted.
const KEPT: u64 = 12;
const DIR: &str = "GATEHOUSE_STORE_CRASH_DIR";
/// Set for a child whose database never follows its journal.
const SLOW: &str = "GATEHOUSE_STORE_CRASH_SLOW";

fn value(writer: u64, n: u64) -> Vec<u8> {
    let size = (writer * 7919 + n * 104_729) % 9000;
    [n.to_be_bytes().as_slice(), &vec![(n % 251) as u8; size as usize]].concat()
}

fn log_key(writer: u64, n: u64) -> Vec<u8> {
    [&b"log/"[..], &writer.to_be_bytes(), &n.to_be_bytes()].concat()
}

fn head_key(name: u8, writer: u64) -> Vec<u8> {
    [&[name, b'/'][..], &writer.to_be_bytes()].concat()
}

/// Commit `n` of a writer: two heads say `n`, the log gets an entry and loses its oldest.
fn commit(writer: u64, n: u64) -> Batch {
    let head = n.to_be_bytes().to_vec();
    let puts = vec![
        (head_key(b'a', writer), head.clone()),
        (head_key(b'b', writer), head),
        (log_key(writer, n), value(writer, n)),
    ];
    let deletes = n.checked_sub(KEPT).map(|old| log_key(writer, old));
    Batch { puts, deletes: deletes.into_iter().collect(), ..Batch::default() }
}

async fn head(storage: &dyn Storage, name: u8, writer: u64) -> u64 {
    let found = get(storage, &head_key(name, writer)).await.unwrap();
    found.map_or(0, |(value, _)| u64::from_be_bytes(value.try_into().unwrap()))
}

/// The process that is killed: this test, started by the one below with a directory.
#[test]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let settings = if std::env::var(SLOW).is_ok() { slow } else { config };
        let storage = Arc::new(SledStorage::open(settings(Path::new(&dir))).unwrap());
        let writers = (0..WRITERS).map(|writer| {
            let storage = Arc::clone(&storage);
            tokio::spawn(async move {
                for n in 1 + head(&*storage, b'a', writer).await.. {
                    storage.commit(commit(writer, n)).await.unwrap();
                    // One system call, so that a line is there or not.
                    let line = format!("ack {writer} {n}\n");
                    std::io::stderr().write_all(line.as_bytes()).unwrap();
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
    });
}

/// Runs the child until it has acknowledged `count` commits, kills it, and returns the
/// newest acknowledged commit of each writer.
fn run_and_kill(dir: &Path, count: u64, is_slow: bool, acked: &mut [u64]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    if is_slow {
        command.env(SLOW, "1");
    }
    let mut child = command
        .args(["crash::child", "--exact", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut seen = 0;
    for line in lines {
        let line = line.unwrap();
        let Some((writer, n)) = line.strip_prefix("ack ").and_then(|rest| rest.split_once(' ')) else {
            panic!("the child said: {line}");
        };
        acked[writer.parse::<usize>().unwrap()] = n.parse().unwrap();
        seen += 1;
        if seen == count {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(seen >= count, "the child ended by itself after {seen} commits");
}

async fn verify(dir: &Path, acked: &[u64]) {
    let storage = SledStorage::open(config(dir)).unwrap();
    for (writer, acked) in (0..WRITERS).zip(acked) {
        let n = head(&storage, b'a', writer).await;
        assert_eq!(n, head(&storage, b'b', writer).await, "a torn commit of writer {writer}");
        assert!(n >= *acked, "writer {writer} was told {acked}, stored is {n}");
        let entries: Vec<_> = all(&storage, &[&b"log/"[..], &writer.to_be_bytes()].concat()).await;
        let oldest = n.saturating_sub(KEPT - 1).max(1);
        let expect: Vec<_> = (oldest..=n).map(|n| (log_key(writer, n), value(writer, n))).collect();
        assert!(entries == expect, "the log of writer {writer} does not fit its head {n}");
    }
    storage.close().await.unwrap();
}

#[tokio::test]
async fn killed_processes_lose_nothing_that_they_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut acked = vec![0; WRITERS as usize];
    for round in 0..KILLS {
        let count = 1 + round * 7919 % 97 * 3;
        // A journal without its database, one that the database follows, and the one after the other.
        run_and_kill(dir.path(), count, round % 3 == 0, &mut acked);
        if round % 3 == 2 {
            run_and_kill(dir.path(), count, true, &mut acked);
        }
        verify(dir.path(), &acked).await;
    }
    assert!(acked.iter().sum::<u64>() > KILLS);
}
