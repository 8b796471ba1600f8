//! Whether bytes are a component that this host can run, and its types. No code of it is
//! compiled or run here.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gatehouse_domain::error::{Error, ErrorKind, Result};
use wasmparser::{Parser, Validator, WasmFeatures};
use wasmtime::Engine;
use wit_parser::decoding::{DecodedWasm, decode as decode_wit};
use wit_parser::{Resolve, World, WorldId};

use super::MAX_COMPONENT_BYTES;

/// The types of a component.
pub(crate) struct Decoded {
    pub(crate) resolve: Resolve,
    world: WorldId,
}

impl Decoded {
    /// What it imports and exports.
    ///
    /// # Errors
    /// Never for what [`decode`] returned.
    pub(crate) fn world(&self) -> Result<&World> {
        self.resolve.worlds.get(self.world).ok_or_else(|| Error::internal("the decoded component has no world"))
    }
}

/// Refuses what is not a component at all.
///
/// # Errors
/// [`ErrorKind::TooLarge`] or [`ErrorKind::Invalid`], saying what it is instead.
pub(crate) fn check_kind(bytes: &[u8]) -> Result<()> {
    let size = bytes.len();
    if size > MAX_COMPONENT_BYTES {
        let message = format!("the component has {size} bytes; at most {MAX_COMPONENT_BYTES} are taken: strip it");
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    if Parser::is_component(bytes) {
        return Ok(());
    }
    let what = if Parser::is_core_wasm(bytes) {
        "is a core module: build for the target wasm32-wasip2, which makes a component"
    } else if Engine::detect_precompiled(bytes).is_some() || bytes.starts_with(b"\x7fELF") {
        "is native code: upload the component itself, the host compiles it"
    } else if std::str::from_utf8(bytes).is_ok_and(|text| text.trim_start().starts_with(['(', ';'])) {
        "is WebAssembly text: upload the binary form"
    } else {
        "is no WebAssembly component: it does not begin as one"
    };
    Err(Error::invalid(format!("this {what}")))
}

/// Validates every function of the component under exactly the features that the engine
/// has switched on.
///
/// # Errors
/// [`ErrorKind::Invalid`] with the offset and the reason.
pub(crate) fn validate(bytes: &[u8]) -> Result<()> {
    let features = features();
    let Err(error) = Validator::new_with_features(features).validate_all(bytes) else { return Ok(()) };
    let with_async = features | WasmFeatures::CM_ASYNC | WasmFeatures::CM_ASYNC_STACKFUL;
    if Validator::new_with_features(with_async).validate_all(bytes).is_ok() {
        return Err(Error::invalid(
            "the component uses asynchronous functions of the component model (WASI 0.3), which this host does not \
             run: build it for wasm32-wasip2",
        ));
    }
    Err(Error::invalid(format!("the component is not valid here: {error}")))
}

/// The features of WebAssembly that guests may use; the engine has the same.
fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::SIMD
        | WasmFeatures::FLOATS
        | WasmFeatures::MULTI_MEMORY
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::COMPONENT_MODEL
}

/// Reads the types of a component.
///
/// # Errors
/// [`ErrorKind::Invalid`] where its types are not those of a WIT world.
pub(crate) fn decode(bytes: &[u8]) -> Result<Decoded> {
    // The decoder is written for components that tools made. A component made by hand may
    // surprise it, which must not end more than this inspection.
    let decoded = catch_unwind(AssertUnwindSafe(|| decode_wit(bytes)));
    match decoded {
        Ok(Ok(DecodedWasm::Component(resolve, world))) => Ok(Decoded { resolve, world }),
        Ok(Ok(DecodedWasm::WitPackage(..))) => {
            Err(Error::invalid("this is a WIT package and not a component: upload the built plugin"))
        }
        Ok(Err(error)) => Err(Error::invalid(format!("the component's types can not be read: {error:#}"))),
        Err(_) => Err(Error::invalid("the component's types can not be read: they are not those of a WIT world")),
    }
}
