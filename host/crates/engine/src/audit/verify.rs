//! Proving the audit trail: every chain from where it begins to where it ends, and what the
//! checkpoints say of them. It only reads, so it can be asked of data that no server serves.

use std::collections::{BTreeSet, VecDeque};

use gatehouse_broker::{AuditSeals, Vault};
use gatehouse_domain::audit::{AuditCheckpoint, AuditEntry, AuditFloor, GENESIS};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::{Error, Result};
use gatehouse_store::page::{Cursor, MAX_LIMIT};
use gatehouse_store::record::GlobalRecord;
use gatehouse_store::records::{AuditMark, ChainName};
use gatehouse_store::{Page, Paged, Raw, Store};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::task::JoinHandle;

use super::anchor::Anchor;
use super::checkpoint::{Ends, root_of};
use super::merkle::Hash;
use super::proof::{Expected, Finding, Link, Proof, Verified, examine};
use super::{Chain, end_of, unhex};
use crate::execute::sha256_hex;
use crate::{Caller, Engine};

/// How often a proof begins again that a server's own work came between.
const AGAIN: usize = 5;

/// What the proof of the checkpoints found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckpointsVerified {
    /// The number of the oldest that is kept; absent where there is none.
    pub oldest: Option<u64>,
    /// The number of the newest; absent where there is none.
    pub newest: Option<u64>,
    /// The newest in the anchor file, where one was given.
    pub anchored: Option<u64>,
    /// What is wrong.
    pub broken: Vec<Finding>,
}

/// What the proof of the whole trail found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Report {
    /// Whether nothing is wrong.
    pub whole: bool,
    /// The chains that were looked at.
    pub chains: Vec<Verified>,
    /// The checkpoints.
    pub checkpoints: CheckpointsVerified,
}

/// What proves the trail of one deployment.
pub struct Auditor {
    store: Store,
    seals: AuditSeals,
    key: Vec<u8>,
}

impl Engine {
    /// Goes through a chain from its first entry that is kept to its end.
    ///
    /// # Errors
    /// Whatever the store says; what is wrong with the chain is in the answer.
    pub async fn verify_audit(&self, chain: Chain) -> Result<Verified> {
        self.auditor()?.chain(chain, None).await
    }

    /// As [`Engine::verify_audit`] of the caller's chain; what is wrong with the checkpoints that
    /// cover it is found as well.
    ///
    /// # Errors
    /// As [`Engine::verify_audit`].
    pub async fn verify_own_audit(&self, by: &Caller, named: Option<(u64, String)>) -> Result<Verified> {
        let auditor = self.auditor()?;
        let chain = by.tenant_if_any();
        let mut found = auditor.named(chain, named).await?;
        found.broken.extend(auditor.checkpoints(None).await?.broken);
        Ok(found)
    }

    fn auditor(&self) -> Result<Auditor> {
        Auditor::new(&self.0.store, &self.0.vault)
    }
}

impl Auditor {
    /// One for what is in a store, sealed and signed by a vault.
    ///
    /// # Errors
    /// As [`Vault::checkpoint_key`].
    pub fn new(store: &Store, vault: &Vault) -> Result<Self> {
        Ok(Self { store: store.clone(), seals: vault.audit_seals(), key: vault.checkpoint_key()? })
    }

    /// Proves the chain of one tenant, or all there are, and the checkpoints.
    ///
    /// # Errors
    /// Whatever the store says; what is wrong with the trail is in the answer.
    pub async fn all(&self, only: Option<TenantId>, anchor: Option<&Anchor>) -> Result<Report> {
        let chains = match only {
            Some(tenant) => BTreeSet::from([Some(tenant)]),
            None => self.names(anchor).await?,
        };
        let mut proved = Vec::with_capacity(chains.len());
        for chain in chains {
            proved.push(self.chain(chain, anchor).await?);
        }
        let checkpoints = self.checkpoints(anchor).await?;
        let whole = checkpoints.broken.is_empty() && proved.iter().all(|chain| chain.broken.is_empty());
        Ok(Report { whole, chains: proved, checkpoints })
    }

    /// Proves one chain, also against what an anchor file names.
    ///
    /// # Errors
    /// As [`Auditor::all`].
    pub async fn chain(&self, chain: Chain, anchor: Option<&Anchor>) -> Result<Verified> {
        self.against(chain, &anchor.map(|anchor| anchor.expects(chain)).unwrap_or_default()).await
    }

    /// Proves one chain, and that it has an entry of this number and hash.
    async fn named(&self, chain: Chain, named: Option<(u64, String)>) -> Result<Verified> {
        let mut expected = Expected::new();
        if let Some((number, hash)) = named {
            let wrong = || Error::invalid(format!("`{hash}` is not a hash; it has 64 digits and small letters a to f"));
            expected.insert(number, (unhex(hash.as_bytes()).ok_or_else(wrong)?, "the request".to_owned()));
        }
        self.against(chain, &expected).await
    }

    /// A server goes on while its chain is proved. Where the chain lost its beginning meanwhile,
    /// the proof begins again.
    async fn against(&self, chain: Chain, expected: &Expected) -> Result<Verified> {
        for _ in 0..AGAIN {
            let mark = self.store.admin().get::<AuditMark>(&ChainName(chain)).await?.map(|mark| mark.record);
            let found = self.once(chain, mark.as_ref(), expected.clone()).await?;
            let now = self.store.admin().get::<AuditMark>(&ChainName(chain)).await?.map(|mark| mark.record);
            let floor = |mark: Option<AuditMark>| mark.and_then(|mark| mark.floor);
            if found.broken.is_empty() || floor(mark) == floor(now) {
                return Ok(found);
            }
        }
        Err(Error::unavailable("the audit trail is being pruned; ask again"))
    }

    async fn once(&self, chain: Chain, mark: Option<&AuditMark>, mut expected: Expected) -> Result<Verified> {
        if let Some(mark) = mark
            && let Some(hash) = unhex(mark.covered.hash.as_bytes())
        {
            expected.entry(mark.covered.number).or_insert((hash, "the newest checkpoint".to_owned()));
        }
        let covered = mark.map_or(0, |mark| mark.covered.number);
        let floor = mark.and_then(|mark| mark.floor.as_ref());
        let good = floor.filter(|floor| self.is_sealed(chain, floor));
        let mut proof = Proof::new(chain, good, covered, expected);
        if let Some(floor) = floor.filter(|_| good.is_none()) {
            let what = "is said to be the last that was pruned, and this deployment did not seal that";
            proof.says(Some(floor.number), what.to_owned());
        }
        let mut place = None;
        loop {
            let before = proof.number();
            self.go_through(chain, &mut proof, &mut place).await;
            // Read behind the entries: whatever it counts can be read.
            let end = end_of(&self.store, chain).await?;
            if end.number <= proof.number() || proof.number() == before {
                return Ok(proof.ends_at(end.number, &end.hash));
            }
        }
    }

    /// Takes the entries behind `place`, to the last there is. While one part is read others are
    /// examined, on as many threads as there are processors.
    async fn go_through(&self, chain: Chain, proof: &mut Proof, place: &mut Option<Cursor>) {
        let width = std::thread::available_parallelism().map_or(1, usize::from) + 1;
        let mut parts: VecDeque<JoinHandle<Vec<Link>>> = VecDeque::with_capacity(width);
        let mut more = true;
        while more || !parts.is_empty() {
            if more {
                match self.part(chain, place.clone()).await {
                    Ok(part) => {
                        if let Some(last) = part.items.last() {
                            *place = Some(Cursor::of(last));
                        }
                        more = part.next.is_some();
                        let seals = self.seals.clone();
                        let work = move || part.items.iter().map(|raw| examine(chain, raw, &seals)).collect();
                        parts.push_back(tokio::task::spawn_blocking(work));
                    }
                    Err(error) => {
                        more = false;
                        let what = format!("the store can not be read behind this entry: {}", error.message);
                        proof.says(Some(proof.number()), what);
                    }
                }
            }
            if parts.len() >= width || !more {
                let Some(part) = parts.pop_front() else { continue };
                match part.await {
                    Ok(links) => links.iter().for_each(|link| proof.take(link)),
                    Err(_) => proof.says(None, "an entry could not be examined".to_owned()),
                }
            }
        }
    }

    async fn part(&self, chain: Chain, after: Option<Cursor>) -> Result<Paged<Raw>> {
        let page = Page { after, ..Page::first(MAX_LIMIT) };
        match chain {
            Some(tenant) => self.store.tenant(tenant).list_raw::<AuditEntry>(&page).await,
            None => self.store.admin().list_raw::<AuditEntry>(&page).await,
        }
    }

    /// Proves the checkpoints that are kept: each follows from the one before, the newest is
    /// signed, and what is kept of the chains is what it names.
    ///
    /// # Errors
    /// As [`Auditor::all`].
    pub async fn checkpoints(&self, anchor: Option<&Anchor>) -> Result<CheckpointsVerified> {
        for _ in 0..AGAIN {
            let newest = self.newest().await?;
            let found = self.checkpoints_once(newest.as_ref(), anchor).await?;
            if found.broken.is_empty() || newest == self.newest().await? {
                return Ok(found);
            }
        }
        Err(Error::unavailable("checkpoints are made too fast to be proved; ask again"))
    }

    async fn checkpoints_once(
        &self,
        newest: Option<&AuditCheckpoint>,
        anchor: Option<&Anchor>,
    ) -> Result<CheckpointsVerified> {
        let mut found = CheckpointsVerified {
            oldest: None,
            newest: newest.map(|newest| newest.number),
            anchored: anchor.and_then(Anchor::newest),
            broken: anchor.map(|anchor| anchor.broken.clone()).unwrap_or_default(),
        };
        let mut says = |number: Option<u64>, what: &str| found.broken.push(Finding { number, what: what.to_owned() });
        let mut last: Option<AuditCheckpoint> = None;
        let mut kept = Vec::new();
        each::<AuditCheckpoint>(&self.store, |one| {
            let follows = last.as_ref().is_none_or(|last| follows(last, &one));
            if !follows || (one.number == 1 && one.previous != GENESIS) {
                says(Some(one.number), "the checkpoint does not follow from the one before");
            }
            if anchor.is_some_and(|anchor| anchor.contradicts(&one)) {
                says(Some(one.number), "the checkpoint is not the one in the anchor file");
            }
            kept.push(one.number);
            last = Some(one);
        })
        .await?;
        let mut ends = Ends::new();
        each::<AuditMark>(&self.store, |mark| ends.extend([(mark.tenant, mark.covered)])).await?;
        match newest {
            Some(newest) => {
                if !self.is_signed(newest) {
                    says(Some(newest.number), "the checkpoint was not signed by this deployment");
                }
                if newest.root != root_of(&ends) || newest.chains != ends.len() as u64 {
                    says(
                        Some(newest.number),
                        "the ends of chains that are kept are not those that the checkpoint names",
                    );
                }
            }
            None if !ends.is_empty() => says(None, "the checkpoints are gone"),
            None => {}
        }
        if let Some(anchored) = anchor.and_then(Anchor::newest)
            && newest.is_none_or(|newest| newest.number < anchored)
        {
            says(
                Some(anchored),
                "the checkpoint is in the anchor file and not here: this is an older copy of the data",
            );
        }
        found.oldest = kept.first().copied();
        Ok(found)
    }

    /// Every chain that there is, or that is said to be.
    async fn names(&self, anchor: Option<&Anchor>) -> Result<BTreeSet<Chain>> {
        let mut names = chains_of(&self.store).await?;
        each::<AuditMark>(&self.store, |mark| names.extend([mark.tenant])).await?;
        names.extend(anchor.into_iter().flat_map(Anchor::chains));
        Ok(names)
    }

    async fn newest(&self) -> Result<Option<AuditCheckpoint>> {
        newest_checkpoint(&self.store).await
    }

    fn is_signed(&self, checkpoint: &AuditCheckpoint) -> bool {
        super::anchor::is_signed(checkpoint, &self.key)
    }

    fn is_sealed(&self, chain: Chain, floor: &AuditFloor) -> bool {
        let seal: Option<Hash> = unhex(floor.seal.as_bytes());
        seal.is_some_and(|seal| self.seals.holds(floor.text(chain).as_bytes(), &seal))
    }
}

/// Whether one checkpoint follows from another.
pub(super) fn follows(last: &AuditCheckpoint, one: &AuditCheckpoint) -> bool {
    one.number.checked_sub(1) == Some(last.number) && one.previous == sha256_hex(last.text().as_bytes())
}

pub(super) async fn newest_checkpoint(store: &Store) -> Result<Option<AuditCheckpoint>> {
    Ok(store.admin().list::<AuditCheckpoint>(&Page::last(1)).await?.items.pop())
}

/// The operators' chain, and that of every tenant there ever was.
pub(super) async fn chains_of(store: &Store) -> Result<BTreeSet<Chain>> {
    let mut chains = BTreeSet::from([None]);
    each::<Tenant>(store, |tenant| chains.extend([Some(tenant.id)])).await?;
    Ok(chains)
}

/// Goes through the deployment's records of a kind.
pub(super) async fn each<R: GlobalRecord>(store: &Store, mut take: impl FnMut(R)) -> Result<()> {
    let mut page = Page::first(MAX_LIMIT);
    loop {
        let found = store.admin().list::<R>(&page).await?;
        found.items.into_iter().for_each(&mut take);
        let Some(next) = found.next else { return Ok(()) };
        page.after = Some(next);
    }
}
