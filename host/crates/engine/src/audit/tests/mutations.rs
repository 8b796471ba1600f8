//! Ten thousand changes to a chain of three thousand entries, each as one could make it who has the
//! disk, some as one could who has the root key as well: every one is found.

use std::sync::Arc;

use gatehouse_broker::AuditSeals;
use gatehouse_domain::audit::{AuditEntry, AuditHead};
use gatehouse_store::Raw;

use super::super::proof::{Expected, Link, Proof, Verified, examine};
use super::super::{Chain, end_of, hash_of, hex};
use super::support::{Dice, Place, tenant};

/// How many changes are made.
const MUTATIONS: usize = 10_000;
/// How many entries the chain has.
const ENTRIES: u64 = 3_000;
/// How many kinds of changes there are.
const KINDS: usize = 14;

/// A chain as it was written, and what is needed to change it.
struct Bench {
    chain: Chain,
    rows: Vec<Raw>,
    links: Vec<Arc<Link>>,
    head: AuditHead,
    /// Entries of another tenant.
    foreign: Vec<Raw>,
    seals: AuditSeals,
    /// What the anchor file names.
    anchored: Expected,
}

/// A chain that was changed.
struct Changed {
    links: Vec<Arc<Link>>,
    head: AuditHead,
    /// Whether only an anchor file can tell: the chain itself is one that this deployment could
    /// have written.
    consistent: bool,
    what: String,
}

impl Bench {
    async fn build() -> Self {
        let place = Place::begin();
        place.write(tenant(1), ENTRIES).await;
        place.write(tenant(2), 300).await;
        place.write(None, 20).await;
        place.engine.checkpoint_audit().await.unwrap();
        let (chain, anchor) = (tenant(1), place.anchor().await);
        let seals = place.engine.0.vault.audit_seals();
        let rows = place.rows(chain).await;
        let links = rows.iter().map(|raw| Arc::new(examine(chain, raw, &seals))).collect();
        let head = end_of(&place.engine.0.store, chain).await.unwrap();
        Self { chain, rows, links, head, foreign: place.rows(tenant(2)).await, seals, anchored: anchor.expects(chain) }
    }

    fn prove(&self, links: &[Arc<Link>], head: &AuditHead, expected: &Expected) -> Verified {
        let mut proof = Proof::new(self.chain, None, 0, expected.clone());
        links.iter().for_each(|link| proof.take(link));
        proof.ends_at(head.number, &head.hash)
    }

    fn look(&self, raw: &Raw) -> Arc<Link> {
        Arc::new(examine(self.chain, raw, &self.seals))
    }

    /// The entry at `from`, stored under the name of the one at `to`.
    fn moved(&self, from: &Raw, to: usize) -> Arc<Link> {
        self.look(&Raw { id: self.rows[to].id.clone(), ..from.clone() })
    }

    fn head_at(&self, last: usize) -> AuditHead {
        let entry: AuditEntry = serde_json::from_slice(&self.rows[last].bytes).unwrap();
        AuditHead { number: entry.statement.number, hash: entry.hash }
    }

    /// A part of the chain written anew by the holder of the root key, from an entry on that says
    /// something else: to the end of the chain, or some entries further.
    fn rewritten(&self, from: usize, links: &mut [Arc<Link>]) -> AuditHead {
        let mut head = self.head_at(from - 1);
        for (at, link) in links.iter_mut().enumerate().skip(from) {
            let mut entry: AuditEntry = serde_json::from_slice(&self.rows[at].bytes).unwrap();
            if at == from {
                entry.statement.target = "another thing".to_owned();
            }
            let hash = hash_of(&head.hash, &entry.statement).unwrap();
            entry.previous = head.hash;
            entry.seal = hex(&self.seals.seal(hash.as_bytes()));
            entry.hash = hash.clone();
            head = AuditHead { number: entry.statement.number, hash };
            *link = self.look(&Raw { bytes: serde_json::to_vec(&entry).unwrap(), ..self.rows[at].clone() });
        }
        head
    }

    /// One change of some kind.
    fn change(&self, kind: usize, dice: &mut Dice) -> Changed {
        match kind {
            0..=6 => self.change_entry(kind, dice),
            7..=11 => self.change_order(kind, dice),
            _ => self.change_consistently(kind, dice),
        }
    }

    /// Two different places.
    fn places(&self, dice: &mut Dice) -> (usize, usize, usize) {
        let last = self.rows.len() - 1;
        let (at, other) = (dice.roll(last + 1), dice.roll(last));
        (at, if other >= at { other + 1 } else { other }, last)
    }

    /// Another entry, or one that is not quite the same, in the place of one.
    fn change_entry(&self, kind: usize, dice: &mut Dice) -> Changed {
        let (mut links, (at, other, _)) = (self.links.clone(), self.places(dice));
        let what = match kind {
            0 | 1 => {
                let mut raw = self.rows[at].clone();
                let byte = dice.roll(raw.bytes.len());
                raw.bytes[byte] ^= u8::try_from(1 + dice.roll(255)).unwrap();
                links[at] = self.look(&raw);
                format!("flip byte {byte} of entry {at}")
            }
            2 => {
                let schema = u8::try_from(2 + dice.roll(254)).unwrap();
                let raw = Raw { schema: Some(schema).filter(|_| dice.roll(2) == 0), ..self.rows[at].clone() };
                links[at] = self.look(&raw);
                format!("change the form of entry {at} to {schema}")
            }
            3 => {
                links.remove(at);
                format!("drop {at}")
            }
            4 => {
                links[other] = self.moved(&self.rows[at], other);
                format!("put {at} in the place of {other} as well")
            }
            5 => {
                (links[at], links[other]) = (self.moved(&self.rows[other], at), self.moved(&self.rows[at], other));
                format!("swap {at} and {other}")
            }
            _ => {
                let from = dice.roll(self.foreign.len());
                // Half of them where they stand in their own chain.
                let at = if dice.roll(2) == 0 { from } else { at };
                links[at] = self.moved(&self.foreign[from], at);
                format!("put entry {from} of another tenant in the place of {at}")
            }
        };
        Changed { links, head: self.head.clone(), consistent: false, what }
    }

    /// Parts taken out, something added, another end.
    fn change_order(&self, kind: usize, dice: &mut Dice) -> Changed {
        let (mut links, mut head, (at, other, last)) = (self.links.clone(), self.head.clone(), self.places(dice));
        let what = match kind {
            7 => {
                links.truncate(at);
                format!("cut the end off behind {at}")
            }
            8 => {
                links.drain(..=at.min(last - 1));
                format!("cut the front off up to {at}")
            }
            9 => {
                head = match dice.roll(3) {
                    0 => AuditHead { number: head.number + 1 + at as u64, hash: head.hash },
                    1 => AuditHead { hash: self.head_at(other).hash.replace(&head.hash, "00"), ..head },
                    _ => self.head_at(at.min(last - 1)),
                };
                format!("say that the chain ends at {}", head.number)
            }
            10 => {
                links.push(self.look(&Raw { id: (head.number + 1).to_be_bytes().to_vec(), ..self.rows[at].clone() }));
                head = AuditHead { number: head.number + 1, ..self.head_at(at) };
                format!("add {at} at the end")
            }
            _ => {
                let run = 1 + dice.roll(20);
                let from = at.min(last - 1);
                links.drain(from..(from + run).min(last));
                format!("drop {run} from {from}")
            }
        };
        Changed { links, head, consistent: false, what }
    }

    /// What leaves a chain that this deployment could have written.
    fn change_consistently(&self, kind: usize, dice: &mut Dice) -> Changed {
        let (mut links, last) = (self.links.clone(), self.rows.len() - 1);
        let (head, what) = if kind == 12 {
            let kept = 1 + dice.roll(last);
            links.truncate(kept);
            (self.head_at(kept - 1), format!("go back to the copy with {kept} entries"))
        } else {
            let from = last - dice.roll(10);
            (self.rewritten(from, &mut links), format!("write the chain anew from {from}, sealed"))
        };
        Changed { links, head, consistent: true, what }
    }

    /// Makes some changes. Each is found, and where the chain itself can tell, without help.
    fn run(&self, seed: u64, some: usize) -> [usize; KINDS] {
        let (mut dice, mut made) = (Dice(seed), [0; KINDS]);
        for number in 0..some {
            let kind = number % KINDS;
            let changed = self.change(kind, &mut dice);
            let about = || format!("seed {seed}, change {number}: {}", changed.what);
            let alone = self.prove(&changed.links, &changed.head, &Expected::new());
            assert_eq!(alone.broken.is_empty(), changed.consistent, "{}: {:?}", about(), alone.broken);
            if changed.consistent {
                let anchored = self.prove(&changed.links, &changed.head, &self.anchored);
                assert!(!anchored.broken.is_empty(), "{}", about());
            }
            made[kind] += 1;
        }
        made
    }
}

#[tokio::test]
async fn every_change_to_a_chain_is_found() {
    let bench = Bench::build().await;
    assert_eq!((bench.rows.len() as u64, bench.anchored.len()), (ENTRIES, 1));
    let whole = bench.prove(&bench.links, &bench.head, &bench.anchored);
    assert_eq!((whole.broken, whole.entries, whole.head), (vec![], ENTRIES, bench.head.hash.clone()));
    let given = std::env::var("AUDIT_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| u64::from_le_bytes(crate::clock::random().unwrap()));
    println!("{MUTATIONS} changes from the seed {seed}; AUDIT_SEED={seed} makes the same ones");
    let bench = &bench;
    let made = std::thread::scope(|scope| {
        let halves = [seed, !seed].map(|seed| scope.spawn(move || bench.run(seed, MUTATIONS / 2)));
        halves.map(|half| half.join().unwrap())
    });
    let kinds: Vec<usize> = (0..KINDS).map(|kind| made[0][kind] + made[1][kind]).collect();
    assert!(kinds.iter().all(|made| *made >= 700) && kinds.iter().sum::<usize>() == MUTATIONS, "{kinds:?}");
}
