//! Measures durable commits: the latency of one writer beside that of the bare disk, the rate of many, and the memory of
//! an idle database. Takes an optional directory.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatehouse_store::storage::{Batch, Storage};
use gatehouse_store::{SledConfig, SledStorage};

const WRITERS: usize = 64;

fn batch(writer: usize, n: usize) -> Batch {
    let key = |kind: u8| [&[b't', kind][..], &writer.to_be_bytes(), &n.to_be_bytes()].concat();
    Batch { puts: vec![(key(1), vec![n as u8; 700]), (key(2), vec![n as u8; 100])], ..Batch::default() }
}

fn resident_kib() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("?").trim().to_owned()
}

#[allow(clippy::print_stdout, reason = "this program is its output")]
fn say(what: &str, value: impl std::fmt::Display) {
    println!("{what:<44} {value}");
}

fn percentile(sorted: &[Duration], percent: usize) -> u128 {
    sorted.get(sorted.len() * percent / 100).map_or(0, Duration::as_micros)
}

/// Commits and bare appends to a file take turns, so that both meet the same disk.
async fn latency(storage: &SledStorage, dir: &Path, count: usize) -> Result<(), Box<dyn std::error::Error>> {
    let (mut commits, mut bare) = (Vec::new(), Vec::new());
    let mut file = File::create(dir.join("bare"))?;
    for n in 0..count {
        let begun = Instant::now();
        storage.commit(batch(0, n)).await?;
        commits.push(begun.elapsed());
        let begun = Instant::now();
        file.write_all(&[n as u8; 1000])?;
        file.sync_data()?;
        bare.push(begun.elapsed());
    }
    for (what, times) in [("a commit", &mut commits), ("a bare append and fdatasync", &mut bare)] {
        times.sort();
        for percent in [50, 90, 99] {
            say(&format!("p{percent} of {what} (µs)"), percentile(times, percent));
        }
    }
    Ok(())
}

async fn rate(storage: &Arc<SledStorage>, each: usize) {
    let begun = Instant::now();
    let writers: Vec<_> = (1..=WRITERS)
        .map(|writer| {
            let storage = Arc::clone(storage);
            tokio::spawn(async move {
                for n in 0..each {
                    let _ = storage.commit(batch(writer, n)).await;
                }
            })
        })
        .collect();
    for writer in writers {
        let _ = writer.await;
    }
    let rate = (WRITERS * each) as f64 / begun.elapsed().as_secs_f64();
    say(&format!("{WRITERS} writers (commits/s)"), format!("{rate:.0}"));
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let temporary = std::env::temp_dir().join(format!("gatehouse-commits-{}", std::process::id()));
    let dir = std::env::args().nth(1).map_or(temporary, Into::into);
    let storage = Arc::new(SledStorage::open(SledConfig::new(&dir))?);
    say("resident after opening empty", resident_kib());
    latency(&storage, &dir, 3000).await?;
    rate(&storage, 400).await;
    let begun = Instant::now();
    let keys: Vec<_> = (0..3000).filter_map(|n| batch(0, n).puts.into_iter().next()).map(|(key, _)| key).collect();
    for key in &keys {
        storage.read(std::slice::from_ref(key)).await?;
    }
    say("one read (ns)", begun.elapsed().as_nanos() / keys.len() as u128);
    say("resident after the writes", resident_kib());
    say("on disk (KiB)", storage.health().disk_bytes >> 10);
    storage.close().await?;
    drop(storage);
    let begun = Instant::now();
    let storage = SledStorage::open(SledConfig::new(&dir))?;
    say("opening again (ms)", begun.elapsed().as_millis());
    say("resident after opening again", resident_kib());
    storage.close().await?;
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}
