//! Running one call: store, limits, instance, function, answer.

use std::time::Duration;

use gatehouse_domain::execution::{Cost, Fault};
use gatehouse_domain::grant::Limits;
use serde_json::Value;
use wasmtime::component::{Instance, Val};
use wasmtime::{Engine, Store, UpdateDeadline};

use super::meter::Cancelled;
use super::state::State;
use super::{Answer, Call, Cancel, Report, Target, contract};
use crate::fault::{self, BadAnswer};
use crate::plugin::{Parameters, Plugin};
use crate::shape::render;

/// Live component handles and WASI resources of one call.
pub(crate) const MAX_HANDLES: usize = 1_000;
/// How long a guest that waits in WASI is left alone after its time is over; guests that
/// run, and those that wait for the provider, end by themselves before.
const GRACE: Duration = Duration::from_millis(50);

/// Runs one call to its end.
pub(crate) async fn run(engine: &Engine, plugin: &Plugin, target: Target, call: Call, cancel: Cancel) -> Report {
    let function = target.function().to_owned();
    let mut store = new_store(engine, call, cancel.clone());
    let wall = store.data().meter.remaining();
    let result = tokio::select! {
        biased;
        result = answer(&mut store, plugin, target) => Some(result),
        () = tokio::time::sleep(wall + GRACE) => None,
        () = async { cancel.cancelled().await; tokio::time::sleep(GRACE).await } => Some(Err(Cancelled.into())),
    };
    let state = store.data();
    let outcome = match result {
        Some(Ok(answer)) => bounded(state, answer),
        Some(Err(error)) => Answer::Fault(fault::of(&error, plugin, &function, state)),
        None => Answer::Fault(fault::of(&state.meter.wall_hit().into(), plugin, &function, state)),
    };
    let instantiation = state.meter.instantiation();
    Report { outcome, cost: cost(state), log: state.journal.finish(), instantiation }
}

/// Instantiates the plugin once, with nothing lent, to see that it starts.
pub(crate) async fn try_out(engine: &Engine, plugin: &Plugin, call: Call) -> Result<(), Fault> {
    let mut store = new_store(engine, call, Cancel::new());
    let Some(code) = plugin.code() else { return Ok(()) };
    let started = code.pre.instantiate_async(&mut store).await;
    started.map(drop).map_err(|error| fault::of(&error, plugin, "its start", store.data()))
}

fn new_store(engine: &Engine, call: Call, cancel: Cancel) -> Store<State> {
    let fuel = host_call_bytes(&call.limits);
    let mut store = Store::new(engine, State::new(call, cancel));
    store.limiter(|state| &mut state.meter);
    store.set_hostcall_fuel(fuel);
    store.set_max_component_handles(MAX_HANDLES);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store| {
        store.data_mut().tick()?;
        // This yield lets the thread look at its timers and sockets before it goes on; the
        // engine's own wakes the task at once, and the thread would look every 61st time.
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    });
    store
}

/// How many bytes the host may hold for one call of the guest. A value of the result takes
/// up to forty bytes here before it is JSON, hence more than the limit on the result.
fn host_call_bytes(limits: &Limits) -> usize {
    limits.output_bytes.saturating_mul(4).max(limits.request_bytes.saturating_add(256 << 10))
}

async fn answer(store: &mut Store<State>, plugin: &Plugin, target: Target) -> wasmtime::Result<Answer> {
    let begun = store.data().meter.elapsed();
    let code = plugin.code().ok_or(BadAnswer::new("it is no component"))?;
    let instance = code.pre.instantiate_async(&mut *store).await?;
    store.data_mut().meter.instantiated(begun);
    match target {
        Target::Capability(parameters) => capability(store, plugin, &instance, &parameters).await,
        other => contract::call(store, (plugin, code), &instance, other).await,
    }
}

async fn capability(
    store: &mut Store<State>,
    plugin: &Plugin,
    instance: &Instance,
    parameters: &Parameters,
) -> wasmtime::Result<Answer> {
    let (export, signature) = plugin.function(parameters).ok_or(BadAnswer::new("it has no such capability"))?;
    let Some(function) = instance.get_func(&mut *store, export) else {
        return Err(BadAnswer::new("it does not export the function").into());
    };
    let mut results = [Val::Bool(false)];
    let results = results.get_mut(..usize::from(signature.answers)).unwrap_or_default();
    function.call_async(&mut *store, &parameters.values, results).await?;
    let render = |value: &Val| match &signature.result {
        Some(shape) => render::value(shape, value).map_err(BadAnswer::new),
        None => Ok(Value::Null),
    };
    let rendered = match results.first() {
        None => Ok(Answer::Ok(Value::Null)),
        Some(Val::Result(Err(error))) if signature.fallible => error_of(error.as_deref()).map(Answer::Refused),
        Some(Val::Result(Ok(None))) if signature.fallible => Ok(Answer::Ok(Value::Null)),
        Some(Val::Result(Ok(Some(value)))) if signature.fallible => render(value).map(Answer::Ok),
        Some(value) => render(value).map(Answer::Ok),
    };
    Ok(rendered?)
}

fn error_of(value: Option<&Val>) -> Result<gatehouse_domain::guest::GuestError, BadAnswer> {
    value
        .and_then(contract::guest_error)
        .ok_or_else(|| BadAnswer::new("its error is not `gatehouse:plugin/types.error`"))
}

/// The answer, unless it is larger than the grant allows; without secrets in what people read.
fn bounded(state: &State, answer: Answer) -> Answer {
    match answer {
        Answer::Ok(value) if json_bytes(&value) > state.meter.output_bytes() => {
            Answer::Fault(fault::limit(state.meter.output_hit()))
        }
        Answer::Refused(mut error) => {
            error.message = state.journal.clean(&error.message);
            error.provider_code = error.provider_code.map(|code| state.journal.clean(&code));
            Answer::Refused(error)
        }
        other => other,
    }
}

fn json_bytes(value: &Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    match serde_json::to_writer(&mut count, value) {
        Ok(()) => count.0,
        Err(_) => usize::MAX,
    }
}

fn cost(state: &State) -> Cost {
    Cost {
        cpu_ticks: state.meter.ticks(),
        memory_bytes: state.meter.memory_peak() as u64,
        host_calls: state.meter.host_calls().into(),
        wall_us: u64::try_from(state.meter.elapsed().as_micros()).unwrap_or(u64::MAX),
    }
}
