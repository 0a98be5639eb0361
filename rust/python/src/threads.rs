//! The thread-count rule, for Python.

use pyo3::prelude::*;

use crate::errors::to_python;

/// Thread count that `num_threads` resolves to: argument > `FERRIP_NUM_THREADS` > `RAYON_NUM_THREADS` > cores.
#[pyfunction]
#[pyo3(signature = (num_threads=None))]
fn resolve_threads(py: Python<'_>, num_threads: Option<usize>) -> PyResult<usize> {
    ferrip_core::threads::resolve(num_threads).map_err(|error| to_python(py, &error))
}

/// Adds this file's functions to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(resolve_threads, module)?)
}
