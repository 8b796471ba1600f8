//! One delivery's turn: the gateway is asked, and what it says becomes events, once.

use gatehouse_domain::cassette::Called;
use gatehouse_domain::event::{Event, Told};
use gatehouse_domain::execution::ProviderCall;
use gatehouse_domain::id::CassetteId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::webhook::{Delivery, DeliveryState, Source, Trust};
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_runtime::tape::convert;
use gatehouse_runtime::{Answer, Target};
use gatehouse_store::Stored;
use gatehouse_store::records::{DeliveryBody, PendingDelivery};
use serde::Deserialize;
use serde_json::{Value, json};

use super::dedupe;
use crate::Engine;
use crate::execute::Run;

/// How often the gateway is asked before a delivery is given up.
const ATTEMPTS: u32 = 8;
/// How often it may trap over a delivery: that is no passing trouble of the provider's.
const FAULTS: u32 = 3;

/// What came of a delivery's turn.
pub(super) enum Parsed {
    /// It is done, or given up, or gone.
    Settled,
    /// It is tried again at that time.
    Later(Timestamp),
    /// The gateway trapped or did not end; tried again at that time, or given up.
    Fault(Option<Timestamp>),
}

/// An event as the gateway writes it: `gatehouse:plugin/webhook.event`.
#[derive(Deserialize)]
struct Said {
    id: String,
    kind: String,
    provider_kind: String,
    occurred_at_ms: u64,
    subject: Option<String>,
    data: Value,
}

/// Why there are no events.
struct Failed {
    reason: String,
    fault: bool,
}

/// Gives a delivery its turn.
pub(super) async fn parse_one(engine: &Engine, pending: &PendingDelivery) -> Result<Parsed> {
    let scope = engine.0.store.tenant(pending.tenant);
    let delivery = scope.get::<Delivery>(&pending.delivery).await?;
    let body = scope.get::<DeliveryBody>(&pending.delivery).await?;
    let integration = scope.get::<Integration>(&pending.integration).await?;
    let (Some(delivery), Some(body), Some(integration)) = (delivery, body, integration) else {
        return forget(engine, pending).await;
    };
    match ask_gateway(engine, pending, &integration.record, &delivery, body.record.body).await {
        Ok(said) => match keep_events(engine, pending, &integration.record, &delivery, said).await {
            Ok(()) => Ok(Parsed::Settled),
            // A release or a replay was quicker, or another delivery had the same event.
            Err(error) if error.kind == ErrorKind::Conflict => Ok(Parsed::Later(engine.now())),
            // What it said can not be stored, however often it is asked.
            Err(error) if matches!(error.kind, ErrorKind::TooLarge | ErrorKind::Invalid) => {
                put_off(engine, pending, &integration, &delivery, Failed { reason: error.message, fault: false }).await
            }
            Err(error) => Err(error),
        },
        Err(failed) => put_off(engine, pending, &integration, &delivery, failed).await,
    }
}

async fn ask_gateway(
    engine: &Engine,
    pending: &PendingDelivery,
    integration: &Integration,
    delivery: &Delivery,
    body: Vec<u8>,
) -> Result<Vec<Said>, Failed> {
    let failed = |reason: String| Failed { reason, fault: false };
    let mut run = Run::prepare(engine, pending.tenant, integration).await.map_err(|error| failed(error.message))?;
    if let Err(error) = run.sign(engine, engine.longest()).await {
        // Most deliveries are parsed without asking the provider for anything.
        tracing::debug!(%error, "a delivery is parsed without a token");
    }
    let headers = run.without_signature(&delivery.headers);
    run.taping = engine.taping(integration, CassetteId::from_bytes(delivery.id.to_bytes()), "webhook.parse", || {
        Called::ParseWebhook { trust: delivery.trust, headers: headers.clone(), body: convert::content(&body) }
    });
    let target = Target::ParseWebhook { trust: delivery.trust, headers, body };
    let report = run.look(engine, target).await.map_err(|error| failed(error.message))?;
    let mut said: Vec<Said> = match report.answer {
        Answer::Ok(events) => serde_json::from_value(events).map_err(|error| failed(error.to_string()))?,
        Answer::Refused(error) => return Err(failed(error.message)),
        Answer::Fault(fault) => return Err(Failed { reason: fault.describe(), fault: true }),
    };
    if delivery.trust == Trust::Untrusted && !report.calls.iter().any(answered) {
        said.iter_mut().for_each(|event| event.data = json!({}));
    }
    Ok(said)
}

/// Whether the provider itself said something, which is to be believed where the delivery is not.
fn answered(call: &ProviderCall) -> bool {
    call.status.is_some_and(|status| (200..300).contains(&status))
}

async fn keep_events(
    engine: &Engine,
    pending: &PendingDelivery,
    integration: &Integration,
    delivery: &Stored<Delivery>,
    said: Vec<Said>,
) -> Result<()> {
    let mut work = engine.own_work(Some(pending.tenant));
    let mut count = 0;
    let mut known = std::collections::HashSet::new();
    let plugin = engine.plugin(&integration.plugin).await?;
    let remembered = plugin.manifest().webhook.as_ref().map(|rules| dedupe::until(rules, engine.now()));
    for said in said {
        let event_key = (said.provider_kind.as_str(), said.id.as_str());
        let seen = dedupe::event(integration.id, event_key, delivery.id, remembered.unwrap_or_default());
        if !said.id.is_empty() {
            let repeated = !known.insert(seen.key);
            if repeated || engine.note_seen(work.change(), pending.tenant, &seen).await?.is_some() {
                continue;
            }
        }
        count += 1;
        work.tell(pending.tenant, &event(engine, integration, delivery, said)?)?;
    }
    let mut settled = delivery.record.clone();
    settled.state = DeliveryState::Parsed { events: count };
    settled.attempts += 1;
    work.tenant(pending.tenant).replace(delivery, &settled)?;
    work.admin().delete::<PendingDelivery>(&(pending.integration, pending.delivery))?;
    work.commit().await?;
    // How long one was held until its reading ended says nothing of how fast they are parsed.
    let sent = delivery.source == Source::Sent;
    let after = sent.then(|| engine.now().duration_since(delivery.received_at).unsigned_abs());
    engine.0.metrics.webhooks.parsed(&integration.provider, after);
    Ok(())
}

fn event(engine: &Engine, integration: &Integration, delivery: &Delivery, said: Said) -> Result<Event> {
    Ok(Event {
        id: engine.new_id()?,
        kind: said.kind,
        integration: Some(integration.id),
        provider: Some(integration.provider.clone()),
        told: Some(Told {
            delivery: delivery.id,
            id: said.id,
            kind: said.provider_kind,
            trust: delivery.trust,
            source: delivery.source,
        }),
        subject: said.subject,
        data: said.data,
        occurred_at: gatehouse_domain::time::from_millis(i64::try_from(said.occurred_at_ms).unwrap_or(i64::MAX)),
        received_at: delivery.received_at,
    })
}

/// Puts a delivery back, or gives it up.
async fn put_off(
    engine: &Engine,
    pending: &PendingDelivery,
    integration: &Integration,
    delivery: &Stored<Delivery>,
    failed: Failed,
) -> Result<Parsed> {
    let Failed { reason, fault } = failed;
    let attempts = pending.attempts + 1;
    tracing::warn!(delivery.id = %pending.delivery, attempts, reason, "the gateway could not parse a delivery");
    let mut change = engine.0.store.change();
    let mut next = delivery.record.clone();
    next.attempts = attempts;
    let last = attempts >= if fault { FAULTS } else { ATTEMPTS };
    let at = later(engine.now(), attempts);
    if last {
        next.state = DeliveryState::Failed { reason };
        change.admin().delete::<PendingDelivery>(&(pending.integration, pending.delivery))?;
    } else {
        change.admin().put(&PendingDelivery { not_before: at, attempts, ..pending.clone() })?;
    }
    change.tenant(pending.tenant).replace(delivery, &next)?;
    change.commit().await?;
    engine.0.metrics.webhooks.not_parsed(&integration.provider, last);
    Ok(match (fault, last) {
        (true, _) => Parsed::Fault((!last).then_some(at)),
        (false, true) => Parsed::Settled,
        (false, false) => Parsed::Later(at),
    })
}

/// The integration was deleted in the meantime: nobody is left to hear of it.
async fn forget(engine: &Engine, pending: &PendingDelivery) -> Result<Parsed> {
    let mut change = engine.0.store.change();
    change.admin().delete::<PendingDelivery>(&(pending.integration, pending.delivery))?;
    change.commit().await?;
    Ok(Parsed::Settled)
}

fn later(now: Timestamp, attempts: u32) -> Timestamp {
    let pause = SignedDuration::from_secs(5 << attempts.min(10));
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}
