//! `gatehouse:plugin/http`: requests to the provider, through the call's egress.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::wire;
use crate::call::meter::Cancelled;
use crate::call::state::State;
use crate::egress::{Request, Response, SendError};
use crate::fault::HostPanic;

/// How much longer than the time that is left the egress may take to say so itself: it
/// knows whether the request had left.
const GRACE: Duration = Duration::from_millis(250);

pub(super) fn add(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut http = linker.instance("gatehouse:plugin/http@0.1.0")?;
    http.func_wrap_async("send", |mut store: StoreContextMut<'_, State>, (request,): (wire::Request,)| {
        Box::new(async move {
            let answer = send(store.data_mut(), request.into()).await?;
            // Waiting is not the guest's processor time: its epoch begins anew.
            store.set_epoch_deadline(1);
            Ok((answer.map(wire::Response::from).map_err(wire::HttpError::from),))
        })
    })
}

async fn send(state: &mut State, request: Request) -> wasmtime::Result<Result<Response, SendError>> {
    let kept = state.tape.keep(&request);
    let answer = send_within(state, request).await?;
    state.tape.exchanged(kept, &answer);
    Ok(answer)
}

/// Sends a request within the limits of the call.
async fn send_within(state: &mut State, request: Request) -> wasmtime::Result<Result<Response, SendError>> {
    state.meter.host_call()?;
    state.meter.check_wall()?;
    if let Err(hit) = state.meter.request(wire::body_bytes(&request.body))? {
        return Ok(Err(SendError::Limit(hit.to_string())));
    }
    let begun = Instant::now();
    let answer = wait(state, request).await;
    state.meter.waited(begun.elapsed());
    let answer = answer?;
    state.meter.check_wall()?;
    match answer {
        Ok(response) => match state.meter.response(response.body.len()) {
            Ok(()) => Ok(Ok(response)),
            Err(hit) => Ok(Err(SendError::TooLarge(hit.max))),
        },
        Err(error) => Ok(Err(error)),
    }
}

async fn wait(state: &mut State, request: Request) -> wasmtime::Result<Result<Response, SendError>> {
    let left = state.meter.remaining().min(state.meter.remaining_egress());
    let sending = AssertUnwindSafe(async { state.egress.send(request).await }).catch_unwind();
    tokio::select! {
        biased;
        sent = sending => sent.map_err(|_| HostPanic("http.send").into()),
        () = tokio::time::sleep(left + GRACE) => Ok(Err(SendError::Timeout)),
        () = state.cancel.cancelled() => Err(Cancelled.into()),
    }
}
