//! From a file to its evaluator.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use ferrip_core::density::evaluator::{Evaluator, Options};
use ferrip_core::radial::table::Tabulation;
use ferrip_core::simd::Path;

use crate::container::{Array, Container};
use crate::error::{Error, Result};
use crate::families::Basis;
use crate::header::Header;
use crate::networks::networks;
use crate::readout::embedded;
use crate::table::fingerprint;

/// The evaluator of the potential in a file, on a SIMD path.
///
/// # Errors
/// [`Error::File`] with what [`parse`] finds, or if the file cannot be read.
pub fn read(file: &FilePath, path: Path) -> Result<Evaluator> {
    let bytes = std::fs::read(file).map_err(Error::from);
    bytes
        .and_then(|bytes| parse(&bytes, path))
        .map_err(|error| Error::File { name: file.display().to_string(), reason: Box::new(error) })
}

/// The evaluator of the potential in the bytes of a file.
///
/// # Errors
/// [`Error::Content`] for anything but a potential of this version, [`Error::Core`] for settings that the core refuses.
pub fn parse(bytes: &[u8], path: Path) -> Result<Evaluator> {
    let Container { header, arrays } = Container::parse(bytes)?;
    let header = Header::parse(&header)?;
    let first = build(&header, &arrays, "", path)?;
    let added = header.added.iter().enumerate();
    let others: Vec<Evaluator> =
        added.map(|(k, other)| build(other, &arrays, &format!("added/{k}/"), path)).collect::<Result<_>>()?;
    if others.is_empty() {
        return Ok(first);
    }
    let parts: Vec<&Evaluator> = std::iter::once(&first).chain(&others).collect();
    Ok(Evaluator::sum(&parts)?)
}

/// The evaluator of one header, whose arrays have names that start with `prefix`.
fn build(header: &Header, arrays: &BTreeMap<String, Array>, prefix: &str, path: Path) -> Result<Evaluator> {
    let array = |name: &str| arrays.get(&format!("{prefix}{name}"));
    let basis = Basis::new(&header.family, &header.settings, &array)?;
    if fingerprint(&basis.table()) != header.fingerprint {
        return Err(Error::content("this version of ferrip builds another basis from the stored settings"));
    }
    if header.numbers()? != basis.features().species() {
        return Err(Error::content("elements do not match the descriptor"));
    }
    let coefficients = array("coefficients").ok_or_else(|| Error::content("no coefficients"))?;
    let (e0, baseline) = (header.free_energies()?, header.baseline()?);
    let program = |what: &str| match &basis {
        Basis::Density(descriptor, _) => Ok(descriptor.program()),
        _ => Err(Error::content(format!("this family has no {what}"))),
    };
    let tables = Tabulation { grid: header.bin_width, ..Tabulation::default() };
    let options = Options { path, tables };
    let entries = header.networks.as_ref().filter(|networks| !networks.is_empty());
    if let Some(embeddings) = &header.embeddings {
        if entries.is_some() {
            return Err(Error::content("networks beside embedded densities"));
        }
        let program = program("embedded densities")?;
        let entries = header.by_element(embeddings, "embedding")?;
        let readout = embedded(program, &e0, coefficients, array("core"), &entries)?;
        return Ok(Evaluator::new(program, &readout, &baseline, options)?);
    }
    if coefficients.shape.len() != 1 {
        return Err(Error::content("expected coefficients in one dimension"));
    }
    let Some(entries) = entries else {
        return Ok(basis.features().evaluator(&coefficients.data, &e0, &baseline, path)?);
    };
    let networks = networks(&header.elements, &header.by_element(entries, "network")?, &array)?;
    Ok(basis.features().network_evaluator((&coefficients.data, &e0), networks, &baseline, path)?)
}
