//! Keeps the anchor file: every checkpoint of the audit trail is added to it, a line each. It never
//! changes what is there, and stops where that does not fit the data.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gatehouse_domain::audit::AuditCheckpoint;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_engine::Engine;
use gatehouse_engine::audit::AnchorLine;
use tokio::sync::watch::Receiver;

/// How long to rest before what went wrong is tried again.
const AGAIN: Duration = Duration::from_secs(60);
/// How much of the end of the file is read at first to find its last line, in bytes.
const TAIL: u64 = 64 << 10;

/// Adds each checkpoint until `stop` says so.
pub(super) async fn keep(engine: Engine, file: PathBuf, mut stop: Receiver<bool>) {
    let mut told = engine.store().admin().watch::<AuditCheckpoint>();
    loop {
        let good = add(&engine, &file).await;
        tokio::select! {
            () = told.changed() => {}
            () = tokio::time::sleep(AGAIN), if !good => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Adds what is not there yet. Answers whether that went well; if not, the log says why.
pub(super) async fn add(engine: &Engine, path: &Path) -> bool {
    let added = try_to_add(engine, path).await;
    if let Err(error) = &added {
        tracing::error!(%error, path = %path.display(), "the anchor file of the audit trail is not kept");
    }
    added.is_ok()
}

async fn try_to_add(engine: &Engine, path: &Path) -> Result<()> {
    let End { last, torn } = end_of(path).map_err(|error| failed(path, error))?;
    // Behind a line that a crash tore, one with every end begins anew.
    let lines = match (engine.anchor_lines(last.as_ref().map(AnchorLine::name)).await?, torn) {
        (lines, true) if !lines.is_empty() => engine.anchor_lines(None).await?,
        (lines, _) => lines,
    };
    if lines.is_empty() {
        return Ok(());
    }
    let mut text = if torn { b"\n".to_vec() } else { Vec::new() };
    for line in lines {
        serde_json::to_writer(&mut text, &line)
            .map_err(|error| Error::internal("a checkpoint has no JSON form").caused_by(error))?;
        text.push(b'\n');
    }
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(|error| failed(path, error))?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(|error| failed(path, error))
}

/// How a file ends.
#[derive(Default)]
struct End {
    /// Its last whole line.
    last: Option<AnchorLine>,
    /// Whether there is a part of a line behind it.
    torn: bool,
}

fn end_of(path: &Path) -> std::io::Result<End> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(End::default()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let mut size = TAIL;
    loop {
        file.seek(SeekFrom::Start(length.saturating_sub(size)))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let torn = !text.is_empty() && !text.ends_with(b"\n");
        let whole = text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        // The first of a part may be the rest of a longer one, which does not read.
        let last = whole.filter_map(|line| serde_json::from_slice(line).ok()).next_back();
        if last.is_some() || size >= length {
            return Ok(End { last, torn });
        }
        size *= 8;
    }
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    let message = format!("the anchor file `{}` can not be read or added to", path.display());
    Error::new(ErrorKind::Unavailable, message).caused_by(error)
}
