//! Keeps WASI out of a component. The standard library brings a C library that asks WASI for the
//! environment, the standard streams and exit; a gateway has none of them, so these functions answer
//! in the host's place, and the component imports nothing but Gatehouse.
//!
//! The names are those under which wasi-libc declares its imports; a definition here takes the
//! import's place. A name that it no longer uses does no harm.
#![allow(unsafe_code, missing_docs, unreachable_pub, reason = "C functions that a linked library calls by name")]

use crate::bindings::host::gatehouse::plugin::log::Level;

/// What a panic or a stray print writes goes to the log.
///
/// # Safety
/// `bytes` and `answer` are the caller's, as the component ABI has them: a slice of `length`
/// bytes, and room for `result<_, stream-error>`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __wasm_import_streams_method_output_stream_write(
    _: i32,
    bytes: *const u8,
    length: usize,
    answer: *mut u8,
) {
    // SAFETY: see above.
    let text = unsafe { core::slice::from_raw_parts(bytes, length) };
    crate::imports::write_log(Level::Error, String::from_utf8_lossy(text).trim_end(), &[]);
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
