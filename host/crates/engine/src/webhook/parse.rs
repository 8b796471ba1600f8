//! From durable bytes to events: the gateway parses what the host has verified.
//!
//! The queue is in the store, so a delivery that was answered with 2xx is parsed even
//! when the server is killed in between. Events and the end of the delivery's turn in the
//! queue are one commit.

use std::time::Duration;

use futures_util::StreamExt;
use gatehouse_domain::Result;
use gatehouse_domain::event::{Event, Told};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::webhook::{Delivery, DeliveryState};
use gatehouse_runtime::{Answer, Target};
use gatehouse_store::records::{DeliveryBody, PendingDelivery};
use gatehouse_store::{Page, Stored};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch::Receiver;

use crate::Engine;
use crate::execute::Run;

/// How often the gateway is asked before a delivery is given up.
const ATTEMPTS: u32 = 8;
/// How many deliveries are parsed at the same time.
const AT_ONCE: usize = 8;
/// How long to wait for news before looking for deliveries whose pause is over.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// An event as the gateway writes it: `gatehouse:plugin/webhook.event`.
#[derive(Deserialize)]
struct Parsed {
    id: String,
    kind: String,
    provider_kind: String,
    occurred_at_ms: u64,
    subject: Option<String>,
    data: Value,
}

/// Parses deliveries until `stop` says so.
pub(crate) async fn parse_deliveries(engine: Engine, mut stop: Receiver<bool>) {
    let mut news = engine.0.store.admin().watch::<PendingDelivery>();
    loop {
        if let Err(error) = parse_due(&engine).await {
            tracing::error!(%error, "parsing webhook deliveries failed; it is tried again");
        }
        tokio::select! {
            () = news.changed() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn parse_due(engine: &Engine) -> Result<()> {
    let mut page = Page::first(100);
    loop {
        let pending = engine.0.store.admin().list::<PendingDelivery>(&page).await?;
        let now = engine.now();
        let due = pending.items.into_iter().filter(|pending| pending.not_before <= now);
        futures_util::stream::iter(due)
            .for_each_concurrent(AT_ONCE, |pending| async move {
                if let Err(error) = parse_one(engine, &pending).await {
                    tracing::error!(%error, delivery.id = %pending.delivery, "a webhook delivery could not be settled");
                }
            })
            .await;
        match pending.next {
            Some(next) => page.after = Some(next),
            None => return Ok(()),
        }
    }
}

async fn parse_one(engine: &Engine, pending: &PendingDelivery) -> Result<()> {
    let scope = engine.0.store.tenant(pending.tenant);
    let delivery = scope.get::<Delivery>(&pending.delivery).await?;
    let body = scope.get::<DeliveryBody>(&pending.delivery).await?;
    let (Some(delivery), Some(body)) = (delivery, body) else { return forget(engine, pending).await };
    let Some(integration) = scope.get::<Integration>(&delivery.integration).await? else {
        return forget(engine, pending).await;
    };
    match ask_gateway(engine, pending.tenant, &integration.record, &delivery, body.record.body).await {
        Ok(events) => keep_events(engine, pending, &integration.record, &delivery, events).await,
        Err(reason) => {
            let last = try_later(engine, pending, &delivery, reason).await?;
            engine.0.metrics.webhooks.not_parsed(&integration.provider, last);
            Ok(())
        }
    }
}

async fn ask_gateway(
    engine: &Engine,
    tenant: TenantId,
    integration: &Integration,
    delivery: &Delivery,
    body: Vec<u8>,
) -> Result<Vec<Parsed>, String> {
    let mut run = Run::prepare(engine, tenant, integration).await.map_err(|error| error.message)?;
    if let Err(error) = run.sign(engine, engine.longest()).await {
        // Most deliveries are parsed without asking the provider for anything.
        tracing::debug!(%error, "a delivery is parsed without a token");
    }
    let target = Target::ParseWebhook { trust: run.trust(), headers: run.without_signature(&delivery.headers), body };
    let report = run.look(engine, target).await.map_err(|error| error.message)?;
    match report.answer {
        Answer::Ok(events) => serde_json::from_value(events).map_err(|error| error.to_string()),
        Answer::Refused(error) => Err(error.message),
        Answer::Fault(fault) => Err(fault.describe()),
    }
}

async fn keep_events(
    engine: &Engine,
    pending: &PendingDelivery,
    integration: &Integration,
    delivery: &Stored<Delivery>,
    events: Vec<Parsed>,
) -> Result<()> {
    let mut work = engine.own_work(Some(pending.tenant));
    let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
    for parsed in events {
        work.tell(pending.tenant, &event(engine, integration, delivery, parsed)?)?;
    }
    let mut settled = delivery.record.clone();
    settled.state = DeliveryState::Parsed { events: count };
    settled.attempts += 1;
    work.tenant(pending.tenant).replace(delivery, &settled)?;
    work.admin().delete::<PendingDelivery>(&pending.delivery)?;
    work.commit().await?;
    let after = engine.now().duration_since(delivery.received_at).unsigned_abs();
    engine.0.metrics.webhooks.parsed(&integration.provider, after);
    Ok(())
}

fn event(engine: &Engine, integration: &Integration, delivery: &Delivery, parsed: Parsed) -> Result<Event> {
    Ok(Event {
        id: engine.new_id()?,
        kind: parsed.kind,
        integration: Some(integration.id),
        provider: Some(integration.provider.clone()),
        told: Some(Told { delivery: delivery.id, id: parsed.id, kind: parsed.provider_kind }),
        subject: parsed.subject,
        data: parsed.data,
        occurred_at: gatehouse_domain::time::from_millis(i64::try_from(parsed.occurred_at_ms).unwrap_or(i64::MAX)),
        received_at: delivery.received_at,
    })
}

/// Puts a delivery back, or gives it up; whether it was given up.
async fn try_later(
    engine: &Engine,
    pending: &PendingDelivery,
    delivery: &Stored<Delivery>,
    reason: String,
) -> Result<bool> {
    let attempts = pending.attempts + 1;
    tracing::warn!(delivery.id = %pending.delivery, attempts, reason, "the gateway could not parse a delivery");
    let mut change = engine.0.store.change();
    let mut next = delivery.record.clone();
    next.attempts = attempts;
    let last = attempts >= ATTEMPTS;
    if last {
        next.state = DeliveryState::Failed { reason };
        change.admin().delete::<PendingDelivery>(&pending.delivery)?;
    } else {
        let not_before = later(engine.now(), attempts);
        change.admin().put(&PendingDelivery { not_before, attempts, ..pending.clone() })?;
    }
    change.tenant(pending.tenant).replace(delivery, &next)?;
    change.commit().await?;
    Ok(last)
}

/// The integration was deleted in the meantime: nobody is left to hear of it.
async fn forget(engine: &Engine, pending: &PendingDelivery) -> Result<()> {
    let mut change = engine.0.store.change();
    change.admin().delete::<PendingDelivery>(&pending.delivery)?;
    change.commit().await.map(|_| ())
}

fn later(now: Timestamp, attempts: u32) -> Timestamp {
    let pause = SignedDuration::from_secs(5 << attempts.min(10));
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}
