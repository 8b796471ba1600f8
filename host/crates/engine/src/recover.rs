//! After a crash: calls whose intent is durable and whose outcome is not.
//!
//! A write that was begun may have reached the provider, so it becomes unknown, and the ledger
//! finds out. It is never assumed to have failed.

use gatehouse_domain::Result;
use gatehouse_domain::capability::Effect;
use gatehouse_domain::execution::{Execution, Fault, Outcome};
use gatehouse_store::Page;
use gatehouse_store::records::Intent;

use crate::Engine;

/// Settles every call that the last run of the server left open.
pub(crate) async fn settle_interrupted(engine: &Engine) -> Result<()> {
    loop {
        let open = engine.0.store.admin().list::<Intent>(&Page::first(100)).await?;
        if open.items.is_empty() {
            return Ok(());
        }
        for intent in &open.items {
            settle(engine, intent).await?;
        }
        tracing::warn!(executions = open.items.len(), "settled calls that a restart had interrupted");
    }
}

async fn settle(engine: &Engine, intent: &Intent) -> Result<()> {
    let stored = engine.0.store.tenant(intent.tenant).get::<Execution>(&intent.execution).await?;
    let mut work = engine.own_work(Some(intent.tenant));
    work.admin().delete::<Intent>(&intent.execution)?;
    if let Some(stored) = stored.filter(|stored| stored.outcome == Outcome::Running) {
        let mut execution = stored.record.clone();
        if execution.deferred.is_some() && execution.effect == Effect::Read {
            // It only looked, and nobody waits for it: it is made again.
            execution.outcome = Outcome::Queued;
            work.tenant(intent.tenant).replace(&stored, &execution)?;
            return work.commit().await.map(|_| ());
        }
        execution.outcome = if execution.effect == Effect::Write { Outcome::Unknown } else { Outcome::Failed };
        execution.fault = Some(Fault::Host { message: "the server stopped while the call was running".to_owned() });
        execution.finished_at = Some(engine.now());
        engine.open_ledger(&mut execution)?;
        work.tenant(intent.tenant).replace(&stored, &execution)?;
        engine.enter_ledger(&mut work, &execution).await?;
        engine.close_deferred(&mut work, &execution)?;
    }
    work.commit().await.map(|_| ())
}
