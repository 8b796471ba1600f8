//! Measures durable commits by 1, 8 and 64 at once, beside the bare disk, with their cost in CPU
//! time; then reads, lists and the start of a database. Takes an optional directory.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatehouse_domain::id::TenantId;
use gatehouse_store::records::TenantKey;
use gatehouse_store::storage::{Batch, Storage};
use gatehouse_store::{Artefacts, Page, SledConfig, SledStorage, Store};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// How many records the lists are part of.
const RECORDS: u32 = 100_000;

fn batch(writer: usize, n: usize) -> Batch {
    let key = |kind: u8| [&[b't', kind][..], &writer.to_be_bytes(), &n.to_be_bytes()].concat();
    Batch { puts: vec![(key(1), vec![n as u8; 700]), (key(2), vec![n as u8; 100])], ..Batch::default() }
}

fn resident_kib() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("?").trim().to_owned()
}

/// The CPU time of this process, all threads; the kernel counts it in steps of 10 ms.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

#[allow(clippy::print_stdout, reason = "this program is its output")]
fn say(what: &str, value: impl std::fmt::Display) {
    println!("{what:<48} {value}");
}

fn percentile(sorted: &[Duration], percent: usize) -> u128 {
    sorted.get(sorted.len() * percent / 100).map_or(0, Duration::as_micros)
}

fn say_latency(what: &str, times: &mut [Duration]) {
    times.sort();
    let [p50, p90, p99] = [50, 90, 99].map(|percent| percentile(times, percent));
    say(&format!("{what}: p50, p90, p99 (µs)"), format!("{p50} {p90} {p99}"));
}

fn bare(dir: &Path, count: usize) -> Outcome<()> {
    let mut file = File::create(dir.join("bare"))?;
    let (mut times, cpu_before) = (Vec::new(), cpu());
    for n in 0..count {
        let begun = Instant::now();
        file.write_all(&[n as u8; 1000])?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    say("CPU of a bare append and fdatasync (µs)", (cpu() - cpu_before).as_micros() / count as u128);
    say_latency("a bare append and fdatasync", &mut times);
    Ok(())
}

/// `writers` commit at once, `each` of them that many times.
async fn commits(storage: &Arc<SledStorage>, writers: usize, each: usize) -> Outcome<()> {
    let (begun, cpu_before) = (Instant::now(), cpu());
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let storage = Arc::clone(storage);
            tokio::spawn(async move {
                let mut times = Vec::with_capacity(each);
                for n in 0..each {
                    let begun = Instant::now();
                    storage.commit(batch(writers * 1000 + writer, n)).await?;
                    times.push(begun.elapsed());
                }
                Ok::<_, gatehouse_domain::Error>(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let (took, used, count) = (begun.elapsed(), cpu() - cpu_before, writers * each);
    say_latency(&format!("{writers} at once, a commit"), &mut times);
    say(&format!("{writers} at once, commits a second"), format!("{:.0}", count as f64 / took.as_secs_f64()));
    say(&format!("{writers} at once, CPU of a commit (µs)"), used.as_micros() / count as u128);
    Ok(())
}

/// What a write of a caller does: an intent and a record, then the record's end without the intent.
async fn pairs(storage: &Arc<SledStorage>, writers: usize, each: usize) -> Outcome<()> {
    let (begun, cpu_before) = (Instant::now(), cpu());
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let storage = Arc::clone(storage);
            tokio::spawn(async move {
                for n in 0..each {
                    let first = batch(100_000 + writer, n);
                    let mut second = first.clone();
                    second.deletes.extend(second.puts.pop().map(|(key, _)| key));
                    storage.commit(first).await?;
                    storage.commit(second).await?;
                }
                Ok::<_, gatehouse_domain::Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let (took, used, count) = (begun.elapsed(), cpu() - cpu_before, writers * each);
    say(&format!("{writers} at once, pairs a second"), format!("{:.0}", count as f64 / took.as_secs_f64()));
    say(&format!("{writers} at once, CPU of a pair (µs)"), used.as_micros() / count as u128);
    Ok(())
}

async fn reads(storage: &SledStorage, what: &str, writer: usize, count: usize) -> Outcome<()> {
    let keys: Vec<_> =
        (0..count).filter_map(|n| batch(writer, n).puts.into_iter().next()).map(|(key, _)| key).collect();
    let begun = Instant::now();
    for key in &keys {
        storage.read(std::slice::from_ref(key)).await?;
    }
    say(&format!("one read, {what} (ns)"), begun.elapsed().as_nanos() / keys.len() as u128);
    Ok(())
}

async fn lists(store: &Store, what: &str) -> Outcome<()> {
    let scope = store.tenant(TenantId::new(1, [1; 10]));
    let (mut lists, mut gets, mut ranges) = (Vec::new(), Vec::new(), Vec::new());
    let mut page = Page::first(50);
    for n in 0..400u32 {
        let begun = Instant::now();
        page.after = scope.list::<TenantKey>(&page).await?.next;
        lists.push(begun.elapsed());
        let id = n * 7919 % RECORDS;
        let begun = Instant::now();
        scope.get::<TenantKey>(&id).await?;
        gets.push(begun.elapsed());
        let begun = Instant::now();
        scope.list_under::<TenantKey>(&id.to_be_bytes(), &Page::first(1)).await?;
        ranges.push(begun.elapsed());
    }
    say_latency(&format!("50 of {RECORDS} records, {what}"), &mut lists);
    say_latency(&format!("one record, {what}"), &mut gets);
    say_latency(&format!("a range of one record, {what}"), &mut ranges);
    Ok(())
}

async fn fill(store: &Store) -> Outcome<()> {
    let begun = Instant::now();
    for first in (0..RECORDS).step_by(500) {
        let mut change = store.change();
        for version in first..first + 500 {
            let record = TenantKey { version, wrapped: "w".repeat(300) };
            change.tenant(TenantId::new(1, [1; 10])).put(&record)?;
        }
        change.commit().await?;
    }
    say(&format!("{RECORDS} records in changes of 500 (ms)"), begun.elapsed().as_millis());
    Ok(())
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome<()> {
    let temporary = std::env::temp_dir().join(format!("gatehouse-commits-{}", std::process::id()));
    let dir = std::env::args().nth(1).map_or(temporary, Into::into);
    let storage = Arc::new(SledStorage::open(SledConfig::new(&dir))?);
    say("resident after opening empty", resident_kib());
    bare(&dir, 1000)?;
    for (writers, each) in [(1, 4000), (8, 1500), (64, 500)] {
        commits(&storage, writers, each).await?;
    }
    pairs(&storage, 16, 1000).await?;
    reads(&storage, "right after the commits", 64_001, 500).await?;
    reads(&storage, "of older commits", 1000, 4000).await?;
    say("resident after the commits", resident_kib());
    let store = Store::new(Arc::<SledStorage>::clone(&storage), Artefacts::open(dir.join("artefacts"), 1)?);
    fill(&store).await?;
    lists(&store, "right after").await?;
    say("on disk (KiB)", storage.health().disk_bytes >> 10);
    drop(store);
    let begun = Instant::now();
    storage.close().await?;
    drop(storage);
    say("closing (ms)", begun.elapsed().as_millis());
    let begun = Instant::now();
    let storage = Arc::new(SledStorage::open(SledConfig::new(&dir))?);
    say("opening again (ms)", begun.elapsed().as_millis());
    let store = Store::new(Arc::<SledStorage>::clone(&storage), Artefacts::open(dir.join("artefacts"), 1)?);
    lists(&store, "after a start").await?;
    say("resident at the end", resident_kib());
    storage.close().await?;
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}
