//! Neighbor lists, for Python.

use ferrip_core::neighbors::{EdgeArrays, Edges};
use numpy::ndarray::{Ix1, Ix2};
use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::buffers::Buffer;
use crate::convert::structure;
use crate::errors::detached;

/// The arrays i, j, S and D.
type Arrays<'py> = (
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray2<i32>>,
    Bound<'py, PyArray2<f64>>,
);

/// All edges shorter than `cutoff`: `(i, j, S, D)`, sorted by i, then j, then S.
#[pyfunction]
#[pyo3(signature = (numbers, positions, cell, pbc, cutoff, num_threads=None))]
fn neighbor_list<'py>(
    py: Python<'py>,
    numbers: PyReadonlyArray1<'py, i64>,
    positions: PyReadonlyArray2<'py, f64>,
    cell: PyReadonlyArray2<'py, f64>,
    pbc: PyReadonlyArray1<'py, bool>,
    cutoff: f64,
    num_threads: Option<usize>,
) -> PyResult<Arrays<'py>> {
    let structure = structure(py, &(numbers, positions, cell, pbc))?;
    let (n, buffers) = detached(py, || {
        ferrip_core::threads::pool(num_threads)?.install(|| {
            let edges = Edges::new(&structure, cutoff)?;
            let n = edges.len();
            let [mut i, mut j] = [(); 2].map(|()| Buffer::for_items::<i64>(n));
            let mut shifts = Buffer::for_items::<[i32; 3]>(n);
            let mut vectors = Buffer::for_items::<[f64; 3]>(n);
            edges.write(EdgeArrays {
                centers: i.items(n),
                neighbors: j.items(n),
                shifts: shifts.items(n),
                displacements: vectors.items(n),
            });
            Ok((n, (i, j, shifts, vectors)))
        })
    })?;
    let (i, j, shifts, vectors) = buffers;
    Ok((
        i.into_array(py, Ix1(n))?,
        j.into_array(py, Ix1(n))?,
        shifts.into_array(py, Ix2(n, 3))?,
        vectors.into_array(py, Ix2(n, 3))?,
    ))
}

/// Adds this file's functions to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(neighbor_list, module)?)
}
