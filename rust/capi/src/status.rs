//! Status and error text of every call; panics end here.

use std::ffi::{c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The call did what it says.
const OK: c_int = 0;
/// An argument is wrong.
const INVALID: c_int = 1;
/// The file or the atoms are refused.
const FAILED: c_int = 2;
/// An error of the library itself.
const PANIC: c_int = 3;

/// Why a call failed.
pub enum Failure {
    /// An argument is wrong.
    Invalid(String),
    /// The core or the reader of files refuses.
    Refused(String),
}

impl From<ferrip_core::Error> for Failure {
    fn from(error: ferrip_core::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<ferrip_model::Error> for Failure {
    fn from(error: ferrip_model::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

/// Runs a call and writes its error text, cut to the size of the buffer, which is empty for success.
///
/// # Safety
/// `text` is null or has room for `size` bytes.
pub unsafe fn report(text: *mut c_char, size: usize, call: impl FnOnce() -> Result<(), Failure>) -> c_int {
    let (status, message) = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(())) => (OK, String::new()),
        Ok(Err(Failure::Invalid(message))) => (INVALID, message),
        Ok(Err(Failure::Refused(message))) => (FAILED, message),
        Err(_) => (PANIC, "ferrip: internal error (please report it with the text above)".into()),
    };
    if !text.is_null() && size > 0 {
        let mut end = message.len().min(size - 1);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        // SAFETY: `end` bytes and the NUL fit into the `size` bytes that the caller promises.
        unsafe {
            text.copy_from_nonoverlapping(message.as_ptr().cast(), end);
            text.add(end).write(0);
        }
    }
    status
}
