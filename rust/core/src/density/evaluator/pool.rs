//! Scratch that threads borrow.

use std::sync::{Mutex, PoisonError};

/// Scratch for as many threads as have used it at the same time.
#[derive(Debug)]
pub(crate) struct ScratchPool<T> {
    idle: Mutex<Vec<T>>,
}

impl<T> Default for ScratchPool<T> {
    fn default() -> Self {
        Self { idle: Mutex::default() }
    }
}

impl<T> ScratchPool<T> {
    /// Runs work with scratch that no other thread has, made by `new` where none is left.
    pub fn with<R>(&self, new: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut scratch = idle.unwrap_or_else(new);
        let output = work(&mut scratch);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        output
    }
}
