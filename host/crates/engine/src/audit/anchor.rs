//! The anchor file: the checkpoints, one a line, in a place where who can write to the data can
//! not. It holds all that is needed to see whether the trail still is what it was then. Nothing
//! here opens a file.

use std::collections::BTreeMap;
use std::io::BufRead;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::audit::{AuditCheckpoint, AuditHead};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::AuditMark;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::checkpoint::{Ends, root_of, tips_of};
use super::proof::{Expected, Finding};
use super::verify::{each, follows, newest_checkpoint};
use super::{Chain, unhex};
use crate::Engine;
use crate::execute::sha256_hex;

/// How many lines are caught up with one by one; beyond that one line names every end.
const CAUGHT_UP: u64 = 1_000;
/// How often the ends are read again that a new checkpoint came between.
const AGAIN: usize = 5;

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnchorLine {
    /// Whether `ends` has the end of every chain: the first line, and one behind a gap. In any
    /// other it has those that moved since the line before.
    pub full: bool,
    /// The checkpoint.
    #[serde(flatten)]
    pub checkpoint: AuditCheckpoint,
}

impl AnchorLine {
    /// The number of its checkpoint and the hash of its text, by which the next one names it.
    pub fn name(&self) -> (u64, String) {
        (self.checkpoint.number, sha256_hex(self.checkpoint.text().as_bytes()))
    }
}

/// What an anchor file says.
#[derive(Debug, Default)]
pub struct Anchor {
    /// What is wrong with the file itself.
    pub broken: Vec<Finding>,
    expected: BTreeMap<Chain, Expected>,
    texts: BTreeMap<u64, String>,
}

/// What reads anchor files of one deployment.
pub struct AnchorReader {
    key: Vec<u8>,
}

impl AnchorReader {
    /// One that believes the holder of this public key, of 32 bytes.
    pub fn new(key: Vec<u8>) -> Self {
        Self { key }
    }

    /// Reads an anchor file. What is wrong with it is in the answer.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] where the file can not be read.
    pub fn read(&self, mut file: impl BufRead) -> Result<Anchor> {
        let mut reading = Reading::new(&self.key);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = file.read_until(b'\n', &mut line);
            match read.map_err(|error| Error::invalid("the anchor file can not be read").caused_by(error))? {
                0 => return Ok(reading.end()),
                _ => reading.line(&line),
            }
        }
    }
}

impl Anchor {
    /// The number of the newest checkpoint in the file.
    pub fn newest(&self) -> Option<u64> {
        self.texts.keys().next_back().copied()
    }

    /// The chains that it names.
    pub(super) fn chains(&self) -> impl Iterator<Item = Chain> {
        self.expected.keys().copied()
    }

    /// What entries of a chain have to be.
    pub(super) fn expects(&self, chain: Chain) -> Expected {
        self.expected.get(&chain).cloned().unwrap_or_default()
    }

    /// The newest entry of a chain that it names, with its hash.
    pub fn newest_of(&self, chain: Chain) -> Option<(u64, String)> {
        let (number, (hash, _)) = self.expected.get(&chain)?.last_key_value()?;
        Some((*number, super::hex(hash)))
    }

    /// Whether it has another checkpoint of this number.
    pub(super) fn contradicts(&self, checkpoint: &AuditCheckpoint) -> bool {
        let hash = sha256_hex(checkpoint.text().as_bytes());
        self.texts.get(&checkpoint.number).is_some_and(|known| *known != hash)
    }
}

/// A file that is being read. A signature and a root stand for every line that its line links
/// back to, so they are checked where a run of linked lines ends.
struct Reading<'k> {
    key: &'k [u8],
    anchor: Anchor,
    ends: Ends,
    last: Option<AuditCheckpoint>,
    /// A line did not read: a crash may have torn it, and then a full one comes next.
    torn: bool,
}

impl<'k> Reading<'k> {
    fn new(key: &'k [u8]) -> Self {
        Self { key, anchor: Anchor::default(), ends: Ends::new(), last: None, torn: false }
    }

    fn line(&mut self, bytes: &[u8]) {
        let Ok(AnchorLine { full, checkpoint }) = serde_json::from_slice(bytes) else {
            self.torn = true;
            if bytes.ends_with(b"}\n") {
                self.says("a line of the anchor file does not read".to_owned());
            }
            return;
        };
        let follows = self.last.as_ref().is_some_and(|last| follows(last, &checkpoint));
        if !follows {
            self.close_run();
        }
        if !full && (!follows || self.torn) {
            self.says(format!("checkpoint {} follows none in the anchor file: lines are missing", checkpoint.number));
        }
        if self.last.as_ref().is_some_and(|last| last.number >= checkpoint.number) {
            self.says(format!("checkpoint {} stands behind a newer one in the anchor file", checkpoint.number));
        }
        if full {
            self.ends.clear();
        }
        for tip in &checkpoint.ends {
            self.ends.insert(tip.tenant, AuditHead { number: tip.number, hash: tip.hash.clone() });
        }
        self.torn = false;
        self.anchor.texts.insert(checkpoint.number, sha256_hex(checkpoint.text().as_bytes()));
        self.last = Some(checkpoint);
    }

    fn close_run(&mut self) {
        let Some(last) = self.last.take() else { return };
        if !is_signed(&last, self.key) {
            self.says(format!("checkpoint {} of the anchor file was not signed by this deployment", last.number));
        } else if last.root != root_of(&self.ends) {
            self.says(format!("checkpoint {} of the anchor file does not fit the ends that it names", last.number));
        } else {
            let says = format!("checkpoint {} of the anchor file", last.number);
            for (chain, head) in &self.ends {
                let Some(hash) = unhex(head.hash.as_bytes()) else { continue };
                let chain = self.anchor.expected.entry(*chain).or_default();
                chain.insert(head.number, (hash, says.clone()));
            }
        }
        self.last = Some(last);
    }

    fn end(mut self) -> Anchor {
        self.close_run();
        if self.last.is_none() {
            self.says("the anchor file has no checkpoint".to_owned());
        }
        self.anchor
    }

    fn says(&mut self, what: String) {
        let number = self.last.as_ref().map(|last| last.number);
        self.anchor.broken.push(Finding { number, what });
    }
}

impl Engine {
    /// What is to be added to an anchor file whose last line has this name.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where the file knows of checkpoints that this data does not have:
    /// one of the two is not what it was.
    pub async fn anchor_lines(&self, last: Option<(u64, String)>) -> Result<Vec<AnchorLine>> {
        let newest = newest_checkpoint(&self.0.store).await?;
        let Some((number, hash)) = last else { return self.full_line().await };
        let Some(newest) = newest.filter(|newest| newest.number >= number) else { return Err(older(number)) };
        let kept = self.0.store.admin().get::<AuditCheckpoint>(&number).await?;
        if kept.is_some_and(|kept| sha256_hex(kept.text().as_bytes()) != hash) {
            return Err(older(number));
        }
        if newest.number - number > CAUGHT_UP {
            return self.full_line().await;
        }
        let mut lines = Vec::new();
        for number in number + 1..=newest.number {
            let Some(found) = self.0.store.admin().get::<AuditCheckpoint>(&number).await? else {
                return self.full_line().await;
            };
            lines.push(AnchorLine { full: false, checkpoint: found.record });
        }
        match lines.first() {
            Some(first) if first.checkpoint.previous != hash => Err(older(number)),
            _ => Ok(lines),
        }
    }

    /// The newest checkpoint with the end of every chain.
    async fn full_line(&self) -> Result<Vec<AnchorLine>> {
        for _ in 0..AGAIN {
            let Some(newest) = newest_checkpoint(&self.0.store).await? else { return Ok(Vec::new()) };
            let mut ends = Ends::new();
            each::<AuditMark>(&self.0.store, |mark| ends.extend([(mark.tenant, mark.covered)])).await?;
            if root_of(&ends) == newest.root {
                let checkpoint = AuditCheckpoint { ends: tips_of(&ends), ..newest };
                return Ok(vec![AnchorLine { full: true, checkpoint }]);
            }
        }
        let message =
            "the ends of chains that are kept are not those of the newest checkpoint; see `gatehouse audit verify`";
        Err(Error::new(ErrorKind::Corrupt, message))
    }
}

/// Whether a checkpoint was signed by the holder of the key.
pub(super) fn is_signed(checkpoint: &AuditCheckpoint, key: &[u8]) -> bool {
    let signature = STANDARD.decode(&checkpoint.signature);
    let key = UnparsedPublicKey::new(&ED25519, key);
    signature.is_ok_and(|signature| key.verify(checkpoint.text().as_bytes(), &signature).is_ok())
}

fn older(number: u64) -> Error {
    Error::conflict(format!(
        "the anchor file ends with checkpoint {number}, which this data does not have: one of them is older, or of \
         another deployment; look into it with `gatehouse audit verify --anchor`, and then name another file"
    ))
}
