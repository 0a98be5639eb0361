//! The class `ClusterDescriptor`: splines of pairs, triplets and densities as features.

use std::sync::Arc;

use ferrip_core::cluster::spline::Axis;
use ferrip_core::cluster::{Density, Descriptor, Embedding, Pair, Program, Triplet};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

use crate::errors::detached;
use crate::features::{FeatureRow, PyFeatures};

/// A pair: atomic numbers, knots in Å, trims.
type PairArg = ((u8, u8), Vec<f64>, (usize, usize));

/// A triplet: atomic numbers of i, j and k, knots along r_ij, r_ik and r_jk in Å, trims.
type TripletArg = ((u8, u8, u8), (Vec<f64>, Vec<f64>, Vec<f64>), (usize, usize));

/// A density: atomic number of the centre, knots of ρ, and atomic number, knots in Å and coefficients of what
/// neighbors add.
type EmbeddingArg = (u8, Vec<f64>, Vec<(u8, Vec<f64>, Vec<f64>)>);

/// A compiled cluster-engine program, frozen.
#[pyclass(frozen, extends = PyFeatures, name = "ClusterDescriptor", module = "ferrip._core")]
pub struct PyClusterDescriptor {
    inner: Arc<Descriptor>,
}

#[pymethods]
impl PyClusterDescriptor {
    /// Cubic B-splines of pairs, triplets and densities; see `ferrip._core.pyi`.
    #[new]
    #[pyo3(signature = (elements, pairs, triplets, embeddings = Vec::new()))]
    fn new(
        py: Python<'_>,
        elements: Vec<u8>,
        pairs: Vec<PairArg>,
        triplets: Vec<TripletArg>,
        embeddings: Vec<EmbeddingArg>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let inner = detached(py, || {
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
            let embeddings = embeddings
                .into_iter()
                .map(|(center, knots, densities)| {
                    let density =
                        |(z, knots, coefficients)| Ok((z, Density::new(Axis::new(knots)?, coefficients)?));
                    let densities = densities.into_iter().map(density).collect::<ferrip_core::Result<_>>()?;
                    Ok(Embedding { center, axis: Axis::new(knots)?, densities })
                })
                .collect::<ferrip_core::Result<_>>()?;
            let program = Program::new(elements, pairs, triplets, embeddings)?;
            Ok(Arc::new(Descriptor::new(Arc::new(program))))
        })?;
        Ok(PyFeatures::extended(inner.clone(), Self { inner }))
    }

    /// Per feature: (centre's atomic number, factors (neighbor's atomic number or 0 for r_jk, index, 0)); of a
    /// density (0, its number, 0) and (0, index, 0).
    fn feature_table(&self) -> Vec<FeatureRow> {
        let factors = |list: &[(u8, u16)]| list.iter().map(|&(z, n)| (z, n, 0)).collect();
        self.inner.program().labels().iter().map(|(z, list)| (*z, factors(list))).collect()
    }

    /// Ones, shape (`n_features`,): the prior of splines is a covariance.
    fn smoothness<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vec![1.0; self.inner.program().n_features()].into_pyarray(py)
    }
}

/// Adds the class to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyClusterDescriptor>()
}
