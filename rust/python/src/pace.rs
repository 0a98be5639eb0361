//! Reading and writing potentials of pacemaker and ML-PACE.

use std::collections::BTreeMap;

use ferrip_core::ace::pace::{Compiled, Format, PaceModel, compile, export, variant_name, write};
use ferrip_core::density::readout::{CenterReadout, CoreSwitch, Embedding};
use numpy::ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::descriptor::PyDescriptor;
use crate::errors::detached;
use crate::evaluator::{PairTerm, baseline};
use crate::readout::PyReadout;

/// Shape of an embedding and (prefactor, exponent) of each density.
type Shape = (String, Vec<(f64, f64)>);

/// What a potential file holds.
#[pyclass(frozen, get_all, name = "PaceFile", module = "ferrip._core")]
pub struct PyPaceFile {
    /// The products of the file.
    descriptor: Py<PyDescriptor>,
    /// Energy of the lone atom by atomic number, eV.
    e0: BTreeMap<u8, f64>,
    /// (densities, features) coefficients.
    coefficients: Py<PyArray2<f64>>,
    /// By atomic number.
    embeddings: BTreeMap<u8, Shape>,
    /// (features,) coefficients of ρ_core.
    core: Option<Py<PyArray1<f64>>>,
    /// By atomic number: (end, width) in eV of the switch that ρ_core works.
    core_switches: BTreeMap<u8, (f64, f64)>,
    /// By atomic number, where the nearest neighbor switches: (start, width) in Å by neighbor species.
    nearest_switches: BTreeMap<u8, Vec<(f64, f64)>>,
    /// Width of the bins of the tables, Å.
    bin_width: f64,
    /// The same potential as `.yace`.
    yace: String,
}

/// Reads the text of a file with the given extension (without the dot).
#[pyfunction]
fn read_pace(py: Python<'_>, text: &str, extension: &str) -> PyResult<PyPaceFile> {
    let format = Format::from_extension(extension).ok_or_else(|| {
        PyValueError::new_err(format!("no format of ACE potentials has the extension {extension:?}"))
    })?;
    let (model, compiled) = detached(py, || {
        let model = format.read(text)?;
        let compiled = compile(&model)?;
        Ok((model, compiled))
    })?;
    content(py, &model, &compiled)
}

fn content(py: Python<'_>, model: &PaceModel, compiled: &Compiled) -> PyResult<PyPaceFile> {
    let (program, readouts) = (&compiled.program, compiled.readout.centers());
    let by_element = || program.species().iter().copied().zip(readouts);
    let n_densities = readouts.iter().map(|r| r.densities.len()).max().unwrap_or(1);
    let mut coefficients = Array2::zeros((n_densities, program.n_features()));
    let mut core = vec![0.0; program.n_features()];
    let (mut core_switches, mut nearest_switches) = (BTreeMap::new(), BTreeMap::new());
    for (k, (z, readout)) in by_element().enumerate() {
        let own = program.feature_range(k);
        for (p, density) in readout.densities.iter().enumerate() {
            for (column, c) in own.clone().zip(density) {
                coefficients[[p, column]] = *c;
            }
        }
        if let Some(repulsion) = &readout.core {
            core[own.start..][..repulsion.coefficients.len()].copy_from_slice(&repulsion.coefficients);
            match &repulsion.switch {
                CoreSwitch::Density { rho_cut, drho_cut } => {
                    core_switches.insert(z, (*rho_cut, *drho_cut));
                }
                CoreSwitch::Nearest { ranges } => {
                    nearest_switches.insert(z, ranges.iter().map(|&[start, width]| (start, width)).collect());
                }
            }
        }
    }
    Ok(PyPaceFile {
        descriptor: PyDescriptor::new(compiled.program.clone(), &compiled.functions).into_object(py)?,
        e0: by_element().map(|(z, readout)| (z, readout.e0)).collect(),
        coefficients: coefficients.into_pyarray(py).unbind(),
        embeddings: by_element().map(|(z, readout)| (z, shape(readout))).collect(),
        core: readouts.iter().any(|readout| readout.core.is_some()).then(|| core.into_pyarray(py).unbind()),
        core_switches,
        nearest_switches,
        bin_width: model.bin_width,
        yace: write(model),
    })
}

fn shape(readout: &CenterReadout) -> Shape {
    match &readout.embedding {
        Embedding::Linear => ("FinnisSinclair".into(), vec![(1.0, 1.0); readout.densities.len()]),
        Embedding::FinnisSinclair { terms, variant } => {
            let terms = terms.iter().map(|term| (term.prefactor, term.exponent)).collect();
            (variant_name(*variant).into(), terms)
        }
    }
}

/// The text of a `.yace` file cut down to some elements (atomic numbers).
#[pyfunction]
fn pace_subset(py: Python<'_>, yace: &str, elements: Vec<u8>) -> PyResult<String> {
    detached(py, || Ok(write(&Format::Yace.read(yace)?.subset(&elements))))
}

/// Exports a potential: text of the `.yace` file, of one with the pair functions where they need their own, and
/// notes on what the files do not express.
#[pyfunction]
fn export_pace(
    py: Python<'_>,
    descriptor: &PyDescriptor,
    readout: &PyReadout,
    pairs: Vec<PairTerm>,
) -> PyResult<(String, Option<String>, Vec<String>)> {
    let program = descriptor.inner.program();
    let exported = detached(py, || export(program, &readout.inner, &baseline(&pairs)?))?;
    Ok((write(&exported.model), exported.pair.as_ref().map(write), exported.notes))
}

/// Adds the class and functions to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyPaceFile>()?;
    module.add_function(wrap_pyfunction!(read_pace, module)?)?;
    module.add_function(wrap_pyfunction!(pace_subset, module)?)?;
    module.add_function(wrap_pyfunction!(export_pace, module)?)
}
