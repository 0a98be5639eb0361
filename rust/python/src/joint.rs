//! The class `JointDescriptor`: kernels, and linear functions beside them.

use std::sync::Arc;

use ferrip_core::{Features, JointDescriptor};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

use crate::descriptor::PyDescriptor;
use crate::errors::to_python;
use crate::features::{FeatureRow, PyFeatures};
use crate::kernel::PyKernelDescriptor;

/// Kernels and functions of the density engine, element by element, frozen.
#[pyclass(frozen, extends = PyFeatures, name = "JointDescriptor", module = "ferrip._core")]
pub struct PyJointDescriptor {
    kernels: Py<PyKernelDescriptor>,
    linear: Py<PyDescriptor>,
}

#[pymethods]
impl PyJointDescriptor {
    /// The features of `kernels`, then those of `linear`, element by element.
    #[new]
    fn new(
        py: Python<'_>,
        kernels: Py<PyKernelDescriptor>,
        linear: Py<PyDescriptor>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let (first, second) = (Arc::clone(&kernels.get().inner), Arc::clone(&linear.get().inner));
        let inner = JointDescriptor::new(first, second).map_err(|error| to_python(py, &error))?;
        Ok(PyFeatures::extended(Arc::new(inner), Self { kernels, linear }))
    }

    /// The kernels.
    #[getter]
    fn kernels(&self, py: Python<'_>) -> Py<PyKernelDescriptor> {
        self.kernels.clone_ref(py)
    }

    /// The linear functions.
    #[getter]
    fn linear(&self, py: Python<'_>) -> Py<PyDescriptor> {
        self.linear.clone_ref(py)
    }

    /// Per feature, as in the tables of both.
    fn feature_table(&self) -> Vec<FeatureRow> {
        let (kernels, linear) = (self.kernels.get(), self.linear.get());
        let (first, second) = (kernels.feature_table(), linear.table());
        let each = 0..kernels.inner.species().len();
        each.flat_map(|z| {
            let own = first[kernels.inner.feature_range(z)].iter();
            own.chain(&second[linear.inner.feature_range(z)]).cloned().collect::<Vec<_>>()
        })
        .collect()
    }

    /// Ones, shape (`n_features`,): the prior of kernels is a covariance, and so is that of functions beside them.
    fn smoothness<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        let n = self.kernels.get().inner.n_features() + self.linear.get().inner.n_features();
        vec![1.0; n].into_pyarray(py)
    }
}

/// Adds the class to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyJointDescriptor>()
}
