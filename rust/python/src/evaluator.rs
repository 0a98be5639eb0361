//! The classes `Evaluator` and `Session`, and pair baselines.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ferrip_core::density::Readout;
use ferrip_core::density::evaluator::{Evaluation, Evaluator, Options, Session, compute_analytic};
use ferrip_core::neighbors::NeighborList;
use ferrip_core::pair::{Baseline, Ending, Form, Term, zbl};
use ferrip_core::radial::table::Tabulation;
use ferrip_core::simd::Path;
use ferrip_core::simd::peak::peak;
use ferrip_core::{Result, threads};
use numpy::ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::convert::{StructureArg, structure};
use crate::descriptor::PyDescriptor;
use crate::errors::{detached, to_python};
use crate::readout::PyReadout;

/// A pair function: (z1, z2, form, numbers, (ending, start, cutoff)).
pub type PairTerm = (u8, u8, String, Vec<f64>, (String, f64, f64));

/// Energies (N,), forces (N, 3) and strain derivative (3, 3).
type Arrays<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>);

/// The baseline of a list of pair functions.
///
/// # Errors
/// Those of [`Form::named`], [`Ending::named`] and [`Baseline::new`].
pub fn baseline(terms: &[PairTerm]) -> Result<Baseline> {
    let term = |(z1, z2, form, numbers, (ending, start, cutoff)): &PairTerm| {
        Ok(Term {
            elements: [*z1, *z2],
            form: Form::named(form, numbers)?,
            ending: Ending::named(ending, *start)?,
            cutoff: *cutoff,
        })
    };
    Baseline::new(terms.iter().map(term).collect::<Result<_>>()?)
}

fn arrays(py: Python<'_>, evaluation: Evaluation) -> PyResult<Arrays<'_>> {
    let matrix = |rows: usize, data: Vec<f64>| {
        Array2::from_shape_vec((rows, 3), data)
            .map(|array| array.into_pyarray(py))
            .map_err(|error| PyValueError::new_err(error.to_string()))
    };
    let forces = matrix(evaluation.forces.len(), evaluation.forces.into_flattened())?;
    let strain = matrix(3, evaluation.strain_gradient.as_flattened().to_vec())?;
    Ok((evaluation.energies.into_pyarray(py), forces, strain))
}

fn tables(tolerance: Option<f64>, grid: Option<f64>) -> Tabulation {
    let default = Tabulation::default();
    Tabulation { tolerance: tolerance.unwrap_or(default.tolerance), grid, ..default }
}

/// Contracted fast evaluator of a potential.
#[pyclass(frozen, name = "Evaluator", module = "ferrip._core")]
pub struct PyEvaluator {
    /// The evaluator itself.
    pub inner: Arc<Evaluator>,
}

#[pymethods]
impl PyEvaluator {
    /// Compiles a descriptor, one coefficient per feature, one energy (eV) per element and pair functions.
    #[new]
    #[pyo3(signature = (descriptor, coefficients, e0, pairs=Vec::new(), simd=None, tolerance=None))]
    fn new(
        py: Python<'_>,
        descriptor: &PyDescriptor,
        coefficients: PyReadonlyArray1<'_, f64>,
        e0: Vec<f64>,
        pairs: Vec<PairTerm>,
        simd: Option<&str>,
        tolerance: Option<f64>,
    ) -> PyResult<Self> {
        let coefficients = coefficients.as_array().to_vec();
        let program = descriptor.inner.program();
        let inner = detached(py, || {
            let options = Options { path: Path::resolve(simd)?, tables: tables(tolerance, None) };
            let readout = Readout::linear(program, &coefficients, &e0)?;
            Evaluator::new(program, &readout, &baseline(&pairs)?, options)
        })?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// As the constructor, with a readout instead of coefficients and energies.
    #[staticmethod]
    #[pyo3(signature = (descriptor, readout, pairs=Vec::new(), simd=None, tolerance=None, bin_width=None))]
    fn from_readout(
        py: Python<'_>,
        descriptor: &PyDescriptor,
        readout: &PyReadout,
        pairs: Vec<PairTerm>,
        simd: Option<&str>,
        tolerance: Option<f64>,
        bin_width: Option<f64>,
    ) -> PyResult<Self> {
        let program = descriptor.inner.program();
        let inner = detached(py, || {
            let options = Options { path: Path::resolve(simd)?, tables: tables(tolerance, bin_width) };
            Evaluator::new(program, &readout.inner, &baseline(&pairs)?, options)
        })?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The sum of evaluators of the same elements.
    #[staticmethod]
    fn sum(py: Python<'_>, parts: Vec<PyRef<'_, Self>>) -> PyResult<Self> {
        let parts: Vec<&Evaluator> = parts.iter().map(|part| &*part.inner).collect();
        let inner = Evaluator::sum(&parts).map_err(|error| to_python(py, &error))?;
        Ok(Self { inner: Arc::new(inner) })
    }

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

    /// SIMD path in use: 'avx512', 'avx2' or 'generic'.
    #[getter]
    fn simd(&self) -> &'static str {
        self.inner.path().name()
    }

    /// Energies (N,), forces (N, 3) and dE/dε (3, 3); builds a neighbor list.
    #[pyo3(signature = (structure, num_threads=None))]
    fn compute<'py>(
        &self,
        py: Python<'py>,
        structure: StructureArg<'py>,
        num_threads: Option<usize>,
    ) -> PyResult<Arrays<'py>> {
        let atoms = self::structure(py, &structure)?;
        let evaluation = detached(py, || {
            let pool = threads::pool(num_threads)?;
            let list = pool.install(|| NeighborList::build(&atoms, self.inner.cutoff()))?;
            self.inner.compute(&atoms, &list, num_threads)
        })?;
        arrays(py, evaluation)
    }

    /// Energies (N,), forces (N, 3) and dE/dε (3, 3) of every structure, each by one thread; builds neighbor lists.
    #[pyo3(signature = (structures, num_threads=None))]
    fn compute_all<'py>(
        &self,
        py: Python<'py>,
        structures: Vec<StructureArg<'py>>,
        num_threads: Option<usize>,
    ) -> PyResult<Vec<Arrays<'py>>> {
        let list = structures.iter().map(|one| structure(py, one)).collect::<PyResult<Vec<_>>>()?;
        let evaluations = detached(py, || self.inner.compute_all(&list, num_threads))?;
        evaluations.into_iter().map(|evaluation| arrays(py, evaluation)).collect()
    }

    /// A session that reuses its neighbor list while no atom moved by more than half the skin (Å).
    #[pyo3(signature = (skin=0.5, num_threads=None))]
    fn session(&self, py: Python<'_>, skin: f64, num_threads: Option<usize>) -> PyResult<PySession> {
        let session = Session::new(Arc::clone(&self.inner), skin, num_threads)
            .map_err(|error| to_python(py, &error))?;
        Ok(PySession { inner: Mutex::new(session) })
    }
}

/// An evaluator with a Verlet-skin neighbor list.
#[pyclass(frozen, name = "Session", module = "ferrip._core")]
pub struct PySession {
    inner: Mutex<Session>,
}

impl PySession {
    /// Waits for the session with the GIL released, and uses it.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Session) -> Result<T> + Send,
    ) -> PyResult<T> {
        detached(py, || work(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

#[pymethods]
impl PySession {
    /// Energies (N,), forces (N, 3) and dE/dε (3, 3).
    fn compute<'py>(&self, py: Python<'py>, structure: StructureArg<'py>) -> PyResult<Arrays<'py>> {
        let atoms = self::structure(py, &structure)?;
        let evaluation = self.with(py, |session| session.compute(atoms))?;
        arrays(py, evaluation)
    }

    /// Number of neighbor lists built so far.
    #[getter]
    fn rebuilds(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, |session| Ok(session.rebuilds()))
    }

    /// Mean number of neighbors within the cutoffs in the last compute.
    #[getter]
    fn neighbors_per_atom(&self, py: Python<'_>) -> PyResult<f64> {
        self.with(py, |session| session.neighbors_per_atom())
    }

    /// Shortest distance (Å) per unordered pair of atomic numbers (low, high) in the last compute.
    fn minimum_distances(&self, py: Python<'_>) -> PyResult<BTreeMap<(u32, u32), f64>> {
        let distances = self.with(py, |session| session.minimum_distances())?;
        Ok(distances.into_iter().map(|((low, high), r)| ((low.into(), high.into()), r)).collect())
    }
}

/// Energies (N,), forces (N, 3) and dE/dε (3, 3) through all features, without tables: strict and slow.
#[pyfunction(name = "compute_analytic")]
#[pyo3(signature = (descriptor, readout, structure, pairs=Vec::new(), num_threads=None))]
fn analytic<'py>(
    py: Python<'py>,
    descriptor: &PyDescriptor,
    readout: &PyReadout,
    structure: StructureArg<'py>,
    pairs: Vec<PairTerm>,
    num_threads: Option<usize>,
) -> PyResult<Arrays<'py>> {
    let atoms = self::structure(py, &structure)?;
    let evaluation = detached(py, || {
        compute_analytic(&descriptor.inner, &readout.inner, &baseline(&pairs)?, &atoms, num_threads)
    })?;
    arrays(py, evaluation)
}

/// Names of the SIMD paths that this processor and build support, fastest first.
#[pyfunction]
fn supported_simd() -> Vec<&'static str> {
    Path::supported().into_iter().map(Path::name).collect()
}

/// Floating-point operations per second of one core, from chains of fused multiply-adds: best of `rounds`.
#[pyfunction]
#[pyo3(signature = (simd=None, rounds=20))]
fn peak_flops(py: Python<'_>, simd: Option<&str>, rounds: usize) -> PyResult<f64> {
    detached(py, || peak(Path::resolve(simd)?, rounds.max(1)))
}

/// ZBL with default switches between all unordered pairs of elements.
#[pyfunction]
fn zbl_defaults(elements: Vec<u8>) -> Vec<PairTerm> {
    let term = |Term { elements: [z1, z2], form, ending, cutoff }: Term| {
        let ((form, numbers), (ending, start)) = (form.name(), ending.name());
        (z1, z2, form.to_owned(), numbers, (ending.to_owned(), start, cutoff))
    };
    zbl::defaults(&elements).into_iter().map(term).collect()
}

/// Energy, forces and strain derivatives of a pair baseline in the row layout of `Descriptor.design`.
#[pyfunction]
#[pyo3(signature = (structures, pairs, num_threads=None))]
fn pair_design_offset<'py>(
    py: Python<'py>,
    structures: Vec<StructureArg<'py>>,
    pairs: Vec<PairTerm>,
    num_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let list = structures.iter().map(|s| structure(py, s)).collect::<PyResult<Vec<_>>>()?;
    let rows = detached(py, || baseline(&pairs)?.design_rows(&list, num_threads))?;
    Ok(rows.into_pyarray(py))
}

/// Adds the classes and functions to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyEvaluator>()?;
    module.add_class::<PySession>()?;
    module.add_function(wrap_pyfunction!(analytic, module)?)?;
    module.add_function(wrap_pyfunction!(supported_simd, module)?)?;
    module.add_function(wrap_pyfunction!(peak_flops, module)?)?;
    module.add_function(wrap_pyfunction!(zbl_defaults, module)?)?;
    module.add_function(wrap_pyfunction!(pair_design_offset, module)?)
}
