//! What is checked of one chain. Each entry is examined by itself, from its stored bytes, by
//! whatever thread is free; then its place in the chain is, one after the other.

use std::collections::BTreeMap;

use gatehouse_broker::AuditSeals;
use gatehouse_domain::audit::{Actor, AuditEntry, AuditFloor, GENESIS, Statement};
use gatehouse_domain::id::TenantId;
use gatehouse_store::{Raw, Record};
use schemars::JsonSchema;
use serde::Serialize;

use super::merkle::{Hash, join};
use super::{Chain, hex, unhex};

/// How many findings are told of one chain.
const TOLD: usize = 20;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// The number of the entry, or of the checkpoint, where it shows; absent for a whole.
    pub number: Option<u64>,
    /// What it is.
    pub what: String,
}

/// What the proof of one chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Verified {
    /// Whose chain it is; absent for the operators' own.
    pub tenant: Option<TenantId>,
    /// How many entries were looked at.
    pub entries: u64,
    /// The number of the last entry that went with its retention; 0 where none did.
    pub pruned: u64,
    /// The number of the newest entry that a checkpoint covers; 0 where none does. Entries behind
    /// it could be cut off without leaving a trace.
    pub covered: u64,
    /// The hash of the newest: what to keep elsewhere, to see later that nothing was cut off.
    pub head: String,
    /// What is wrong, the first of it; the chain is whole where this is empty.
    pub broken: Vec<Finding>,
}

/// What an entry has to be, because a checkpoint says so: its hash, and what says it.
pub(super) type Expected = BTreeMap<u64, (Hash, String)>;

/// One entry, examined by itself.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// The number under which it is stored.
    number: Option<u64>,
    /// The hash that it names as the one before it; none where it does not read.
    previous: Option<Hash>,
    hash: Hash,
    wrong: Vec<&'static str>,
}

/// Examines a stored entry: that it is, byte for byte, what this deployment sealed for this place.
///
/// The statement is hashed as it is stored and not as it was read, so that no byte can be altered
/// which reading would pass over.
pub(super) fn examine(chain: Chain, raw: &Raw, seals: &AuditSeals) -> Link {
    let number = raw.id.as_slice().try_into().ok().map(u64::from_be_bytes);
    let read = Parts::of(raw).and_then(|parts| Some((serde_json::from_slice::<Statement>(&parts.json).ok()?, parts)));
    let Some((statement, parts)) = read else {
        return Link { number, previous: None, hash: [0; 32], wrong: vec!["does not read as an entry"] };
    };
    let mut wrong = Vec::new();
    if Some(statement.number) != number {
        wrong.push("stands in the place of another");
    }
    if !belongs(chain, &statement) {
        wrong.push("belongs to another chain");
    }
    if join(0, &[parts.previous, &parts.json]) != parts.hash {
        wrong.push("was altered");
    }
    if !seals.holds(parts.hash_text, &parts.seal) {
        wrong.push("was not sealed by this deployment");
    }
    Link { number, previous: unhex(parts.previous), hash: parts.hash, wrong }
}

/// A stored entry in its parts. The three hashes at its end have a fixed length.
struct Parts<'r> {
    /// The statement's own JSON.
    json: Vec<u8>,
    previous: &'r [u8],
    hash_text: &'r [u8],
    hash: Hash,
    seal: Hash,
}

impl<'r> Parts<'r> {
    fn of(raw: &'r Raw) -> Option<Self> {
        const HEX: usize = 64;
        if raw.schema != Some(AuditEntry::SCHEMA) {
            return None;
        }
        let mut rest = raw.bytes.strip_suffix(b"\"}")?;
        let mut take = |name: &[u8]| {
            let (before, text) = rest.split_at_checked(rest.len().checked_sub(HEX)?)?;
            rest = before.strip_suffix(name)?;
            Some(text)
        };
        let seal = take(b"\",\"seal\":\"")?;
        let hash_text = take(b"\",\"hash\":\"")?;
        let previous = take(b",\"previous\":\"")?;
        unhex(previous)?;
        let json = [rest, b"}"].concat();
        Some(Self { json, previous, hash_text, hash: unhex(hash_text)?, seal: unhex(seal)? })
    }
}

/// Whether an entry may stand in a chain: in a tenant's stand those about it, in the operators'
/// own what operators did and what was done to the deployment.
fn belongs(chain: Chain, statement: &Statement) -> bool {
    match chain {
        Some(_) => statement.tenant == chain,
        None => statement.tenant.is_none() || matches!(statement.actor, Actor::Operator { .. }),
    }
}

/// How far the proof of a chain has come.
pub(super) struct Proof {
    found: Verified,
    floor: u64,
    number: u64,
    /// The hash of the last entry; none behind one that does not read.
    head: Option<Hash>,
    expected: Expected,
}

impl Proof {
    /// One that begins where the chain does. `floor` was checked before.
    pub(super) fn new(tenant: Chain, floor: Option<&AuditFloor>, covered: u64, expected: Expected) -> Self {
        let pruned = floor.map_or(0, |floor| floor.number);
        let head = floor.map_or(GENESIS, |floor| &floor.hash).to_owned();
        let hash = unhex(head.as_bytes());
        let found = Verified { tenant, entries: 0, pruned, covered, head, broken: Vec::new() };
        let mut proof = Self { found, floor: pruned, number: pruned, head: hash, expected };
        if pruned > 0 {
            proof.compare(pruned, hash.unwrap_or_default());
        }
        proof
    }

    /// The next entry, in the order of the numbers under which they are stored.
    pub(super) fn take(&mut self, link: &Link) {
        self.found.entries += 1;
        let Some(number) = link.number else {
            return self.says(None, "an entry is stored under a name that is no number".to_owned());
        };
        if number <= self.floor {
            let floor = self.floor;
            return self.says(Some(number), format!("stands before the place where the chain begins, behind {floor}"));
        }
        if number - 1 != self.number {
            let last = self.number;
            self.says(Some(number), format!("follows entry {last}: entries are missing"));
        } else if link.previous.is_some() && self.head.is_some() && link.previous != self.head {
            self.says(Some(number), "does not follow from the one before".to_owned());
        }
        for wrong in &link.wrong {
            self.says(Some(number), (*wrong).to_owned());
        }
        self.compare(number, link.hash);
        self.number = number;
        self.head = link.previous.map(|_| link.hash);
    }

    /// The number of the last entry that was taken.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Whether nothing is wrong so far.
    pub(super) fn holds(&self) -> bool {
        self.found.broken.is_empty()
    }

    /// The hash of the last entry that was taken.
    pub(super) fn head(&self) -> String {
        hex(&self.head.unwrap_or_default())
    }

    /// Ends where the chain should.
    pub(super) fn ends_at(mut self, number: u64, hash: &str) -> Verified {
        let here = self.number;
        self.found.head = self.head();
        if here != number || self.found.head != hash {
            let what =
                format!("the chain ends at entry {here} and should end at entry {number}: it was cut or altered");
            self.says(Some(here), what);
        }
        let beyond = here.max(self.floor);
        let missed: Vec<(u64, String)> =
            self.expected.range(beyond + 1..).map(|(number, (_, says))| (*number, says.clone())).collect();
        for (number, says) in missed {
            self.says(Some(number), format!("is named by {says} and is not there: the end of the chain was cut off"));
        }
        self.found
    }

    pub(super) fn says(&mut self, number: Option<u64>, what: String) {
        if self.found.broken.len() < TOLD {
            self.found.broken.push(Finding { number, what });
        }
    }

    fn compare(&mut self, number: u64, hash: Hash) {
        let Some((_, says)) = self.expected.get(&number).filter(|(expected, _)| *expected != hash) else { return };
        let what = format!("is not the one that {says} names: the chain was written anew");
        self.says(Some(number), what);
    }
}
