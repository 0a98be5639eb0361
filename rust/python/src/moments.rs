//! The class `MomentDescriptor`: scalars of Cartesian moments as features.

use std::sync::Arc;

use ferrip_core::density::moments::{
    Descriptor, Moment, PairRadial, Polynomials, Product, Products, Program, RadialSettings,
};
use ferrip_core::mtp::{MtpFile, Rule, plan};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray4, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::convert::{StructureArg, structure};
use crate::errors::detached;
use crate::features::{FeatureRow, Matrix, PyFeatures, design_array};

/// A moment: radial function and powers of x, y and z.
pub type MomentTuple = (usize, u8, u8, u8);

/// A product: two factors, weight, and the node that it is added to.
pub type ProductTuple = (u32, u32, f64, u32);

/// Range and softness of the radial functions of a pair, Å.
type RangeTuple = (f64, f64, f64);

/// Scalars of moments as features, frozen.
#[pyclass(frozen, extends = PyFeatures, name = "MomentDescriptor", module = "ferrip._core")]
pub struct PyMomentDescriptor {
    inner: Arc<Descriptor>,
}

/// The object of the program that `make` returns.
fn object(
    py: Python<'_>,
    make: impl FnOnce() -> ferrip_core::Result<Program> + Send,
) -> PyResult<Py<PyMomentDescriptor>> {
    let inner = detached(py, || Ok(Arc::new(Descriptor::new(Arc::new(make()?)))))?;
    Py::new(py, PyFeatures::extended(inner.clone(), PyMomentDescriptor { inner }))
}

fn build(
    py: Python<'_>,
    elements: Vec<u8>,
    polynomials: &str,
    ranges: &[RangeTuple],
    coefficients: &PyReadonlyArray4<'_, f64>,
    scaling: f64,
    products: impl FnOnce() -> ferrip_core::Result<Products> + Send,
) -> PyResult<Py<PyMomentDescriptor>> {
    let polynomials = match polynomials {
        "chebyshev" => Polynomials::Chebyshev,
        "jacobi" => Polynomials::Jacobi,
        _ => {
            return Err(PyValueError::new_err(format!(
                "polynomials: expected 'chebyshev' or 'jacobi', got {polynomials:?}"
            )));
        }
    };
    let &[n_centers, n_neighbors, n_functions, n_polynomials] = coefficients.shape() else {
        return Err(PyValueError::new_err("coefficients: expected four dimensions"));
    };
    if n_centers != elements.len() || n_neighbors != elements.len() || ranges.len() != elements.len().pow(2) {
        return Err(PyValueError::new_err(format!(
            "{} elements need coefficients and a range for every ordered pair, got {n_centers} × {n_neighbors} and {}",
            elements.len(),
            ranges.len()
        )));
    }
    let settings = RadialSettings { polynomials, n_polynomials, n_functions, scaling };
    let all: Vec<f64> = coefficients.as_array().iter().copied().collect();
    let size = (n_functions * n_polynomials).max(1);
    let pairs = ranges.iter().zip(all.chunks_exact(size)).map(|(&(min, max, softness), own)| PairRadial {
        min,
        max,
        softness,
        coefficients: own.to_vec(),
    });
    let pairs: Vec<PairRadial> = pairs.collect();
    object(py, || Program::new(elements, settings, pairs, Arc::new(products()?)))
}

#[pymethods]
impl PyMomentDescriptor {
    /// The scalars of a level; see `ferrip._core.pyi`.
    #[staticmethod]
    #[pyo3(signature = (*, elements, level, max_radial=None, max_rank=None, max_factors=4,
                        polynomials="chebyshev", ranges, coefficients, scaling=1.0))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only settings of the Python constructor")]
    fn level(
        py: Python<'_>,
        elements: Vec<u8>,
        level: usize,
        max_radial: Option<usize>,
        max_rank: Option<usize>,
        max_factors: usize,
        polynomials: &str,
        ranges: Vec<RangeTuple>,
        coefficients: PyReadonlyArray4<'_, f64>,
        scaling: f64,
    ) -> PyResult<Py<Self>> {
        build(py, elements, polynomials, &ranges, &coefficients, scaling, || {
            Ok(plan(&Rule::new(level, max_radial, max_rank, max_factors)?.scalars()))
        })
    }

    /// Scalars as given; see `ferrip._core.pyi`.
    #[staticmethod]
    #[pyo3(signature = (*, elements, moments, n_nodes, products, scalars,
                        polynomials="chebyshev", ranges, coefficients, scaling=1.0))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only settings of the Python constructor")]
    fn explicit(
        py: Python<'_>,
        elements: Vec<u8>,
        moments: Vec<MomentTuple>,
        n_nodes: usize,
        products: Vec<ProductTuple>,
        scalars: Vec<u32>,
        polynomials: &str,
        ranges: Vec<RangeTuple>,
        coefficients: PyReadonlyArray4<'_, f64>,
        scaling: f64,
    ) -> PyResult<Py<Self>> {
        let limit = moments.len() + products.len();
        if n_nodes < moments.len() || n_nodes > limit {
            return Err(PyValueError::new_err(format!(
                "n_nodes: expected {} to {limit}, got {n_nodes}",
                moments.len()
            )));
        }
        build(py, elements, polynomials, &ranges, &coefficients, scaling, || {
            let moments =
                moments.into_iter().map(|(radial, a, b, c)| Moment { radial, powers: [a, b, c] }).collect();
            let products: Vec<Product> = products
                .into_iter()
                .map(|(a, b, weight, target)| Product { factors: [a, b], weight, target })
                .collect();
            Products::new(moments, n_nodes, &products, &scalars)
        })
    }

    /// The same scalars with other radial coefficients, shape (S, S, functions, polynomials).
    fn with_radial(&self, py: Python<'_>, coefficients: PyReadonlyArray4<'_, f64>) -> PyResult<Py<Self>> {
        let all: Vec<f64> = coefficients.as_array().iter().copied().collect();
        object(py, || self.inner.program().with_coefficients(&all))
    }

    /// Number of products that one evaluation of all scalars takes.
    #[getter]
    fn n_products(&self) -> usize {
        self.inner.program().products().products().len()
    }

    /// Per feature: (0, factors (0, μ, ν)).
    fn feature_table(&self) -> Vec<FeatureRow> {
        let tensors = self.tensors();
        let factors =
            |list: Vec<(usize, usize)>| list.into_iter().map(|(mu, nu)| (0, mu as u16, nu as u8)).collect();
        tensors.into_iter().map(|list| (0, factors(list))).collect()
    }

    /// Level of every scalar, shape (`n_features`,).
    fn smoothness<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        let level =
            |list: Vec<(usize, usize)>| list.iter().map(|(mu, nu)| (2 + 4 * mu + nu) as f64).sum::<f64>();
        self.tensors().into_iter().map(level).collect::<Vec<f64>>().into_pyarray(py)
    }

    /// Rows of the derivatives in the radial coefficients, Fortran order (rows, S·S·functions·polynomials).
    #[pyo3(signature = (structures, coefficients, num_threads=None))]
    fn radial_design<'py>(
        &self,
        py: Python<'py>,
        structures: Vec<StructureArg<'py>>,
        coefficients: PyReadonlyArray1<'py, f64>,
        num_threads: Option<usize>,
    ) -> PyResult<Matrix<'py>> {
        let list = structures.iter().map(|s| structure(py, s)).collect::<PyResult<Vec<_>>>()?;
        let coefficients = coefficients.as_array().to_vec();
        design_array(py, detached(py, || self.inner.radial_design(&list, &coefficients, num_threads))?)
    }

    /// Text of the `.mtp` file with these coefficients and energies (eV), untrained without coefficients.
    fn to_mtp(
        &self,
        py: Python<'_>,
        coefficients: Option<PyReadonlyArray1<'_, f64>>,
        e0: Vec<f64>,
        tag: String,
    ) -> PyResult<String> {
        let coefficients = coefficients.map(|coefficients| coefficients.as_array().to_vec());
        let trained = coefficients.as_deref().map(|coefficients| (coefficients, &e0[..]));
        detached(py, || Ok(MtpFile::from_program(self.inner.program(), trained, tag)?.write()))
    }
}

impl PyMomentDescriptor {
    /// The tensors of every scalar; none where they cannot be told.
    fn tensors(&self) -> Vec<Vec<(usize, usize)>> {
        let products = self.inner.program().products();
        products.tensors().unwrap_or_else(|| vec![Vec::new(); products.scalars().len()])
    }
}

/// Adds the class to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyMomentDescriptor>()
}
