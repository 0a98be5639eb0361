//! Scratch that threads borrow.

use std::sync::{Mutex, PoisonError};
use std::thread::ThreadId;

/// Scratch for as many threads as have used it at the same time.
#[derive(Debug)]
pub(crate) struct ScratchPool<T> {
    /// With the thread that had it last, in whose caches it lies.
    idle: Mutex<Vec<(ThreadId, T)>>,
}

impl<T> Default for ScratchPool<T> {
    fn default() -> Self {
        Self { idle: Mutex::default() }
    }
}

impl<T> ScratchPool<T> {
    /// Runs work with scratch that no other thread has: what this thread had last, if it is there; made by `new` where
    /// none is left.
    pub fn with<R>(&self, new: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let thread = std::thread::current().id();
        let taken = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            match idle.iter().position(|(last, _)| *last == thread) {
                Some(own) => Some(idle.swap_remove(own)),
                None => idle.pop(),
            }
        };
        let mut scratch = taken.map_or_else(new, |(_, scratch)| scratch);
        let output = work(&mut scratch);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((thread, scratch));
        output
    }
}
