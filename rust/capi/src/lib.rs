//! C ABI of ferrip: the shared library `libferrip`, declared for C and C++ in `include/ferrip.h`.
//!
//! Every function and field is declared in the header with the same name and meaning. Functions and fields are added
//! at the end, never changed; a change that old hosts cannot survive raises [`ABI_VERSION`].

use std::ffi::{CStr, c_char};

mod arguments;
mod compute;
mod host;
mod potential;
mod status;

/// Version of the interface. A host refuses to run with a library of another one.
pub const ABI_VERSION: u32 = 3;

/// Library version as a C string.
const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("the package version holds a NUL"),
};

/// Version of the interface that this library offers (`FERRIP_ABI_VERSION` of its header).
#[unsafe(no_mangle)]
pub extern "C" fn ferrip_abi_version() -> u32 {
    ABI_VERSION
}

/// Version of the library, for messages: a NUL-terminated static string that is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn ferrip_version() -> *const c_char {
    VERSION.as_ptr()
}
