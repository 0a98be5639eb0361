//! The class `AcsfDescriptor`: symmetry functions as features.

use std::sync::Arc;

use ferrip_core::Features;
use ferrip_core::acsf::{AcsfSettings, AngularFunction, Descriptor, Label, RadialFunction};
use ferrip_core::radial::Fade;
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

use crate::errors::detached;
use crate::features::{FeatureRow, PyFeatures};

/// Compiled symmetry functions, frozen.
#[pyclass(frozen, extends = PyFeatures, name = "AcsfDescriptor", module = "ferrip._core")]
pub struct PyAcsfDescriptor {
    inner: Arc<Descriptor>,
}

#[pymethods]
impl PyAcsfDescriptor {
    /// Compiles symmetry functions; see `ferrip._core.pyi` for the settings.
    #[new]
    #[pyo3(signature = (*, elements, cutoff, g2=Vec::new(), g4=Vec::new(), g5=Vec::new(), species_weights=None,
                        fade="cosine"))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only settings of the Python constructor")]
    fn new(
        py: Python<'_>,
        elements: Vec<u8>,
        cutoff: f64,
        g2: Vec<[f64; 2]>,
        g4: Vec<[f64; 3]>,
        g5: Vec<[f64; 3]>,
        species_weights: Option<Vec<Vec<f64>>>,
        fade: &str,
    ) -> PyResult<PyClassInitializer<Self>> {
        let angular = |[eta, zeta, lambda]: [f64; 3]| AngularFunction { eta, zeta, lambda };
        let inner = detached(py, || {
            Ok(Arc::new(Descriptor::new(AcsfSettings {
                elements,
                cutoff,
                fade: Fade::parse(fade)?,
                g2: g2.into_iter().map(|[eta, center]| RadialFunction { eta, center }).collect(),
                g4: g4.into_iter().map(angular).collect(),
                g5: g5.into_iter().map(angular).collect(),
                species_weights,
            })?))
        })?;
        Ok(PyFeatures::extended(inner.clone(), Self { inner }))
    }

    /// Per feature: (centre's atomic number, factors (neighbor's atomic number or 0 with weights, number, 0)).
    fn feature_table(&self) -> Vec<FeatureRow> {
        let program = self.inner.program();
        let species = program.species();
        let number = |group: usize| if program.is_weighted() { 0 } else { species[group] };
        let row = |z: u8, label: &Label| {
            (z, label.groups.iter().map(|&group| (number(group), label.number as u16, 0)).collect())
        };
        species.iter().flat_map(|&z| program.labels().iter().map(move |label| row(z, label))).collect()
    }

    /// Ones, shape (`n_features`,): the functions have no order.
    fn smoothness<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vec![1.0; self.inner.n_features()].into_pyarray(py)
    }
}

/// Adds the class to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyAcsfDescriptor>()
}
