//! The class `KernelDescriptor`: kernels between environments as features.

use std::sync::Arc;

use ferrip_core::Features;
use ferrip_core::density::{KernelDescriptor, KernelFunction};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::descriptor::PyDescriptor;
use crate::errors::detached;
use crate::features::{FeatureRow, PyFeatures};

/// Pair functions of a descriptor, and kernels of its other functions towards sparse environments, frozen.
#[pyclass(frozen, extends = PyFeatures, name = "KernelDescriptor", module = "ferrip._core")]
pub struct PyKernelDescriptor {
    pub inner: Arc<KernelDescriptor>,
    base: Py<PyDescriptor>,
}

#[pymethods]
impl PyKernelDescriptor {
    /// Kernels towards the rows of `points`, element by element; see `ferrip._core.pyi`.
    #[new]
    #[pyo3(signature = (base, points, zeta=None, *, length=None, scales=None))]
    fn new(
        py: Python<'_>,
        base: Py<PyDescriptor>,
        points: Vec<PyReadonlyArray2<'_, f64>>,
        zeta: Option<u32>,
        length: Option<f64>,
        scales: Option<Vec<PyReadonlyArray1<'_, f64>>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let below = Arc::clone(&base.get().inner);
        for (center, points) in below.program().centers().iter().zip(&points) {
            let expected = center.functions.len() + usize::from(scales.is_some());
            let got = points.shape()[1];
            if expected != got {
                let message = format!("points: expected rows of {expected} numbers, got {got}");
                return Err(PyValueError::new_err(message));
            }
        }
        let rows: Vec<Vec<f64>> = points.iter().map(|p| p.as_array().iter().copied().collect()).collect();
        let scales: Option<Vec<Vec<f64>>> =
            scales.map(|scales| scales.iter().map(|row| row.as_array().to_vec()).collect());
        let inner = detached(py, || {
            KernelDescriptor::new(below, rows, KernelFunction::new(zeta, length)?, scales).map(Arc::new)
        })?;
        Ok(PyFeatures::extended(inner.clone(), Self { inner, base }))
    }

    /// The descriptor whose functions are compared.
    #[getter]
    fn base(&self, py: Python<'_>) -> Py<PyDescriptor> {
        self.base.clone_ref(py)
    }

    /// Per feature: pair functions as in the descriptor below, then (centre's atomic number, [(0, number, 0)]).
    pub fn feature_table(&self) -> Vec<FeatureRow> {
        let below = self.base.get().table();
        let (program, mut table) = (self.inner.base().program(), Vec::new());
        for (z, kernel) in self.inner.kernels().iter().enumerate() {
            let first = program.feature_range(z).start;
            table.extend_from_slice(&below[first..first + program.centers()[z].n_pair_features()]);
            let number = program.species()[z];
            table.extend((1..=kernel.len() as u16).map(|s| (number, vec![(0, s, 0)])));
        }
        table
    }

    /// Ones, shape (`n_features`,): the prior of kernels is a covariance.
    fn smoothness<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vec![1.0; self.inner.n_features()].into_pyarray(py)
    }
}

/// Adds the class to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyKernelDescriptor>()
}
