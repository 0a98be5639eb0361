//! Neighbor lists, for Python.

use ferrip_core::neighbors::{Edges, NeighborList};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::convert::structure;
use crate::errors::detached;

/// The arrays i, j, S and D, which own what the core computed.
type EdgeArrays<'py> = (
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
) -> PyResult<EdgeArrays<'py>> {
    let structure = structure(py, &(numbers, positions, cell, pbc))?;
    let edges = detached(py, || {
        ferrip_core::threads::pool(num_threads)?
            .install(|| Edges::new(&NeighborList::build(&structure, cutoff)?, &structure))
    })?;
    let n = edges.centers.len();
    Ok((
        PyArray1::from_vec(py, edges.centers),
        PyArray1::from_vec(py, edges.neighbors),
        PyArray1::from_vec(py, edges.shifts.into_flattened()).reshape([n, 3])?,
        PyArray1::from_vec(py, edges.displacements.into_flattened()).reshape([n, 3])?,
    ))
}

/// Adds this file's functions to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(neighbor_list, module)?)
}
