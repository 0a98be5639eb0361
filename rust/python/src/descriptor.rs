//! The class `Descriptor`: a compiled density-engine program.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferrip_core::ace::{
    Ace, AceSettings, Factor, PairSettings, Selection, SpeciesBasis, compile, resolve_coefficients,
    resolved_factors, tied_functions,
};
use ferrip_core::chebyshev::ChebyshevSettings;
use ferrip_core::density::descriptor::FreeCoefficients;
use ferrip_core::density::{ANY_SPECIES, Descriptor, Program};
use ferrip_core::radial::{
    Decay, Fade, Gaussians, InnerSwitch, NeighborWeight, OverlapBasis, RadialSettings, SmoothEnd,
};
use ferrip_core::soap::SoapSettings;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::convert::{StructureArg, structure};
use crate::errors::{detached, to_python};
use crate::features::{FactorTuple, FeatureRow, Matrix, PyFeatures, design_array, matrix};
use crate::readout::PyReadout;

/// A compiled program of the density engine with its feature table, frozen.
#[pyclass(frozen, extends = PyFeatures, name = "Descriptor", module = "ferrip._core")]
pub struct PyDescriptor {
    /// The descriptor itself.
    pub inner: Arc<Descriptor>,
    table: Vec<FeatureRow>,
    /// The basis, where it comes from settings.
    ace: Option<Ace>,
}

/// Columns of tied functions and the covariance of their coefficients.
type TiedFunctionsOut<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray2<f64>>);

impl PyDescriptor {
    /// A descriptor whose functions of order ≥ 2 have the given factors, centre by centre.
    pub fn new<'a>(program: Arc<Program>, functions: impl IntoIterator<Item = &'a Vec<Vec<Factor>>>) -> Self {
        let species = program.species();
        let mut entries = program.centers().iter().flat_map(|center| &center.one_particle);
        let embedded = entries.any(|entry| entry.species == ANY_SPECIES);
        let number = |k: u16| if embedded { 0 } else { species[usize::from(k)] };
        let mut table: Vec<FeatureRow> = Vec::with_capacity(program.n_features());
        for ((&z0, center), own) in species.iter().zip(program.centers()).zip(functions) {
            for &z in species {
                table.extend((1..=center.n_pair as u16).map(|n| (z0, vec![(z, n, 0)])));
            }
            let factors = |list: &Vec<Factor>| list.iter().map(|f| (number(f.species), f.n, f.l)).collect();
            table.extend(own.iter().map(|list| (z0, factors(list))));
        }
        Self { inner: Arc::new(Descriptor::new(program)), table, ace: None }
    }

    /// Per feature, what it is.
    pub fn table(&self) -> &[FeatureRow] {
        &self.table
    }

    /// The Python object.
    ///
    /// # Errors
    /// Those of `PyO3`.
    pub fn into_object(self, py: Python<'_>) -> PyResult<Py<Self>> {
        Py::new(py, PyFeatures::extended(self.inner.clone(), self))
    }
}

#[pymethods]
impl PyDescriptor {
    /// Compiles an ACE basis; see `ferrip._core.pyi` for the settings.
    #[staticmethod]
    #[pyo3(signature = (*, elements, cutoff, pair_cutoff, n_pair, r0, degrees=None, l_weight=1.0, functions=None,
                        exponents=(2, 4), outer_zero=2, inner_zero=2,
                        pair_exponents=(1, 3), pair_outer_zero=3, pair_inner_zero=0,
                        species_weights=None, contrast_degree=0.0, cutoffs=None, pair_cutoffs=None,
                        inner_cutoffs=None, radial_coefficients=None))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only settings of the Python constructor")]
    fn ace(
        py: Python<'_>,
        elements: Vec<u8>,
        cutoff: f64,
        pair_cutoff: f64,
        n_pair: usize,
        r0: BTreeMap<(u8, u8), f64>,
        degrees: Option<Vec<f64>>,
        l_weight: f64,
        functions: Option<Vec<Vec<FactorTuple>>>,
        exponents: (i32, i32),
        outer_zero: u32,
        inner_zero: u32,
        pair_exponents: (i32, i32),
        pair_outer_zero: u32,
        pair_inner_zero: u32,
        species_weights: Option<Vec<Vec<f64>>>,
        contrast_degree: f64,
        cutoffs: Option<BTreeMap<(u8, u8), f64>>,
        pair_cutoffs: Option<BTreeMap<(u8, u8), f64>>,
        inner_cutoffs: Option<BTreeMap<(u8, u8), (f64, f64)>>,
        radial_coefficients: Option<Vec<Vec<f64>>>,
    ) -> PyResult<Py<Self>> {
        let (cutoffs, pair_cutoffs) = (cutoffs.unwrap_or_default(), pair_cutoffs.unwrap_or_default());
        let inner_cutoffs = inner_cutoffs.unwrap_or_default();
        let of_pair = |(pair, r0): ((u8, u8), f64)| {
            let settings = PairSettings {
                r0,
                cutoff: cutoffs.get(&pair).copied().unwrap_or(cutoff),
                pair_cutoff: pair_cutoffs.get(&pair).copied().unwrap_or(pair_cutoff),
                inner: inner_cutoffs.get(&pair).map(|&(end, width)| InnerSwitch { end, width }),
            };
            (pair, settings)
        };
        let selection = match (degrees, functions) {
            (Some(degrees), None) => Selection::Degree { degrees, l_weight },
            (None, Some(functions)) => Selection::Explicit(functions),
            _ => return Err(PyValueError::new_err("give either degrees or functions")),
        };
        let settings = AceSettings {
            elements,
            many_body: RadialSettings { n: 0, cutoff, exponents, outer_zero, inner_zero },
            pair: RadialSettings {
                n: n_pair,
                cutoff: pair_cutoff,
                exponents: pair_exponents,
                outer_zero: pair_outer_zero,
                inner_zero: pair_inner_zero,
            },
            pairs: r0.into_iter().map(of_pair).collect(),
            radial_coefficients: radial_coefficients.unwrap_or_default(),
            selection,
            species: species_weights.map_or(SpeciesBasis::Resolved, |weights| SpeciesBasis::Embedded {
                weights,
                contrast_degree,
            }),
        };
        let descriptor = detached(py, || {
            let ace = compile(&settings)?;
            let same = std::iter::repeat(&ace.functions);
            let descriptor = Self::new(Arc::clone(&ace.program), same);
            Ok(Self { ace: Some(ace), ..descriptor })
        })?;
        descriptor.into_object(py)
    }

    /// Compiles a SOAP power spectrum; see `ferrip._core.pyi` for the settings.
    #[staticmethod]
    #[pyo3(signature = (*, elements, n_max, l_max, cutoff, sigma, reach=None, cutoff_width=0.0, decay_length=None,
                        decay_power=4.0, center_weight=1.0, symmetric=true, species_weights=None,
                        pair_centers=Vec::new(), pair_width=1.0, pair_cutoff=None, pair_cutoff_width=0.0,
                        basis="gto"))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only settings of the Python constructor")]
    fn soap(
        py: Python<'_>,
        elements: Vec<u8>,
        n_max: usize,
        l_max: usize,
        cutoff: f64,
        sigma: f64,
        reach: Option<f64>,
        cutoff_width: f64,
        decay_length: Option<f64>,
        decay_power: f64,
        center_weight: f64,
        symmetric: bool,
        species_weights: Option<Vec<Vec<f64>>>,
        pair_centers: Vec<f64>,
        pair_width: f64,
        pair_cutoff: Option<f64>,
        pair_cutoff_width: f64,
        basis: &str,
    ) -> PyResult<Py<Self>> {
        let basis = OverlapBasis::parse(basis).map_err(|error| to_python(py, &error))?;
        let pair_end = SmoothEnd { cutoff: pair_cutoff.unwrap_or(cutoff), width: pair_cutoff_width };
        let settings = SoapSettings {
            elements,
            basis,
            n_max,
            l_max,
            cutoff,
            neighbors: NeighborWeight {
                end: SmoothEnd { cutoff: reach.unwrap_or(cutoff), width: cutoff_width },
                decay: decay_length.map(|length| Decay { length, power: decay_power }),
            },
            sigma,
            center_weight,
            symmetric,
            species_weights,
            pair: Gaussians { centers: pair_centers, width: pair_width, end: pair_end },
        };
        let descriptor = detached(py, || {
            let soap = ferrip_core::soap::compile(&settings)?;
            Ok(Self::new(soap.program, std::iter::repeat(&soap.functions)))
        })?;
        descriptor.into_object(py)
    }

    /// Compiles a Chebyshev descriptor; see `ferrip._core.pyi` for the settings.
    #[staticmethod]
    #[pyo3(signature = (*, elements, radial_order, angular_order, radial_cutoff, angular_cutoff, species_weights,
                        fade="cosine"))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only settings of the Python constructor")]
    fn chebyshev(
        py: Python<'_>,
        elements: Vec<u8>,
        radial_order: usize,
        angular_order: usize,
        radial_cutoff: f64,
        angular_cutoff: f64,
        species_weights: Vec<Vec<f64>>,
        fade: &str,
    ) -> PyResult<Py<Self>> {
        let descriptor = detached(py, || {
            let chebyshev = ferrip_core::chebyshev::compile(&ChebyshevSettings {
                elements,
                orders: [radial_order, angular_order],
                cutoffs: [radial_cutoff, angular_cutoff],
                fade: Fade::parse(fade)?,
                species_weights,
            })?;
            Ok(Self::new(chebyshev.program, std::iter::repeat(&chebyshev.functions)))
        })?;
        descriptor.into_object(py)
    }

    /// Per feature: (centre's atomic number, factors (neighbor's atomic number or 0 for a sum over all, n ≥ 1, l)).
    fn feature_table(&self) -> Vec<FeatureRow> {
        self.table.clone()
    }

    /// Jacobian rows of embedded densities and, in the last column, the quantities themselves.
    #[pyo3(signature = (structures, readout, free, num_threads=None))]
    fn embedded_design<'py>(
        &self,
        py: Python<'py>,
        structures: Vec<StructureArg<'py>>,
        readout: &PyReadout,
        free: PyReadonlyArray2<'py, bool>,
        num_threads: Option<usize>,
    ) -> PyResult<Matrix<'py>> {
        let list = structures.iter().map(|s| structure(py, s)).collect::<PyResult<Vec<_>>>()?;
        let flags: Vec<Vec<bool>> = free.as_array().rows().into_iter().map(|row| row.to_vec()).collect();
        let free = FreeCoefficients::new(&flags);
        let block = detached(py, || self.inner.embedded_design(&list, &readout.inner, &free, num_threads))?;
        design_array(py, block)
    }

    /// Derivatives of the energies of the atoms in the coefficients of all densities, (N, P · `n_features`).
    #[pyo3(signature = (structure, readout, num_threads=None))]
    fn embedded_values<'py>(
        &self,
        py: Python<'py>,
        structure: StructureArg<'py>,
        readout: &PyReadout,
        num_threads: Option<usize>,
    ) -> PyResult<Matrix<'py>> {
        let atoms = self::structure(py, &structure)?;
        let values = detached(py, || self.inner.embedded_values(&atoms, &readout.inner, num_threads))?;
        matrix(py, atoms.len(), values.len() / atoms.len().max(1), values)
    }

    /// Smoothness `Σ_factors n^power + (l_weight·l)^power` of every feature, shape (`n_features`,).
    #[pyo3(signature = (power=2.0, l_weight=1.0))]
    fn smoothness<'py>(&self, py: Python<'py>, power: f64, l_weight: f64) -> Bound<'py, PyArray1<f64>> {
        let term = |n: u16, l: u8| f64::from(n).powf(power) + (l_weight * f64::from(l)).powf(power);
        self.table
            .iter()
            .map(|(_, factors)| factors.iter().map(|&(_, n, l)| term(n, l)).sum())
            .collect::<Vec<f64>>()
            .into_pyarray(py)
    }

    /// Factors per species of the products that an element embedding sums up; empty without an embedding.
    fn resolved_functions(&self) -> Vec<Vec<FactorTuple>> {
        let Some(ace) = &self.ace else { return Vec::new() };
        let species = ace.program.species();
        let tuple = |f: &Factor| (species[usize::from(f.species)], f.n, f.l);
        resolved_factors(ace).iter().map(|list| list.iter().map(tuple).collect()).collect()
    }

    /// Coefficients on `resolved`, a basis of the `resolved_functions` of this one, that give the same energies.
    fn resolve_coefficients<'py>(
        &self,
        py: Python<'py>,
        resolved: &Self,
        coefficients: PyReadonlyArray1<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let (Some(own), Some(target)) = (&self.ace, &resolved.ace) else {
            return Err(PyValueError::new_err("resolve_coefficients: expected two bases made from settings"));
        };
        let given: Vec<f64> = coefficients.as_array().iter().copied().collect();
        let n = own.program.species().len();
        if given.len() != own.program.n_features() || target.program.species() != own.program.species() {
            return Err(PyValueError::new_err("resolve_coefficients: coefficients or species do not match"));
        }
        let per_center = given.chunks_exact((given.len() / n).max(1));
        let out: Vec<f64> = per_center.flat_map(|part| resolve_coefficients(own, target, part)).collect();
        Ok(out.into_pyarray(py))
    }

    /// Groups of functions of one centre that differ only in neighbor species, with the covariance of their
    /// coefficients under `similarity` (S, S).
    fn tied_functions<'py>(
        &self,
        py: Python<'py>,
        similarity: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Vec<TiedFunctionsOut<'py>>> {
        let n = self.inner.program().species().len();
        let given = similarity.as_array();
        if given.dim() != (n, n) || given.iter().any(|v| !v.is_finite()) {
            return Err(PyValueError::new_err(format!(
                "similarity: expected {n} × {n} finite numbers, got shape {:?}",
                given.dim()
            )));
        }
        let kappa: Vec<f64> = given.iter().copied().collect();
        let Some(ace) = &self.ace else { return Ok(Vec::new()) };
        tied_functions(ace, &kappa)
            .into_iter()
            .map(|tied| {
                let k = tied.columns.len();
                let columns: Vec<i64> = tied.columns.iter().map(|&c| c as i64).collect();
                Ok((columns.into_pyarray(py), matrix(py, k, k, tied.covariance)?))
            })
            .collect()
    }
}

/// Adds the class to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyDescriptor>()
}
