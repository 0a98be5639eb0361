//! The class `Readout`: densities, embedding and core repulsion of every element.

use ferrip_core::density::readout::{Term, Variant};
use ferrip_core::density::{CenterReadout, CoreRepulsion, CoreSwitch, Embedding, Readout};
use ferrip_core::{Error, Result};
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::descriptor::PyDescriptor;
use crate::errors::to_python;

/// Name of the embedding and its terms (prefactor, exponent).
type EmbeddingArg = (String, Vec<(f64, f64)>);

/// Coefficients, and what switches.
type CoreArg<'py> = (PyReadonlyArray1<'py, f64>, SwitchArg);

/// What switches the embedding off.
#[derive(FromPyObject)]
enum SwitchArg {
    /// `rho_cut` and `drho_cut`.
    Density(f64, f64),
    /// Start and width by neighbor species.
    Nearest(Vec<[f64; 2]>),
}

impl From<SwitchArg> for CoreSwitch {
    fn from(argument: SwitchArg) -> Self {
        match argument {
            SwitchArg::Density(rho_cut, drho_cut) => Self::Density { rho_cut, drho_cut },
            SwitchArg::Nearest(ranges) => Self::Nearest { ranges },
        }
    }
}

/// Energy of an atom from its features, frozen.
#[pyclass(frozen, name = "Readout", module = "ferrip._core")]
pub struct PyReadout {
    /// The readout itself.
    pub inner: Readout,
}

#[pymethods]
impl PyReadout {
    /// A readout of the descriptor's features; see `ferrip._core.pyi`.
    #[new]
    #[pyo3(signature = (descriptor, e0, densities, embeddings=None, cores=None))]
    fn new(
        py: Python<'_>,
        descriptor: &PyDescriptor,
        e0: Vec<f64>,
        densities: Vec<PyReadonlyArray2<'_, f64>>,
        embeddings: Option<Vec<Option<EmbeddingArg>>>,
        cores: Option<Vec<Option<CoreArg<'_>>>>,
    ) -> PyResult<Self> {
        let program = descriptor.inner.program();
        let n = program.species().len();
        let embeddings = embeddings.unwrap_or_else(|| (0..n).map(|_| None).collect());
        let cores = cores.unwrap_or_else(|| (0..n).map(|_| None).collect());
        let lengths = [
            ("e0", e0.len()),
            ("densities", densities.len()),
            ("embeddings", embeddings.len()),
            ("cores", cores.len()),
        ];
        if let Some(&(what, got)) = lengths.iter().find(|(_, length)| *length != n) {
            return Err(to_python(py, &Error::Length { what, expected: n, got }));
        }
        let centers = e0.iter().zip(&densities).zip(embeddings).zip(cores).map(
            |(((&e0, densities), embedding_of), core)| {
                Ok(CenterReadout {
                    e0,
                    densities: densities.as_array().rows().into_iter().map(|row| row.to_vec()).collect(),
                    embedding: embedding(embedding_of)?,
                    core: core.map(|(coefficients, switch)| CoreRepulsion {
                        coefficients: coefficients.as_array().to_vec(),
                        switch: switch.into(),
                    }),
                })
            },
        );
        let inner = centers.collect::<Result<_>>().and_then(|centers| Readout::new(program, centers));
        Ok(Self { inner: inner.map_err(|error| to_python(py, &error))? })
    }

    /// The linear readout with one coefficient per feature and one energy (eV) per element.
    #[staticmethod]
    fn linear(
        py: Python<'_>,
        descriptor: &PyDescriptor,
        coefficients: PyReadonlyArray1<'_, f64>,
        e0: Vec<f64>,
    ) -> PyResult<Self> {
        let coefficients = coefficients.as_array().to_vec();
        let inner = Readout::linear(descriptor.inner.program(), &coefficients, &e0);
        Ok(Self { inner: inner.map_err(|error| to_python(py, &error))? })
    }
}

fn embedding(argument: Option<EmbeddingArg>) -> Result<Embedding> {
    let Some((name, terms)) = argument else { return Ok(Embedding::Linear) };
    let variant = match name.as_str() {
        "FinnisSinclair" => Variant::Plain,
        "FinnisSinclairShiftedScaled" => Variant::ShiftedScaled,
        _ => {
            return Err(Error::Setting {
                name: "embeddings",
                reason: format!("expected FinnisSinclair or FinnisSinclairShiftedScaled, got {name:?}"),
            });
        }
    };
    let terms = terms.into_iter().map(|(prefactor, exponent)| Term { prefactor, exponent }).collect();
    Ok(Embedding::FinnisSinclair { terms, variant })
}

/// Adds the class to the module.
///
/// # Errors
/// Those of `PyO3`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyReadout>()
}
