//! The JSON header of a potential.

use std::collections::BTreeMap;

use ferrip_core::elements::atomic_number;
use ferrip_core::pair::{Baseline, Ending, Form, Term};
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};

/// Formats that are read.
const READABLE: std::ops::RangeInclusive<u64> = 1..=3;
/// Units of all files.
const UNITS: [(&str, &str); 4] = [("length", "Å"), ("energy", "eV"), ("force", "eV/Å"), ("stress", "eV/Å³")];

/// What the evaluator of a potential follows from; other keys are left alone.
#[derive(Debug, Deserialize)]
pub struct Header {
    format_version: u64,
    units: BTreeMap<String, String>,
    /// Name of the family.
    pub family: String,
    /// Complete settings of the descriptor.
    pub settings: Value,
    /// Chemical symbols by ascending atomic number.
    pub elements: Vec<String>,
    /// Energy of the free atom by symbol, eV.
    pub e0: BTreeMap<String, f64>,
    pairs: Option<Vec<PairTerm>>,
    /// As the pairs, before format 3: ZBL as (z1, z2, start, cutoff).
    repulsion: Option<Vec<(u8, u8, f64, f64)>>,
    /// What the descriptor must be.
    pub fingerprint: Fingerprint,
    /// By symbol.
    pub embeddings: Option<BTreeMap<String, EmbeddingEntry>>,
    /// By symbol.
    pub networks: Option<BTreeMap<String, NetworkEntry>>,
    /// Å
    pub bin_width: Option<f64>,
    /// Potentials that add to this one.
    #[serde(default)]
    pub added: Vec<Header>,
}

/// (z1, z2, form, numbers, (ending, start, cutoff))
type PairTerm = (u8, u8, String, Vec<f64>, (String, f64, f64));

/// Digest of the descriptor's features.
#[derive(Debug, Deserialize, PartialEq)]
pub struct Fingerprint {
    /// Their number.
    pub n_features: usize,
    /// SHA-256 of their table.
    pub sha256: String,
}

/// Embedding of an element.
#[derive(Debug, Deserialize)]
pub struct EmbeddingEntry {
    /// Name of the function.
    pub shape: String,
    /// (prefactor, exponent) of every density.
    pub terms: Vec<(f64, f64)>,
    /// What takes the core repulsion's part.
    pub core_switch: Option<SwitchEntry>,
}

/// Network of an element.
#[derive(Debug, Deserialize)]
pub struct NetworkEntry {
    /// Name of the function that follows every layer but the last.
    pub activation: String,
    /// Their number.
    pub layers: usize,
}

/// What switches from the embedding to the core repulsion.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum SwitchEntry {
    /// (end, width) in eV of ρ_core.
    Density(f64, f64),
    /// The distance of the nearest neighbor.
    Nearest {
        /// (start, width) in Å by neighbor element.
        nearest: Vec<[f64; 2]>,
    },
}

impl Header {
    /// The header in a text.
    ///
    /// # Errors
    /// [`Error::Content`] for another version, other units, or anything that is no header.
    pub fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            format_version: u64,
            library_version: Option<String>,
        }
        let corrupt = |error: serde_json::Error| Error::content(format!("the header is corrupt: {error}"));
        let Version { format_version, library_version } = serde_json::from_str(text).map_err(corrupt)?;
        if !READABLE.contains(&format_version) {
            return Err(Error::content(format!(
                "format version {format_version} was written by another ferrip ({}); this one reads {} to {}",
                library_version.as_deref().unwrap_or("unknown"),
                READABLE.start(),
                READABLE.end()
            )));
        }
        let header: Self = serde_json::from_str(text).map_err(corrupt)?;
        header.check()?;
        header.added.iter().try_for_each(Self::check)?;
        if header.added.iter().any(|added| !added.added.is_empty()) {
            return Err(Error::content("an added potential has potentials added to it"));
        }
        Ok(header)
    }

    fn check(&self) -> Result<()> {
        for (name, unit) in UNITS {
            match self.units.get(name).map(String::as_str) {
                Some(own) if own == unit => {}
                own => {
                    let own = own.unwrap_or("none");
                    return Err(Error::content(format!("units: expected {name} in {unit}, got {own}")));
                }
            }
        }
        if self.pairs.is_none() && self.repulsion.is_none() {
            return Err(Error::content("the header has no valid 'pairs'"));
        }
        Ok(())
    }

    /// Atomic numbers of the elements.
    ///
    /// # Errors
    /// [`Error::Content`] for a symbol that is none.
    pub fn numbers(&self) -> Result<Vec<u8>> {
        let number = |symbol: &String| {
            atomic_number(symbol).ok_or_else(|| Error::content(format!("{symbol:?} is no chemical symbol")))
        };
        self.elements.iter().map(number).collect()
    }

    /// Energies of the free atoms in the order of the elements.
    ///
    /// # Errors
    /// [`Error::Content`] for an element without one.
    pub fn free_energies(&self) -> Result<Vec<f64>> {
        let energy = |symbol: &String| {
            self.e0.get(symbol).copied().ok_or_else(|| Error::content(format!("no E0 for {symbol}")))
        };
        self.elements.iter().map(energy).collect()
    }

    /// Entries in the order of the elements.
    ///
    /// # Errors
    /// [`Error::Content`] for an element without one.
    pub fn by_element<'a, T>(&self, entries: &'a BTreeMap<String, T>, what: &str) -> Result<Vec<&'a T>> {
        let of = |symbol: &String| {
            entries.get(symbol).ok_or_else(|| Error::content(format!("no {what} for {symbol}")))
        };
        self.elements.iter().map(of).collect()
    }

    /// The pair functions.
    ///
    /// # Errors
    /// Those of [`Form::named`], [`Ending::named`] and [`Baseline::new`].
    pub fn baseline(&self) -> Result<Baseline> {
        let of_zbl = |&(a, b, start, cutoff): &(u8, u8, f64, f64)| {
            Ok(Term { elements: [a, b], form: Form::Zbl, ending: Ending::Switch { start }, cutoff })
        };
        let of_pair = |(a, b, form, numbers, (ending, start, cutoff)): &PairTerm| {
            Ok(Term {
                elements: [*a, *b],
                form: Form::named(form, numbers)?,
                ending: Ending::named(ending, *start)?,
                cutoff: *cutoff,
            })
        };
        let terms: ferrip_core::Result<Vec<Term>> = match (&self.pairs, &self.repulsion) {
            (Some(pairs), _) if self.format_version >= 3 => pairs.iter().map(of_pair).collect(),
            (_, repulsion) => repulsion.iter().flatten().map(of_zbl).collect(),
        };
        Ok(Baseline::new(terms?)?)
    }
}
