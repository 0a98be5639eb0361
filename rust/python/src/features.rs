//! `values`, `vjp`, `jvp` and `design` of any descriptor, between numpy arrays and [`Features`].

use ferrip_core::{DesignBlock, Features};
use numpy::ndarray::{Array2, ShapeBuilder};
use numpy::{IntoPyArray, PyArray2, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::convert::{StructureArg, structure, vectors};
use crate::errors::{detached, to_python};

/// A matrix for Python.
pub type Matrix<'py> = Bound<'py, PyArray2<f64>>;

/// A factor of a basis function: (neighbor's atomic number, n, l).
pub type FactorTuple = (u8, u16, u8);

/// A row of the feature table: (centre's atomic number, factors).
pub type FeatureRow = (u8, Vec<FactorTuple>);

/// Atomic numbers, ascending.
pub fn elements(descriptor: &impl Features) -> Vec<u32> {
    descriptor.species().iter().map(|&z| u32::from(z)).collect()
}

/// Index of a species.
///
/// # Errors
/// The exception of an unknown element.
pub fn species_index(py: Python<'_>, descriptor: &impl Features, element: u8) -> PyResult<usize> {
    let index = ferrip_core::elements::indices(descriptor.species(), &[element]);
    index.map(|index| usize::from(index[0])).map_err(|error| to_python(py, &error))
}

/// Features of every atom, shape (N, K).
///
/// # Errors
/// `ValueError` for wrong shapes, the exceptions of [`to_python`] for wrong values.
pub fn values<'py>(
    py: Python<'py>,
    descriptor: &impl Features,
    structure: &StructureArg<'py>,
    num_threads: Option<usize>,
) -> PyResult<Matrix<'py>> {
    let atoms = self::structure(py, structure)?;
    let values = detached(py, || descriptor.values(&atoms, num_threads))?;
    matrix(py, atoms.len(), descriptor.n_features(), values)
}

/// Gradient of `sum(values_bar * values)`: positions (N, 3) and strain (3, 3).
///
/// # Errors
/// Those of [`values`].
pub fn vjp<'py>(
    py: Python<'py>,
    descriptor: &impl Features,
    structure: &StructureArg<'py>,
    values_bar: &PyReadonlyArray2<'py, f64>,
    num_threads: Option<usize>,
) -> PyResult<(Matrix<'py>, Matrix<'py>)> {
    let atoms = self::structure(py, structure)?;
    let bar = values_bar.as_array();
    let (expected, got) = ((atoms.len(), descriptor.n_features()), bar.dim());
    if got != expected {
        let message = format!("values_bar: expected shape {expected:?}, got {got:?}");
        return Err(PyValueError::new_err(message));
    }
    let bar: Vec<f64> = bar.iter().copied().collect();
    let gradient = detached(py, || descriptor.vjp(&atoms, &bar, num_threads))?;
    Ok((
        matrix(py, atoms.len(), 3, gradient.positions.into_flattened())?,
        matrix(py, 3, 3, gradient.strain.as_flattened().to_vec())?,
    ))
}

/// Derivative of the features along `positions_dot` (N, 3) and `strain_dot` (3, 3).
///
/// # Errors
/// Those of [`values`].
pub fn jvp<'py>(
    py: Python<'py>,
    descriptor: &impl Features,
    structure: &StructureArg<'py>,
    positions_dot: &PyReadonlyArray2<'py, f64>,
    strain_dot: &PyReadonlyArray2<'py, f64>,
    num_threads: Option<usize>,
) -> PyResult<Matrix<'py>> {
    let atoms = self::structure(py, structure)?;
    let positions_dot = vectors("positions_dot", positions_dot)?;
    let strain_dot: [[f64; 3]; 3] = vectors("strain_dot", strain_dot)?
        .try_into()
        .map_err(|_| PyValueError::new_err("strain_dot: expected shape (3, 3)"))?;
    let dot = detached(py, || descriptor.jvp(&atoms, &positions_dot, &strain_dot, num_threads))?;
    matrix(py, atoms.len(), descriptor.n_features(), dot)
}

/// Design rows of structures behind one another, Fortran order (rows, K).
///
/// # Errors
/// Those of [`values`].
pub fn design<'py>(
    py: Python<'py>,
    descriptor: &impl Features,
    structures: &[StructureArg<'py>],
    num_threads: Option<usize>,
) -> PyResult<Matrix<'py>> {
    let list = structures.iter().map(|s| structure(py, s)).collect::<PyResult<Vec<_>>>()?;
    design_array(py, detached(py, || descriptor.design(&list, num_threads))?)
}

/// Design rows as an array in Fortran order.
///
/// # Errors
/// `ValueError` if the sizes disagree.
pub fn design_array(py: Python<'_>, block: DesignBlock) -> PyResult<Matrix<'_>> {
    Array2::from_shape_vec((block.rows, block.columns).f(), block.data)
        .map(|array| array.into_pyarray(py))
        .map_err(|error| PyValueError::new_err(error.to_string()))
}

/// A row-major array.
///
/// # Errors
/// `ValueError` if the sizes disagree.
pub fn matrix(py: Python<'_>, rows: usize, columns: usize, data: Vec<f64>) -> PyResult<Matrix<'_>> {
    Array2::from_shape_vec((rows, columns), data)
        .map(|array| array.into_pyarray(py))
        .map_err(|error| PyValueError::new_err(error.to_string()))
}
