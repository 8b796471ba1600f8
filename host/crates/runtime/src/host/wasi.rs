//! WASI 0.2 for guests whose language insists on it: clocks, random numbers, and standard
//! streams that end in the log. No files, sockets, environment or arguments.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use rand_core::TryRng as _;
use tokio::io::AsyncWrite;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView, async_trait};

use crate::call::journal::{Journal, Stream};
use crate::call::run::MAX_HANDLES;
use crate::call::state::State;
use crate::tape::Tape;
use crate::tape::nature::{Monotonic, Random, Wall};

/// How many random bytes one call may ask for.
const MAX_RANDOM_BYTES: u64 = 64 << 10;
/// How many bytes one write may have.
const MAX_WRITE_BYTES: usize = 64 << 10;

/// What a guest that calls WASI has.
pub(crate) struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
}

impl Wasi {
    fn new(journal: &Journal, tape: &Tape) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_HANDLES);
        let mut context = WasiCtx::builder();
        if !matches!(tape, Tape::Off) {
            past(&mut context, tape);
        }
        let context = context
            .stdout(Lines { journal: journal.clone(), stream: Stream::Output })
            .stderr(Lines { journal: journal.clone(), stream: Stream::Errors })
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(MAX_RANDOM_BYTES)
            .build();
        Self { context, table }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.meter.host_call_unrefused();
        let wasi = self.wasi.get_or_insert_with(|| Box::new(Wasi::new(&self.journal, &self.tape)));
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

/// Has clocks and random numbers go past the tape.
fn past(context: &mut WasiCtxBuilder, tape: &Tape) {
    let mut random = Random(tape.clone());
    let Ok(low) = random.try_next_u64();
    let Ok(high) = random.try_next_u64();
    context
        .wall_clock(Wall(tape.clone()))
        .monotonic_clock(Monotonic { tape: tape.clone(), begun: Instant::now() })
        .insecure_random_seed((u128::from(high) << 64) | u128::from(low))
        .insecure_random(Random(tape.clone()))
        .secure_random(random);
}

/// A standard stream that ends in the journal.
#[derive(Clone)]
struct Lines {
    journal: Journal,
    stream: Stream,
}

impl IsTerminal for Lines {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Lines {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.journal.write_stream(self.stream, &bytes).map_err(|hit| StreamError::Trap(hit.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_WRITE_BYTES)
    }
}

impl AsyncWrite for Lines {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let written = self.journal.write_stream(self.stream, bytes);
        Poll::Ready(written.map(|()| bytes.len()).map_err(std::io::Error::other))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
