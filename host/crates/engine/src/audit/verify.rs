//! Proving a chain: every entry follows from the one before, none is missing, and the end is
//! where the store says it is.

use gatehouse_domain::Result;
use gatehouse_domain::audit::AuditEntry;
use gatehouse_domain::id::TenantId;
use gatehouse_store::Page;
use gatehouse_store::records::ChainEnd;
use schemars::JsonSchema;
use serde::Serialize;

use super::hash_of;
use crate::Engine;

/// What the proof of one chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Verified {
    /// Whose chain it is; absent for the operators' own.
    pub tenant: Option<TenantId>,
    /// How many entries were looked at.
    pub entries: u64,
    /// The hash of the newest: what to keep elsewhere, to see later that nothing was cut off.
    pub head: String,
    /// What is wrong, with the entry's number; the chain is whole where this is empty.
    pub broken: Vec<String>,
}

/// How many findings are told of one chain.
const TOLD: usize = 20;

impl Engine {
    /// Goes through a chain from its first entry that is kept to its end.
    ///
    /// # Errors
    /// Whatever the store says; what is wrong with the chain is in the answer.
    pub async fn verify_audit(&self, chain: Option<TenantId>) -> Result<Verified> {
        let end = match chain {
            Some(tenant) => self.0.store.tenant(tenant).get::<ChainEnd>(&()).await?,
            None => self.0.store.admin().get::<ChainEnd>(&()).await?,
        };
        let end = end.map(|end| end.record.head).unwrap_or_default();
        let mut proof = Proof::of(self, chain);
        let mut page = Page::first(1_000);
        loop {
            let found = match chain {
                Some(tenant) => self.0.store.tenant(tenant).list::<AuditEntry>(&page).await?,
                None => self.0.store.admin().list::<AuditEntry>(&page).await?,
            };
            for entry in &found.items {
                proof.take(entry)?;
            }
            match found.next {
                Some(next) => page.after = Some(next),
                None => return Ok(proof.ends_at(end.number, &end.hash)),
            }
        }
    }
}

/// How far the proof has come.
struct Proof<'e> {
    engine: &'e Engine,
    found: Verified,
    number: u64,
}

impl<'e> Proof<'e> {
    fn of(engine: &'e Engine, tenant: Option<TenantId>) -> Self {
        let found =
            Verified { tenant, entries: 0, head: gatehouse_domain::audit::GENESIS.to_owned(), broken: Vec::new() };
        Self { engine, found, number: 0 }
    }

    fn take(&mut self, entry: &AuditEntry) -> Result<()> {
        let number = entry.statement.number;
        // Older entries may have been pruned by their retention: the chain begins where it begins.
        let first = self.found.entries == 0;
        if !first && number != self.number + 1 {
            self.says(format!("entry {number} follows entry {}: entries are missing", self.number));
        }
        if (!first || number == 1) && entry.previous != self.found.head {
            self.says(format!("entry {number} does not follow from the one before"));
        }
        if hash_of(&entry.previous, &entry.statement)? != entry.hash {
            self.says(format!("entry {number} was altered"));
        }
        let seal = unhex(&entry.seal);
        if !self.engine.0.vault.audit_seal_holds(entry.hash.as_bytes(), &seal) {
            self.says(format!("entry {number} was not sealed by this deployment"));
        }
        self.found.entries += 1;
        self.found.head.clone_from(&entry.hash);
        self.number = number;
        Ok(())
    }

    fn ends_at(mut self, number: u64, hash: &str) -> Verified {
        if self.number != number || self.found.head != hash {
            let here = self.number;
            self.says(format!(
                "the chain ends at entry {here} and should end at entry {number}: its end was cut off or altered"
            ));
        }
        self.found
    }

    fn says(&mut self, what: String) {
        if self.found.broken.len() < TOLD {
            self.found.broken.push(what);
        }
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).filter_map(|d| u8::try_from(d).ok()).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}
