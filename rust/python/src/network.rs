//! Networks of the functions of a descriptor: their evaluator, and the gradients that they are trained on.

use std::sync::Arc;

use ferrip_core::Result;
use ferrip_core::density::evaluator::{Evaluator, Options};
use ferrip_core::density::network::{Activation, Layer, Network};
use ferrip_core::radial::table::Tabulation;
use ferrip_core::simd::Path;
use numpy::ndarray::{Array1, Array2, Array3};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::convert::{StructureArg, structure};
use crate::descriptor::PyDescriptor;
use crate::errors::detached;
use crate::evaluator::{PairTerm, PyEvaluator, baseline};

/// Weights (outputs, inputs) and biases of a layer.
type LayerArrays<'py> = (PyReadonlyArray2<'py, f64>, PyReadonlyArray1<'py, f64>);

/// Centres, neighbors, vectors and gradients of edges.
type Edges<'py> = (
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray2<f64>>,
    Bound<'py, PyArray3<f32>>,
);

/// The evaluator of a linear potential with a network of the functions of order ≥ 2 of every element.
#[pyfunction]
#[pyo3(signature = (descriptor, coefficients, e0, activation, networks, pairs=Vec::new(), simd=None))]
#[expect(clippy::too_many_arguments, reason = "the keywords of the Python function")]
fn network_evaluator(
    py: Python<'_>,
    descriptor: &PyDescriptor,
    coefficients: PyReadonlyArray1<'_, f64>,
    e0: Vec<f64>,
    activation: &str,
    networks: Vec<Vec<LayerArrays<'_>>>,
    pairs: Vec<PairTerm>,
    simd: Option<&str>,
) -> PyResult<PyEvaluator> {
    let coefficients = coefficients.as_array().to_vec();
    let layer = |(weights, biases): LayerArrays<'_>| Layer {
        weights: weights.as_array().iter().copied().collect(),
        biases: biases.as_array().to_vec(),
    };
    let program = descriptor.inner.program();
    let layers: Vec<Vec<Layer>> =
        networks.into_iter().map(|layers| layers.into_iter().map(layer).collect()).collect();
    let inner = detached(py, || {
        let activation = Activation::named(activation)?;
        let centers = program.centers().iter();
        let networks = centers
            .zip(layers)
            .map(|(center, layers)| Network::new(activation, center.functions.len(), layers));
        let options = Options { path: Path::resolve(simd)?, tables: Tabulation::default() };
        let linear = (&coefficients[..], &e0[..]);
        Evaluator::with_networks(
            program,
            linear,
            networks.collect::<Result<_>>()?,
            &baseline(&pairs)?,
            options,
        )
    })?;
    Ok(PyEvaluator { inner: Arc::new(inner) })
}

/// Edges of a structure and the gradients of combinations of the features of their centres; see `ferrip._core.pyi`.
#[pyfunction]
#[pyo3(signature = (descriptor, structure, combinations, num_threads=None))]
fn projected_edges<'py>(
    py: Python<'py>,
    descriptor: &PyDescriptor,
    structure: StructureArg<'py>,
    combinations: Vec<PyReadonlyArray2<'py, f64>>,
    num_threads: Option<usize>,
) -> PyResult<Edges<'py>> {
    let atoms = self::structure(py, &structure)?;
    let rows: Vec<Vec<Vec<f64>>> = combinations
        .iter()
        .map(|own| own.as_array().rows().into_iter().map(|row| row.to_vec()).collect())
        .collect();
    let m = rows.first().map_or(0, Vec::len);
    let edges = detached(py, || descriptor.inner.projected_edges(&atoms, &rows, num_threads))?;
    let n = edges.centers.len();
    let bad = |error: numpy::ndarray::ShapeError| PyValueError::new_err(error.to_string());
    let index = |of: Vec<u32>| Array1::from_iter(of.into_iter().map(i64::from)).into_pyarray(py);
    Ok((
        index(edges.centers),
        index(edges.neighbors),
        Array2::from_shape_vec((n, 3), edges.vectors.into_flattened()).map_err(bad)?.into_pyarray(py),
        Array3::from_shape_vec((n, 3, m), edges.gradients).map_err(bad)?.into_pyarray(py),
    ))
}

/// Adds the functions to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(network_evaluator, module)?)?;
    module.add_function(wrap_pyfunction!(projected_edges, module)?)
}
