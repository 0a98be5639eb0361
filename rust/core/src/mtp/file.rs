//! What a file of MLIP holds.

use std::sync::Arc;

use crate::density::moments::{PairRadial, Polynomials, Products, Program, RadialSettings};
use crate::error::{Error, Result};

/// A moment tensor potential as in a `.mtp` or `.almtp` file; species are numbers, elements are not named.
#[derive(Debug, Clone, PartialEq)]
pub struct MtpFile {
    /// Number of species.
    pub n_species: usize,
    /// Free text; files of ferrip name the elements here.
    pub tag: String,
    /// Range and scaling of the radial functions, Å.
    pub min: f64,
    /// Cutoff, Å.
    pub max: f64,
    /// Radial settings; Chebyshev polynomials.
    pub radial: RadialSettings,
    /// Coefficients `[centre][neighbor][function][polynomial]`; `None` before training.
    pub radial_coefficients: Option<Vec<f64>>,
    /// The scalars.
    pub products: Products,
    /// Energy of every species, eV; `None` before training.
    pub species_coefficients: Option<Vec<f64>>,
    /// Coefficient of every scalar, eV; `None` before training.
    pub moment_coefficients: Option<Vec<f64>>,
}

impl MtpFile {
    /// Whether all coefficients are there.
    pub fn is_trained(&self) -> bool {
        self.radial_coefficients.is_some()
            && self.species_coefficients.is_some()
            && self.moment_coefficients.is_some()
    }

    /// # Errors
    /// [`Error::Length`] for lists of another length than the counts in the file say.
    pub(super) fn check(&self) -> Result<()> {
        let n = self.n_species;
        let radial = n * n * self.radial.n_functions * self.radial.n_polynomials;
        for (what, expected, list) in [
            ("radial_coeffs", radial, &self.radial_coefficients),
            ("species_coeffs", n, &self.species_coefficients),
            ("moment_coeffs", self.products.scalars().len(), &self.moment_coefficients),
        ] {
            let Some(list) = list else { continue };
            Error::check_length(what, expected, list.len())?;
        }
        Ok(())
    }

    /// The program with other products for the same moments; `elements` are the atomic numbers of the species.
    ///
    /// # Errors
    /// [`Error::Setting`] for elements that repeat or an untrained potential, [`Error::Length`] for a wrong number
    /// of elements, and those of [`Program::new`].
    pub fn program(&self, elements: &[u8], products: Arc<Products>) -> Result<Program> {
        let n = self.n_species;
        Error::check_length("species", n, elements.len())?;
        let Some(coefficients) = &self.radial_coefficients else {
            let reason = "the potential is not trained: there are none".into();
            return Err(Error::Setting { name: "radial_coeffs", reason });
        };
        let order = order(elements);
        let size = self.radial.n_functions * self.radial.n_polynomials;
        let mut pairs = Vec::with_capacity(n * n);
        for &i in &order {
            for &j in &order {
                pairs.push(PairRadial {
                    min: self.min,
                    max: self.max,
                    softness: 0.0,
                    coefficients: coefficients[(i * n + j) * size..][..size].to_vec(),
                });
            }
        }
        Program::new(order.iter().map(|&k| elements[k]).collect(), self.radial, pairs, products)
    }

    /// The file of a program, trained with one coefficient per scalar and one energy per species, in the order of the
    /// program's elements, or untrained: without any coefficients.
    ///
    /// # Errors
    /// [`Error::Setting`] for what the format does not express: ranges that differ between pairs, softness, and
    /// polynomials other than Chebyshev's in a range of their own; [`Error::Length`] for wrong numbers.
    pub fn from_program(program: &Program, trained: Option<(&[f64], &[f64])>, tag: String) -> Result<Self> {
        let refuse = |reason: String| Err(Error::Setting { name: "mtp", reason });
        let first = program.pair(0, 0);
        if program.pairs().iter().any(|p| (p.min, p.max) != (first.min, first.max)) {
            return refuse("the format has one range for all pairs of species".into());
        }
        if program.pairs().iter().any(|p| p.softness > 0.0) {
            return refuse("the format has no softness below min_dist".into());
        }
        let radial =
            RadialSettings { polynomials: Polynomials::Chebyshev, scaling: 1.0, ..*program.settings() };
        let radial_coefficients = || program.pairs().iter().flat_map(|p| p.chebyshev(program.settings()));
        let file = Self {
            n_species: program.species().len(),
            tag,
            min: first.min,
            max: first.max,
            radial,
            radial_coefficients: trained.map(|_| radial_coefficients().collect()),
            products: program.products().as_ref().clone(),
            species_coefficients: trained.map(|(_, e0)| e0.to_vec()),
            moment_coefficients: trained.map(|(coefficients, _)| coefficients.to_vec()),
        };
        file.check()?;
        Ok(file)
    }
}

/// Places of the elements by ascending atomic number.
fn order(elements: &[u8]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..elements.len()).collect();
    order.sort_by_key(|&k| elements[k]);
    order
}
