//! The class `_Features`, base of all descriptors: what [`Features`] offers, between numpy arrays.

use std::sync::Arc;

use ferrip_core::density::network::{Activation, Layer, Network};
use ferrip_core::simd::Path;
use ferrip_core::{DesignBlock, Features};
use numpy::ndarray::{Array1, Array2, Array3, ShapeBuilder};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::PyClass;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::convert::{StructureArg, structure, vectors};
use crate::errors::{detached, to_python};
use crate::evaluator::{PairTerm, PyEvaluator, baseline};

/// A matrix for Python.
pub type Matrix<'py> = Bound<'py, PyArray2<f64>>;

/// Centres, neighbors, vectors and gradients of edges.
type Edges<'py> =
    (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<i64>>, Matrix<'py>, Bound<'py, PyArray3<f32>>);

/// Weights (outputs, inputs) and biases of a layer.
type LayerArrays<'py> = (PyReadonlyArray2<'py, f64>, PyReadonlyArray1<'py, f64>);

/// A factor of a basis function: (neighbor's atomic number, n, l).
pub type FactorTuple = (u8, u16, u8);

/// A row of the feature table: (centre's atomic number, factors).
pub type FeatureRow = (u8, Vec<FactorTuple>);

/// Any descriptor, frozen.
#[pyclass(frozen, subclass, name = "_Features", module = "ferrip._core")]
pub struct PyFeatures {
    inner: Arc<dyn Features>,
}

impl PyFeatures {
    /// An object of a class above this one, for its descriptor.
    pub fn extended<T>(descriptor: Arc<dyn Features>, class: T) -> PyClassInitializer<T>
    where
        T: PyClass<BaseType = Self>,
    {
        PyClassInitializer::from(Self { inner: descriptor }).add_subclass(class)
    }

    /// A cotangent of the features of `n` atoms, row-major.
    ///
    /// # Errors
    /// `ValueError` for another shape.
    fn cotangent(&self, n: usize, values_bar: &PyReadonlyArray2<'_, f64>) -> PyResult<Vec<f64>> {
        let bar = values_bar.as_array();
        let (expected, got) = ((n, self.inner.n_features()), bar.dim());
        if got != expected {
            let message = format!("values_bar: expected shape {expected:?}, got {got:?}");
            return Err(PyValueError::new_err(message));
        }
        Ok(bar.iter().copied().collect())
    }
}

#[pymethods]
impl PyFeatures {
    /// Atomic numbers, ascending.
    #[getter]
    fn elements(&self) -> Vec<u32> {
        self.inner.species().iter().map(|&z| u32::from(z)).collect()
    }

    /// Largest cutoff in Å.
    #[getter]
    fn cutoff(&self) -> f64 {
        self.inner.cutoff()
    }

    /// Number of features over all centre species.
    #[getter]
    fn n_features(&self) -> usize {
        self.inner.n_features()
    }

    /// Columns `(start, end)` of the features that atoms of this element can have.
    fn feature_range(&self, py: Python<'_>, element: u8) -> PyResult<(usize, usize)> {
        let species = ferrip_core::elements::indices(self.inner.species(), &[element])
            .map_err(|error| to_python(py, &error))?;
        let range = self.inner.feature_range(usize::from(species[0]));
        Ok((range.start, range.end))
    }

    /// Columns `(start, end)` of the features that networks of this element take.
    fn network_inputs(&self, py: Python<'_>, element: u8) -> PyResult<(usize, usize)> {
        let species = ferrip_core::elements::indices(self.inner.species(), &[element])
            .map_err(|error| to_python(py, &error))?;
        let range = self.inner.network_inputs(usize::from(species[0]));
        Ok((range.start, range.end))
    }

    /// Features of every atom, shape (N, `n_features`).
    #[pyo3(signature = (structure, num_threads=None))]
    fn values<'py>(
        &self,
        py: Python<'py>,
        structure: StructureArg<'py>,
        num_threads: Option<usize>,
    ) -> PyResult<Matrix<'py>> {
        let atoms = self::structure(py, &structure)?;
        let values = detached(py, || self.inner.values(&atoms, num_threads))?;
        matrix(py, atoms.len(), self.inner.n_features(), values)
    }

    /// Gradient of `sum(values_bar * values)`: positions (N, 3) and strain (3, 3).
    #[pyo3(signature = (structure, values_bar, num_threads=None))]
    fn vjp<'py>(
        &self,
        py: Python<'py>,
        structure: StructureArg<'py>,
        values_bar: PyReadonlyArray2<'py, f64>,
        num_threads: Option<usize>,
    ) -> PyResult<(Matrix<'py>, Matrix<'py>)> {
        let atoms = self::structure(py, &structure)?;
        let bar = self.cotangent(atoms.len(), &values_bar)?;
        let gradient = detached(py, || self.inner.vjp(&atoms, &bar, num_threads))?;
        Ok((
            matrix(py, atoms.len(), 3, gradient.positions.into_flattened())?,
            matrix(py, 3, 3, gradient.strain.as_flattened().to_vec())?,
        ))
    }

    /// Sums over the edges of every atom of the gradients of `sum(values_bar * values)` of that atom in `r_ij`, (N, 3).
    #[pyo3(signature = (structure, values_bar, num_threads=None))]
    fn center_vectors<'py>(
        &self,
        py: Python<'py>,
        structure: StructureArg<'py>,
        values_bar: PyReadonlyArray2<'py, f64>,
        num_threads: Option<usize>,
    ) -> PyResult<Matrix<'py>> {
        let atoms = self::structure(py, &structure)?;
        let bar = self.cotangent(atoms.len(), &values_bar)?;
        let vectors = detached(py, || self.inner.center_vectors(&atoms, &bar, num_threads))?;
        matrix(py, atoms.len(), 3, vectors.into_flattened())
    }

    /// Derivative of the features along `positions_dot` (N, 3) and `strain_dot` (3, 3).
    #[pyo3(signature = (structure, positions_dot, strain_dot, num_threads=None))]
    fn jvp<'py>(
        &self,
        py: Python<'py>,
        structure: StructureArg<'py>,
        positions_dot: PyReadonlyArray2<'py, f64>,
        strain_dot: PyReadonlyArray2<'py, f64>,
        num_threads: Option<usize>,
    ) -> PyResult<Matrix<'py>> {
        let atoms = self::structure(py, &structure)?;
        let positions_dot = vectors("positions_dot", &positions_dot)?;
        let strain_dot: [[f64; 3]; 3] = vectors("strain_dot", &strain_dot)?
            .try_into()
            .map_err(|_| PyValueError::new_err("strain_dot: expected shape (3, 3)"))?;
        let dot = detached(py, || self.inner.jvp(&atoms, &positions_dot, &strain_dot, num_threads))?;
        matrix(py, atoms.len(), self.inner.n_features(), dot)
    }

    /// Edges of a structure and the gradients of the features of their centres; see `ferrip._core.pyi`.
    #[pyo3(signature = (structure, num_threads=None))]
    fn feature_edges<'py>(
        &self,
        py: Python<'py>,
        structure: StructureArg<'py>,
        num_threads: Option<usize>,
    ) -> PyResult<Edges<'py>> {
        let atoms = self::structure(py, &structure)?;
        let edges = detached(py, || self.inner.feature_edges(&atoms, num_threads))?;
        let n = edges.centers.len();
        let index = |of: Vec<u32>| Array1::from_iter(of.into_iter().map(i64::from)).into_pyarray(py);
        let gradients = Array3::from_shape_vec((n, 3, edges.width), edges.gradients)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok((
            index(edges.centers),
            index(edges.neighbors),
            matrix(py, n, 3, edges.vectors.into_flattened())?,
            gradients.into_pyarray(py),
        ))
    }

    /// Design rows of structures behind one another, Fortran order (rows, `n_features`).
    #[pyo3(signature = (structures, num_threads=None))]
    fn design<'py>(
        &self,
        py: Python<'py>,
        structures: Vec<StructureArg<'py>>,
        num_threads: Option<usize>,
    ) -> PyResult<Matrix<'py>> {
        let list = structures.iter().map(|s| structure(py, s)).collect::<PyResult<Vec<_>>>()?;
        design_array(py, detached(py, || self.inner.design(&list, num_threads))?)
    }

    /// The contracted evaluator with one coefficient (eV) per feature and one energy (eV) per element.
    #[pyo3(signature = (coefficients, e0, pairs=Vec::new(), simd=None))]
    fn evaluator(
        &self,
        py: Python<'_>,
        coefficients: PyReadonlyArray1<'_, f64>,
        e0: Vec<f64>,
        pairs: Vec<PairTerm>,
        simd: Option<&str>,
    ) -> PyResult<PyEvaluator> {
        let coefficients = coefficients.as_array().to_vec();
        let inner = detached(py, || {
            self.inner.evaluator(&coefficients, &e0, &baseline(&pairs)?, Path::resolve(simd)?)
        })?;
        Ok(PyEvaluator { inner: Arc::new(inner) })
    }

    /// As `evaluator`, with a network of the inputs of every element; see `ferrip._core.pyi`.
    #[pyo3(signature = (coefficients, e0, activation, networks, pairs=Vec::new(), simd=None))]
    #[expect(clippy::too_many_arguments, reason = "the keywords of the Python method")]
    fn network_evaluator(
        &self,
        py: Python<'_>,
        coefficients: PyReadonlyArray1<'_, f64>,
        e0: Vec<f64>,
        activation: &str,
        networks: Vec<Vec<LayerArrays<'_>>>,
        pairs: Vec<PairTerm>,
        simd: Option<&str>,
    ) -> PyResult<PyEvaluator> {
        let coefficients = coefficients.as_array().to_vec();
        let inputs = |layers: &Vec<LayerArrays<'_>>| layers.first().map_or(0, |(w, _)| w.as_array().ncols());
        let layer = |(weights, biases): LayerArrays<'_>| Layer {
            weights: weights.as_array().iter().copied().collect(),
            biases: biases.as_array().to_vec(),
        };
        let layers: Vec<(usize, Vec<Layer>)> = networks
            .into_iter()
            .map(|layers| (inputs(&layers), layers.into_iter().map(layer).collect()))
            .collect();
        let inner = detached(py, || {
            let activation = Activation::named(activation)?;
            let networks =
                layers.into_iter().map(|(inputs, layers)| Network::new(activation, inputs, layers));
            let networks = networks.collect::<Result<_, _>>()?;
            let linear = (&coefficients[..], &e0[..]);
            self.inner.network_evaluator(linear, networks, &baseline(&pairs)?, Path::resolve(simd)?)
        })?;
        Ok(PyEvaluator { inner: Arc::new(inner) })
    }
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

/// Adds the class to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyFeatures>()
}
