//! Keeps WASI out of a component. The standard library brings a C library that asks WASI for the
//! environment, the standard streams and exit; a gateway has none of them, so these functions answer
//! in the host's place, and the component imports nothing but Gatehouse.
#![allow(unsafe_code, missing_docs, unreachable_pub, reason = "C functions that a linked library calls by name")]

use crate::bindings::host::gatehouse::plugin::log::Level;

// Two kinds of names are here. Those of C are what the standard library itself calls when it reports a panic;
// defined here, nothing of the C library behind them is linked. The others are those under which wasi-libc declares
// its imports, for what of it is linked still; a definition here takes the import's place. A name that is no longer
// used does no harm.

/// What a panic or a stray print writes goes to the log.
///
/// # Safety
/// `bytes` are the caller's: `length` of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(_: i32, bytes: *const u8, length: usize) -> isize {
    // SAFETY: see above.
    let text = unsafe { core::slice::from_raw_parts(bytes, length) };
    crate::imports::write_log(Level::Error, String::from_utf8_lossy(text).trim_end(), &[]);
    isize::try_from(length).unwrap_or(isize::MAX)
}

/// A part of what is written at once, as C lays it out.
#[repr(C)]
pub struct Part {
    bytes: *const u8,
    length: usize,
}

/// # Safety
/// `parts` are the caller's: `count` of them, each as [`write`] has it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn writev(to: i32, parts: *const Part, count: usize) -> isize {
    // SAFETY: see above.
    let parts = unsafe { core::slice::from_raw_parts(parts, count) };
    // SAFETY: see above.
    parts.iter().map(|part| unsafe { write(to, part.bytes, part.length) }).sum()
}

/// There is no environment.
#[unsafe(no_mangle)]
pub extern "C" fn getenv(_: *const u8) -> *mut u8 {
    core::ptr::null_mut()
}

/// There are no errors of a system to describe.
///
/// # Safety
/// `text` is the caller's, with room for `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strerror_r(_: i32, text: *mut u8, length: usize) -> i32 {
    if length > 0 {
        // SAFETY: see above.
        unsafe { text.write(0) };
    }
    0
}

/// What else wasi-libc writes goes nowhere.
///
/// # Safety
/// `answer` is the caller's, as the component ABI has it: room for `result<_, stream-error>`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __wasm_import_streams_method_output_stream_write(
    _: i32,
    _: *const u8,
    _: usize,
    answer: *mut u8,
) {
    // SAFETY: see above; 0 is `ok`.
    unsafe { answer.write(0) };
}

/// # Safety
/// `answer` has room for `result<u64, stream-error>`, aligned to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __wasm_import_streams_method_output_stream_check_write(_: i32, answer: *mut u8) {
    // SAFETY: see above; 0 is `ok`, and the payload begins at 8.
    unsafe {
        answer.write(0);
        answer.add(8).cast::<u64>().write(4096);
    }
}

/// # Safety
/// `answer` has room for an empty list: a pointer and a length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __wasm_import_environment_get_environment(answer: *mut u8) {
    // SAFETY: see above; the pointer of an empty list is never followed.
    unsafe {
        answer.cast::<u32>().write(8);
        answer.cast::<u32>().add(1).write(0);
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn __wasm_import_exit_exit(_: i32) {
    core::arch::wasm32::unreachable()
}

/// Functions that answer `none`, or `ok` without a value.
macro_rules! answer_nothing {
    ($($name:ident($($parameter:ty),*);)+) => {
        $(
            /// # Safety
            /// `answer` has room for one byte and more.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($(_: $parameter,)* answer: *mut u8) {
                // SAFETY: see above; 0 is the first case.
                unsafe { answer.write(0) };
            }
        )+
    };
}

answer_nothing! {
    __wasm_import_streams_method_output_stream_blocking_flush(i32);
    __wasm_import_terminal_stdin_get_terminal_stdin();
    __wasm_import_terminal_stdout_get_terminal_stdout();
    __wasm_import_terminal_stderr_get_terminal_stderr();
}

/// Functions that take a handle and do nothing.
macro_rules! do_nothing {
    ($($name:ident)+) => {
        $(
            #[unsafe(no_mangle)]
            pub extern "C" fn $name(_: i32) {}
        )+
    };
}

do_nothing! {
    __wasm_import_io_error_error_drop
    __wasm_import_poll_pollable_drop
    __wasm_import_poll_method_pollable_block
    __wasm_import_streams_input_stream_drop
    __wasm_import_streams_output_stream_drop
    __wasm_import_terminal_input_terminal_input_drop
    __wasm_import_terminal_output_terminal_output_drop
}

/// Functions that answer a handle, which nothing ever looks up.
macro_rules! answer_handle {
    ($($name:ident($($parameter:ty)?);)+) => {
        $(
            #[unsafe(no_mangle)]
            pub extern "C" fn $name($(_: $parameter)?) -> i32 {
                1
            }
        )+
    };
}

answer_handle! {
    __wasm_import_stdin_get_stdin();
    __wasm_import_stdout_get_stdout();
    __wasm_import_stderr_get_stderr();
    __wasm_import_streams_method_output_stream_subscribe(i32);
}
