//! Structures from Python: `(numbers, positions, cell, pbc)`, checked once at the boundary.

use ferrip_core::{Cell, Structure};
use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::to_python;

/// The tuple that stands for a structure.
pub type StructureArg<'py> = (
    PyReadonlyArray1<'py, i64>,
    PyReadonlyArray2<'py, f64>,
    PyReadonlyArray2<'py, f64>,
    PyReadonlyArray1<'py, bool>,
);

/// A checked structure from its Python tuple.
///
/// # Errors
/// `ValueError` for wrong shapes, the exceptions of [`to_python`] for wrong values.
pub fn structure(py: Python<'_>, arg: &StructureArg<'_>) -> PyResult<Structure> {
    let (numbers, positions, cell, pbc) = arg;
    let positions = vectors("positions", positions)?;
    let rows: [[f64; 3]; 3] = vectors("cell", cell)?.try_into().map_err(|rows: Vec<_>| {
        PyValueError::new_err(format!("cell: expected 3 rows, got {}", rows.len()))
    })?;
    let flags: Vec<bool> = pbc.as_array().iter().copied().collect();
    let pbc: [bool; 3] = flags.try_into().map_err(|flags: Vec<_>| {
        PyValueError::new_err(format!("pbc: expected 3 flags, got {}", flags.len()))
    })?;
    let numbers = numbers
        .as_array()
        .iter()
        .map(|&z| u8::try_from(z))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| PyValueError::new_err("numbers: atomic numbers are 1 to 118"))?;
    Cell::new(rows, pbc)
        .and_then(|cell| Structure::new(numbers, positions, cell))
        .map_err(|error| to_python(py, &error))
}

/// Rows of three numbers.
///
/// # Errors
/// `ValueError` for another shape.
pub fn vectors(name: &str, array: &PyReadonlyArray2<'_, f64>) -> PyResult<Vec<[f64; 3]>> {
    if array.shape()[1] != 3 {
        return Err(PyValueError::new_err(format!("{name}: expected shape (N, 3), got {:?}", array.shape())));
    }
    Ok(array.as_array().rows().into_iter().map(|row| [row[0], row[1], row[2]]).collect())
}
