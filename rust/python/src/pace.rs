//! Reading potentials of pacemaker and ML-PACE.

use std::collections::BTreeMap;

use ferrip_core::ace::pace::{Compiled, Format, compile};
use ferrip_core::density::readout::{CenterReadout, Embedding, Variant};
use numpy::ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::descriptor::PyDescriptor;
use crate::errors::detached;

/// Per element: shape of the embedding and (prefactor, exponent) of each density.
type Embeddings = BTreeMap<u8, (String, Vec<(f64, f64)>)>;

/// Coefficients of ρ_core and, per element, where it switches the embedding off: (end, width) in eV.
type Core<'py> = (Bound<'py, PyArray1<f64>>, BTreeMap<u8, (f64, f64)>);

/// What a file holds: descriptor, E0, coefficients (densities, features), embeddings, core repulsion.
type Parts<'py> =
    (PyDescriptor, BTreeMap<u8, f64>, Bound<'py, PyArray2<f64>>, Embeddings, Option<Core<'py>>);

/// Reads the text of a file with the given extension (without the dot).
#[pyfunction]
fn read_pace<'py>(py: Python<'py>, text: &str, extension: &str) -> PyResult<Parts<'py>> {
    let format = Format::from_extension(extension)
        .ok_or_else(|| PyValueError::new_err(format!("no format of ACE potentials has the extension {extension:?}")))?;
    let compiled = detached(py, || compile(&format.read(text)?))?;
    parts(py, &compiled)
}

fn parts<'py>(py: Python<'py>, compiled: &Compiled) -> PyResult<Parts<'py>> {
    let (program, readouts) = (&compiled.program, compiled.readout.centers());
    let own = |k: usize| program.feature_range(k);
    let by_element = || program.species().iter().copied().zip(readouts);
    let n_densities = readouts.iter().map(|r| r.densities.len()).max().unwrap_or(1);
    let mut coefficients = Array2::zeros((n_densities, program.n_features()));
    let mut core = vec![0.0; program.n_features()];
    let mut switches = BTreeMap::new();
    for (k, (z, readout)) in by_element().enumerate() {
        for (p, density) in readout.densities.iter().enumerate() {
            for (column, c) in own(k).zip(density) {
                coefficients[[p, column]] = *c;
            }
        }
        if let Some(repulsion) = &readout.core {
            for (column, c) in own(k).zip(&repulsion.coefficients) {
                core[column] = *c;
            }
            switches.insert(z, (repulsion.rho_cut, repulsion.drho_cut));
        }
    }
    let descriptor = PyDescriptor::new(compiled.program.clone(), &compiled.functions);
    let core = (!switches.is_empty()).then(|| (core.into_pyarray(py), switches));
    let e0 = by_element().map(|(z, readout)| (z, readout.e0)).collect();
    let embeddings = by_element().map(|(z, readout)| (z, embedding(readout))).collect();
    Ok((descriptor, e0, coefficients.into_pyarray(py), embeddings, core))
}

fn embedding(readout: &CenterReadout) -> (String, Vec<(f64, f64)>) {
    match &readout.embedding {
        Embedding::Linear => ("linear".into(), vec![(1.0, 1.0); readout.densities.len()]),
        Embedding::FinnisSinclair { terms, variant } => {
            let name = match variant {
                Variant::Plain => "FinnisSinclair",
                Variant::ShiftedScaled => "FinnisSinclairShiftedScaled",
            };
            (name.into(), terms.iter().map(|term| (term.prefactor, term.exponent)).collect())
        }
    }
}

/// Adds the functions to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_pace, module)?)
}
