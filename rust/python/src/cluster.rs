//! The class `ClusterDescriptor`: splines of pairs and triplets as features, and their evaluator.

use std::sync::Arc;

use ferrip_core::cluster::spline::Axis;
use ferrip_core::cluster::{Descriptor, Pair, Program, Triplet, evaluator};
use ferrip_core::simd::Path;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::convert::StructureArg;
use crate::errors::detached;
use crate::evaluator::{PyEvaluator, ZblPair, baseline};
use crate::features::{self, FeatureRow, Matrix};

/// A pair: atomic numbers, knots in Å, trims.
type PairArg = ((u8, u8), Vec<f64>, (usize, usize));

/// A triplet: atomic numbers of i, j and k, knots along r_ij, r_ik and r_jk in Å, trims.
type TripletArg = ((u8, u8, u8), (Vec<f64>, Vec<f64>, Vec<f64>), (usize, usize));

/// A compiled cluster-engine program, frozen.
#[pyclass(frozen, name = "ClusterDescriptor", module = "ferrip._core")]
pub struct PyClusterDescriptor {
    inner: Descriptor,
}

#[pymethods]
impl PyClusterDescriptor {
    /// Cubic B-splines of pairs and triplets; see `ferrip._core.pyi`.
    #[new]
    #[pyo3(signature = (elements, pairs, triplets))]
    fn new(
        py: Python<'_>,
        elements: Vec<u8>,
        pairs: Vec<PairArg>,
        triplets: Vec<TripletArg>,
    ) -> PyResult<Self> {
        detached(py, || {
            let pairs = pairs
                .into_iter()
                .map(|((a, b), knots, (lead, trail))| {
                    Ok(Pair { elements: [a, b], axis: Axis::new(knots)?, trims: [lead, trail] })
                })
                .collect::<ferrip_core::Result<_>>()?;
            let triplets = triplets
                .into_iter()
                .map(|((i, j, k), (ij, ik, jk), (lead, trail))| {
                    let axes = [Axis::new(ij)?, Axis::new(ik)?, Axis::new(jk)?];
                    Ok(Triplet { elements: [i, j, k], axes, trims: [lead, trail] })
                })
                .collect::<ferrip_core::Result<_>>()?;
            Ok(Self { inner: Descriptor::new(Arc::new(Program::new(elements, pairs, triplets)?)) })
        })
    }

    /// Atomic numbers, ascending.
    #[getter]
    fn elements(&self) -> Vec<u32> {
        features::elements(&self.inner)
    }

    /// Largest cutoff in Å.
    #[getter]
    fn cutoff(&self) -> f64 {
        self.inner.program().cutoff()
    }

    /// Number of features.
    #[getter]
    fn n_features(&self) -> usize {
        self.inner.program().n_features()
    }

    /// Columns `(start, end)` that atoms of this element can have: all, since pairs share theirs.
    fn feature_range(&self, py: Python<'_>, element: u8) -> PyResult<(usize, usize)> {
        features::species_index(py, &self.inner, element)?;
        Ok((0, self.n_features()))
    }

    /// Per feature: (centre's atomic number, factors (neighbor's atomic number or 0 for r_jk, index, 0)).
    fn feature_table(&self) -> Vec<FeatureRow> {
        let factors = |list: &[(u8, u16)]| list.iter().map(|&(z, n)| (z, n, 0)).collect();
        self.inner.program().labels().iter().map(|(z, list)| (*z, factors(list))).collect()
    }

    /// Features of every atom, shape (N, `n_features`).
    #[pyo3(signature = (structure, num_threads=None))]
    fn values<'py>(
        &self,
        py: Python<'py>,
        structure: StructureArg<'py>,
        num_threads: Option<usize>,
    ) -> PyResult<Matrix<'py>> {
        features::values(py, &self.inner, &structure, num_threads)
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
        features::vjp(py, &self.inner, &structure, &values_bar, num_threads)
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
        features::jvp(py, &self.inner, &structure, &positions_dot, &strain_dot, num_threads)
    }

    /// Design rows of structures behind one another, Fortran order (rows, `n_features`).
    #[pyo3(signature = (structures, num_threads=None))]
    fn design<'py>(
        &self,
        py: Python<'py>,
        structures: Vec<StructureArg<'py>>,
        num_threads: Option<usize>,
    ) -> PyResult<Matrix<'py>> {
        features::design(py, &self.inner, &structures, num_threads)
    }

    /// Ones, shape (`n_features`,): the prior of splines is a covariance.
    fn smoothness<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vec![1.0; self.n_features()].into_pyarray(py)
    }

    /// The contracted evaluator with one coefficient (eV) per feature.
    #[pyo3(signature = (coefficients, e0, zbl=Vec::new(), simd=None))]
    fn evaluator(
        &self,
        py: Python<'_>,
        coefficients: PyReadonlyArray1<'_, f64>,
        e0: Vec<f64>,
        zbl: Vec<ZblPair>,
        simd: Option<&str>,
    ) -> PyResult<PyEvaluator> {
        let coefficients = coefficients.as_array().to_vec();
        let inner = detached(py, || {
            let path = Path::resolve(simd)?;
            evaluator::compile(self.inner.program(), &coefficients, &e0, &baseline(&zbl)?, path)
        })?;
        Ok(PyEvaluator { inner: Arc::new(inner) })
    }
}

/// Adds the class to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyClusterDescriptor>()
}
