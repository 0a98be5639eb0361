//! Memory for large results that goes back into a bounded pool when the numpy array over it is freed.
//!
//! Fresh pages cost more than most results that are written to them; arrays of the same size come again and
//! again where neighbor lists are built for one system after the other.

#![expect(unsafe_code, reason = "numpy arrays over memory that a Python object owns")]

use std::sync::{Mutex, PoisonError};

use bytemuck::Pod;
use numpy::ndarray::{ArrayView, Dimension};
use numpy::{Element, PyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Most words (8 bytes) that the pool keeps: 512 MiB.
const MAX_WORDS: usize = 1 << 26;
/// Buffers with fewer words are left to the allocator.
const MIN_WORDS: usize = 1 << 13;
/// Most buffers that the pool keeps.
const MAX_BUFFERS: usize = 32;

/// Free buffers, the oldest first.
static POOL: Mutex<Vec<Vec<u64>>> = Mutex::new(Vec::new());

/// Memory of one array; Python owns it once an array lies over it.
#[pyclass(frozen, module = "ferrip._core")]
pub struct Buffer {
    words: Vec<u64>,
}

impl Buffer {
    /// A buffer for `n` items, from the pool where one of about the right size is free. What it holds is
    /// arbitrary.
    pub fn for_items<T: Pod>(n: usize) -> Self {
        let needed = (n * size_of::<T>()).div_ceil(size_of::<u64>());
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |buffer: &Vec<u64>| (needed..=2 * needed).contains(&buffer.len());
        // Of equal ones the last that came back: its pages are the most likely in the cache.
        let best = (0..pool.len()).rev().filter(|&k| fits(&pool[k])).min_by_key(|&k| pool[k].len());
        let words = match best {
            Some(k) => pool.remove(k),
            None if needed < MIN_WORDS => vec![0; needed],
            // A little more, so that the next and slightly larger result fits as well.
            None => vec![0; needed + needed / 16],
        };
        Self { words }
    }

    /// The first `n` items.
    pub fn items<T: Pod>(&mut self, n: usize) -> &mut [T] {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.words);
        bytemuck::cast_slice_mut(&mut bytes[..n * size_of::<T>()])
    }

    /// A writable array of this shape over the buffer.
    ///
    /// # Errors
    /// `ValueError` if the buffer is too small for the shape.
    pub fn into_array<T: Pod + Element, D: Dimension>(
        self,
        py: Python<'_>,
        shape: D,
    ) -> PyResult<Bound<'_, PyArray<T, D>>> {
        let owner = Bound::new(py, self)?;
        let items: &[T] = &bytemuck::cast_slice(&owner.get().words)[..shape.size()];
        let view =
            ArrayView::from_shape(shape, items).map_err(|error| PyValueError::new_err(error.to_string()))?;
        // SAFETY: the array keeps `owner` alive, and nothing else reads, writes or moves its words.
        Ok(unsafe { PyArray::borrow_from_array(&view, owner.clone().into_any()) })
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let words = std::mem::take(&mut self.words);
        if !(MIN_WORDS..=MAX_WORDS).contains(&words.len()) {
            return;
        }
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        pool.push(words);
        let mut kept = pool.iter().map(Vec::len).sum::<usize>();
        while kept > MAX_WORDS || pool.len() > MAX_BUFFERS {
            kept -= pool.remove(0).len();
        }
    }
}
