//! Calls of what `gatehouse:plugin` itself defines: connection, webhook, sync, outcomes, registrations
//! and backfill. Their types are known, so bytes go in as bytes.

use gatehouse_domain::guest::{Account, EventPage, GuestError, GuestErrorKind, Registration};
use serde_json::{Map, Value, json};
use wasmtime::Store;
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, Instance, Lift, Lower, Val};

use super::state::State;
use super::{Answer, SYNC_PUSH, Target};
use crate::fault::BadAnswer;
use crate::host::wire;
use crate::plugin::{Code, ContractExports, Plugin};

/// Calls a target that is not a capability.
pub(crate) async fn call(
    store: &mut Store<State>,
    (plugin, code): (&Plugin, &Code),
    instance: &Instance,
    target: Target,
) -> wasmtime::Result<Answer> {
    let exports = &code.contract;
    match target {
        Target::Capability(_) => Err(BadAnswer::new("it is called as a capability").into()),
        Target::ConnectionTest => {
            let answer: (Result<wire::Account, wire::Error>,) = typed(store, instance, &exports.test, ()).await?;
            answered(answer.0, |account| Ok(json!(Account::from(account))))
        }
        Target::ParseWebhook { trust, headers, body } => {
            let delivery = wire::Delivery { trust: trust.into(), headers, body };
            let answer: (Result<Vec<wire::Event>, wire::Error>,) =
                typed(store, instance, &exports.parse, (delivery,)).await?;
            answered(answer.0, |events| events.into_iter().map(event).collect())
        }
        Target::SyncPull { entity, cursor, limit } => {
            let answer: (Result<wire::Page, wire::Error>,) =
                typed(store, instance, &exports.pull, (entity, cursor, limit)).await?;
            answered(answer.0, page)
        }
        Target::SyncPush { entity, changes } => {
            let changes: Vec<wire::Change> = changes.into_iter().map(wire::Change::from).collect();
            let answer: (Result<Vec<wire::Outcome>, wire::Error>,) =
                typed(store, instance, &exports.push, (entity, changes)).await?;
            answered(answer.0, |outcomes| Ok(outcomes.into_iter().map(outcome).collect()))
        }
        Target::LookUp(write) => {
            let code = write.capability.clone();
            let answer: (Result<wire::Finding, wire::Error>,) =
                typed(store, instance, &exports.look_up, (wire::Write::from(write),)).await?;
            answered(answer.0, |found| finding(plugin, &code, found))
        }
        Target::ListEvents { since_ms, events, cursor } => {
            let answer: (Result<wire::EventPage, wire::Error>,) =
                typed(store, instance, &exports.list_events, (since_ms, events, cursor)).await?;
            answered(answer.0, |page| Ok(json!(EventPage::from(page))))
        }
        target => registrations(store, exports, instance, target).await,
    }
}

/// Calls a target of `registrations`.
async fn registrations(
    store: &mut Store<State>,
    exports: &ContractExports,
    instance: &Instance,
    target: Target,
) -> wasmtime::Result<Answer> {
    type Several = (Result<Vec<wire::Registration>, wire::Error>,);
    let all =
        |found: Vec<wire::Registration>| Ok(found.into_iter().map(|one| json!(Registration::from(one))).collect());
    match target {
        Target::ListRegistrations => {
            let answer: Several = typed(store, instance, &exports.list_registrations, ()).await?;
            answered(answer.0, all)
        }
        Target::Register { url, events } => {
            let answer: Several = typed(store, instance, &exports.register, (url, events)).await?;
            answered(answer.0, all)
        }
        Target::RenewRegistration { registration, events } => {
            let given = (wire::Registration::from(registration), events);
            let answer: (Result<wire::Registration, wire::Error>,) =
                typed(store, instance, &exports.renew_registration, given).await?;
            answered(answer.0, |found| Ok(json!(Registration::from(found))))
        }
        Target::Unregister { id } => {
            let answer: (Result<(), wire::Error>,) = typed(store, instance, &exports.unregister, (id,)).await?;
            answered(answer.0, |()| Ok(Value::Null))
        }
        _ => Err(BadAnswer::new("it is called in another way").into()),
    }
}

/// An error of a capability, as the dynamic call gives it.
pub(crate) fn guest_error(value: &Val) -> Option<GuestError> {
    let Val::Record(fields) = value else { return None };
    let field = |name: &str| fields.iter().find(|(found, _)| found == name).map(|(_, value)| value);
    let some = |name: &str| match field(name) {
        Some(Val::Option(value)) => Some(value.as_deref()),
        _ => None,
    };
    Some(GuestError {
        kind: match field("kind")? {
            Val::Enum(name) => kind(name)?,
            _ => return None,
        },
        message: text(field("message")?)?,
        provider_code: some("provider-code")?.and_then(text),
        http_status: some("http-status")?
            .and_then(|value| if let Val::U16(value) = value { Some(*value) } else { None }),
        retry_after_ms: some("retry-after-ms")?
            .and_then(|value| if let Val::U64(value) = value { Some(*value) } else { None }),
    })
}

fn text(value: &Val) -> Option<String> {
    if let Val::String(text) = value { Some(text.clone()) } else { None }
}

fn kind(name: &str) -> Option<GuestErrorKind> {
    Some(match name {
        "invalid-input" => GuestErrorKind::InvalidInput,
        "unauthorized" => GuestErrorKind::Unauthorized,
        "forbidden" => GuestErrorKind::Forbidden,
        "not-found" => GuestErrorKind::NotFound,
        "conflict" => GuestErrorKind::Conflict,
        "declined" => GuestErrorKind::Declined,
        "rate-limited" => GuestErrorKind::RateLimited,
        "unavailable" => GuestErrorKind::Unavailable,
        "unknown-outcome" => GuestErrorKind::UnknownOutcome,
        "unsupported" => GuestErrorKind::Unsupported,
        "provider" => GuestErrorKind::Provider,
        _ => return None,
    })
}

async fn typed<P, R>(
    store: &mut Store<State>,
    instance: &Instance,
    export: &Option<ComponentExportIndex>,
    parameters: P,
) -> wasmtime::Result<R>
where
    P: ComponentNamedList + Lower + Send + Sync + 'static,
    R: ComponentNamedList + Lift + Send + Sync + 'static,
{
    let Some(export) = export else { return Err(BadAnswer::new("it does not export this interface").into()) };
    let function = instance.get_typed_func::<P, R>(&mut *store, export)?;
    function.call_async(&mut *store, parameters).await
}

fn answered<T>(
    answer: Result<T, wire::Error>,
    json: impl FnOnce(T) -> Result<Value, BadAnswer>,
) -> wasmtime::Result<Answer> {
    match answer {
        Ok(value) => Ok(Answer::Ok(json(value)?)),
        Err(error) => Ok(Answer::Refused(error.into())),
    }
}

fn event(event: wire::Event) -> Result<Value, BadAnswer> {
    let data = object("event", &event.id, &event.data)?;
    Ok(without_nulls(json!({
        "id": event.id, "kind": event.kind, "provider_kind": event.provider_kind,
        "occurred_at_ms": event.occurred_at_ms, "subject": event.subject, "data": data,
    })))
}

fn page(page: wire::Page) -> Result<Value, BadAnswer> {
    let records = page.records.into_iter().map(record).collect::<Result<Vec<_>, _>>()?;
    Ok(without_nulls(json!({ "records": records, "cursor": page.cursor, "complete": page.complete })))
}

fn record(record: wire::RecordData) -> Result<Value, BadAnswer> {
    let data = object("record", &record.id, &record.data)?;
    Ok(without_nulls(json!({
        "id": record.id, "updated_at_ms": record.updated_at_ms, "deleted": record.deleted, "data": data,
    })))
}

fn outcome(outcome: wire::Outcome) -> Value {
    match outcome.status {
        Ok(id) => json!({ "reference": outcome.reference, "ok": id }),
        Err(error) => json!({ "reference": outcome.reference, "error": GuestError::from(error) }),
    }
}

/// A result that is found later has to be what the call itself would have answered.
fn finding(plugin: &Plugin, code: &str, found: wire::Finding) -> Result<Value, BadAnswer> {
    Ok(match found {
        wire::Finding::Done(text) => {
            let result: Value = serde_json::from_str(&text)
                .map_err(|error| BadAnswer::new(format!("the result that it found for {code} is not JSON: {error}")))?;
            let result = match (code, &result) {
                (SYNC_PUSH, Value::String(_)) => Ok(result),
                _ => plugin.check_result(code, &result),
            };
            let result = result.map_err(|error| {
                BadAnswer::new(format!("the result that it found for {code} does not fit its type: {error}"))
            })?;
            json!({ "kind": "done", "value": result })
        }
        wire::Finding::Refused(error) => json!({ "kind": "refused", "value": GuestError::from(error) }),
        wire::Finding::Absent => json!({ "kind": "absent" }),
        wire::Finding::Pending => json!({ "kind": "pending" }),
    })
}

/// The contract says that this text is a JSON object.
fn object(what: &str, id: &str, text: &str) -> Result<Map<String, Value>, BadAnswer> {
    serde_json::from_str(text)
        .map_err(|error| BadAnswer::new(format!("the data of {what} `{id}` is not a JSON object: {error}")))
}

fn without_nulls(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    value
}
