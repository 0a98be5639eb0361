//! Reading potentials of MLIP, and the counts of a level.

use std::collections::BTreeSet;

use ferrip_core::density::moments::Products;
use ferrip_core::mtp::{Matched, MtpFile, Rule, plan};
use numpy::ndarray::Array4;
use numpy::{IntoPyArray, PyArray1, PyArray4};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::detached;
use crate::moments::{MomentTuple, ProductTuple};

/// Moments, number of nodes, products and scalars.
type ExplicitTuple = (Vec<MomentTuple>, usize, Vec<ProductTuple>, Vec<u32>);

/// What a `.mtp` or `.almtp` file holds.
#[pyclass(frozen, get_all, name = "MtpFile", module = "ferrip._core")]
pub struct PyMtpFile {
    /// Number of species.
    n_species: usize,
    /// Free text.
    tag: String,
    /// `min_dist` and `max_dist`, Å.
    range: (f64, f64),
    /// Scaling of the radial functions.
    scaling: f64,
    /// (S, S, functions, polynomials), or `None`.
    radial_coefficients: Option<Py<PyArray4<f64>>>,
    /// (S,) eV, or `None`.
    species_coefficients: Option<Py<PyArray1<f64>>>,
    /// (scalars,) eV, or `None`: of the rule's scalars where there is a rule, otherwise of the file's.
    coefficients: Option<Py<PyArray1<f64>>>,
    /// (level, max_radial, max_rank, max_factors) of the rule that holds the file's scalars, or `None`.
    rule: Option<[usize; 4]>,
    /// The scalars as in the file, or `None` where there is a rule.
    explicit: Option<ExplicitTuple>,
}

/// Reads the bytes of a `.mtp` or `.almtp` file.
#[pyfunction]
fn read_mtp(py: Python<'_>, content: Vec<u8>) -> PyResult<PyMtpFile> {
    let (file, matched) = detached(py, || {
        let file = MtpFile::read(&content)?;
        let matched = Matched::new(&file.products);
        Ok((file, matched))
    })?;
    let coefficients = match (&matched, file.moment_coefficients) {
        (Some(matched), Some(list)) => Some(matched.coefficients(&list)),
        (_, list) => list,
    };
    let n = file.n_species;
    let shape = (n, n, file.radial.n_functions, file.radial.n_polynomials);
    let radial = file
        .radial_coefficients
        .map(|list| Array4::from_shape_vec(shape, list))
        .transpose()
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(PyMtpFile {
        n_species: n,
        tag: file.tag,
        range: (file.min, file.max),
        scaling: file.radial.scaling,
        radial_coefficients: radial.map(|array| array.into_pyarray(py).unbind()),
        species_coefficients: file.species_coefficients.map(|list| list.into_pyarray(py).unbind()),
        coefficients: coefficients.map(|list| list.into_pyarray(py).unbind()),
        explicit: matched.is_none().then(|| explicit(&file.products)),
        rule: matched.map(|matched| matched.rule.bounds()),
    })
}

fn explicit(products: &Products) -> ExplicitTuple {
    let moments = products.moments().iter().map(|m| (m.radial, m.powers[0], m.powers[1], m.powers[2]));
    let list = products.products().iter().map(|p| (p.factors[0], p.factors[1], p.weight, p.target));
    (moments.collect(), products.n_nodes(), list.collect(), products.scalars().to_vec())
}

/// Numbers of scalars, radial functions, moments and products of a level.
#[pyfunction]
#[pyo3(signature = (level, max_radial=None, max_rank=None, max_factors=4))]
fn level_counts(
    py: Python<'_>,
    level: usize,
    max_radial: Option<usize>,
    max_rank: Option<usize>,
    max_factors: usize,
) -> PyResult<(usize, usize, usize, usize)> {
    detached(py, || {
        let scalars = Rule::new(level, max_radial, max_rank, max_factors)?.scalars();
        let products = plan(&scalars);
        let radials: BTreeSet<usize> = products.moments().iter().map(|moment| moment.radial).collect();
        Ok((scalars.len(), radials.len(), products.moments().len(), products.products().len()))
    })
}

/// Adds the class and functions to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyMtpFile>()?;
    module.add_function(wrap_pyfunction!(read_mtp, module)?)?;
    module.add_function(wrap_pyfunction!(level_counts, module)?)
}
