//! The readout of embedded densities: arrays and header put together.

use ferrip_core::density::readout::{CoreSwitch, Term, Variant};
use ferrip_core::density::{CenterReadout, CoreRepulsion, Embedding, Program, Readout};

use crate::container::Array;
use crate::error::{Error, Result};
use crate::header::{EmbeddingEntry, SwitchEntry};

/// The readout with `coefficients` (densities, features) and, for ρ_core, `core` (features,), of embeddings and
/// energies of the free atoms in the order of the elements.
///
/// # Errors
/// [`Error::Content`] for shapes that do not match; those of [`Readout::new`].
pub fn embedded(
    program: &Program,
    e0: &[f64],
    coefficients: &Array,
    core: Option<&Array>,
    embeddings: &[&EmbeddingEntry],
) -> Result<Readout> {
    let n = program.n_features();
    let most = embeddings.iter().map(|one| one.terms.len()).max().unwrap_or(0);
    if coefficients.shape != [most, n] || core.is_some_and(|core| core.shape != [n]) {
        return Err(Error::content(format!(
            "expected {most} × {n} coefficients, got {:?}",
            coefficients.shape
        )));
    }
    let center = |(k, (entry, &e0)): (usize, (&&EmbeddingEntry, &f64))| {
        let own = program.feature_range(k);
        let rows = coefficients.data.chunks_exact(n.max(1)).take(entry.terms.len());
        let n_pair = program.centers()[k].n_pair * program.species().len();
        let core = core.zip(entry.core_switch.as_ref()).map(|(core, switch)| CoreRepulsion {
            coefficients: core.data[own.clone()][..n_pair].to_vec(),
            switch: core_switch(switch),
        });
        let densities = rows.map(|row| row[own.clone()].to_vec()).collect();
        Ok(CenterReadout { e0, densities, embedding: embedding(entry)?, core })
    };
    let centers = embeddings.iter().zip(e0).enumerate().map(center).collect::<Result<_>>()?;
    Ok(Readout::new(program, centers)?)
}

fn core_switch(entry: &SwitchEntry) -> CoreSwitch {
    match entry {
        &SwitchEntry::Density(rho_cut, drho_cut) => CoreSwitch::Density { rho_cut, drho_cut },
        SwitchEntry::Nearest { nearest } => CoreSwitch::Nearest { ranges: nearest.clone() },
    }
}

fn embedding(entry: &EmbeddingEntry) -> Result<Embedding> {
    let variant = match entry.shape.as_str() {
        "FinnisSinclair" => Variant::Plain,
        "FinnisSinclairShiftedScaled" => Variant::ShiftedScaled,
        other => return Err(Error::content(format!("unknown embedding {other:?}"))),
    };
    let terms = entry.terms.iter().map(|&(prefactor, exponent)| Term { prefactor, exponent }).collect();
    Ok(Embedding::FinnisSinclair { terms, variant })
}
