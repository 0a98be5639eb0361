//! A validated program of moments.

use std::sync::Arc;

use crate::error::{Error, Result};

use super::products::Products;
use super::radial::{PairRadial, RadialSettings};

/// Species, radial functions of every ordered pair of them, and products; correct by construction.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    species: Vec<u8>,
    settings: RadialSettings,
    /// By centre, then neighbor.
    pairs: Vec<PairRadial>,
    products: Arc<Products>,
}

impl Program {
    /// Checks the parts against one another; `species` are ascending atomic numbers, `pairs` are ordered by
    /// centre, then neighbor.
    ///
    /// # Errors
    /// [`Error::Setting`] and [`Error::Length`] for what does not fit.
    pub fn new(
        species: Vec<u8>,
        settings: RadialSettings,
        pairs: Vec<PairRadial>,
        products: Arc<Products>,
    ) -> Result<Self> {
        crate::elements::check_known(&species)?;
        settings.check()?;
        Error::check_length("pairs of species", species.len() * species.len(), pairs.len())?;
        pairs.iter().try_for_each(|pair| pair.check(&settings))?;
        if let Some(moment) = products.moments().iter().find(|m| m.radial >= settings.n_functions) {
            let reason =
                format!("a moment has radial function {} of {}", moment.radial, settings.n_functions);
            return Err(Error::Setting { name: "products", reason });
        }
        Ok(Self { species, settings, pairs, products })
    }

    /// The program with other radial coefficients, pair by pair.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn with_coefficients(&self, coefficients: &[f64]) -> Result<Self> {
        let size = self.settings.n_functions * self.settings.n_polynomials;
        Error::check_length("radial coefficients", self.pairs.len() * size, coefficients.len())?;
        let pairs = self.pairs.iter().zip(coefficients.chunks_exact(size));
        let pairs =
            pairs.map(|(pair, own)| PairRadial { coefficients: own.to_vec(), ..pair.clone() }).collect();
        Self::new(self.species.clone(), self.settings, pairs, Arc::clone(&self.products))
    }

    /// Atomic numbers, ascending.
    pub fn species(&self) -> &[u8] {
        &self.species
    }

    /// Settings of the radial functions.
    pub fn settings(&self) -> &RadialSettings {
        &self.settings
    }

    /// Radial functions of a centre and a neighbor species.
    pub fn pair(&self, center: usize, neighbor: usize) -> &PairRadial {
        &self.pairs[center * self.species.len() + neighbor]
    }

    /// All pairs by centre, then neighbor.
    pub fn pairs(&self) -> &[PairRadial] {
        &self.pairs
    }

    /// The products.
    pub fn products(&self) -> &Arc<Products> {
        &self.products
    }

    /// Largest cutoff in Å.
    pub fn cutoff(&self) -> f64 {
        self.pairs.iter().map(|pair| pair.max).fold(0.0, f64::max)
    }

    /// Number of scalars: the features.
    pub fn n_features(&self) -> usize {
        self.products.scalars().len()
    }
}
