//! The Chebyshev descriptor of ænet as a program of the density engine: constant size in the number of elements.
//!
//! ```text
//! radial   Σ_j w_j T_n(2 r_j / r_c − 1) f(r_j; r_c)                          n = 0 … N
//! angular  Σ_{j<k} w_j w_k T_n(cos θ_jk) f(r_j; r_a) f(r_k; r_a)             n = 0 … M
//! ```
//!
//! once per row of weights w of the neighbors' species (all 1, and one number per element). With
//! `T_n = Σ_l c_nl P_l` and the addition theorem, an angular function is a sum over neighbors, not over pairs of them:
//!
//! ```text
//! ½ Σ_l c_nl / (2l + 1) Σ_m |A_lm|² − ½ Σ_j w_j² f(r_j; r_a)²,    A_lm = Σ_j w_j f(r_j; r_a) Y_lm(r̂_j)
//! ```
//!
//! Radial functions are products of their sums with an entry that the centre itself sets to 1.
//! Source: Artrith, Urban, Ceder, DOI 10.1103/PhysRevB.96.014112.

use std::sync::Arc;

use crate::ace::Factor;
use crate::density::{ANY_SPECIES, Center, OneParticle, Program, Radial, Ragged};
use crate::error::{Error, Result};
use crate::radial::{ChebyshevRadial, Fade};

/// Largest degree of radial polynomials.
const MAX_RADIAL: usize = 40;
/// Largest degree of angular polynomials.
const MAX_ANGULAR: usize = 20;

/// Most rows of weights.
const MAX_ROWS: usize = 100;

/// Settings of a Chebyshev descriptor.
#[derive(Debug, Clone, PartialEq)]
pub struct ChebyshevSettings {
    /// Atomic numbers, ascending.
    pub elements: Vec<u8>,
    /// N and M, largest degrees of the radial and the angular polynomials.
    pub orders: [usize; 2],
    /// r_c and r_a, Å.
    pub cutoffs: [f64; 2],
    /// f
    pub fade: Fade,
    /// Rows of weights, one entry per element.
    pub species_weights: Vec<Vec<f64>>,
}

/// A compiled Chebyshev descriptor.
#[derive(Debug)]
pub struct Chebyshev {
    /// The program.
    pub program: Arc<Program>,
    /// Factors of each feature, the same for every centre, with the row of weights for the species: one with n + 1
    /// for radial functions, two with l = n for angular ones.
    pub functions: Vec<Vec<Factor>>,
}

impl ChebyshevSettings {
    /// # Errors
    /// [`Error::Setting`] for numbers out of range.
    fn check(&self) -> Result<()> {
        let bad = |name, reason| Err(Error::Setting { name, reason });
        let [radial, angular] = self.orders;
        if radial > MAX_RADIAL || angular > MAX_ANGULAR {
            let reason = format!(
                "expected at most {MAX_RADIAL} (radial) and {MAX_ANGULAR} (angular), got {radial} and {angular}"
            );
            return bad("order", reason);
        }
        if let Some(cutoff) = self.cutoffs.iter().find(|c| !(c.is_finite() && **c > 0.0)) {
            return bad("cutoff", format!("expected a positive length in Å, got {cutoff}"));
        }
        let n = self.elements.len();
        let rows = &self.species_weights;
        if !(1..=MAX_ROWS).contains(&rows.len())
            || rows.iter().any(|row| row.len() != n || row.iter().any(|w| !w.is_finite()))
        {
            return bad("species_weights", format!("expected 1 to {MAX_ROWS} rows of {n} finite weights"));
        }
        Ok(())
    }
}

/// Compiles the settings.
///
/// # Errors
/// [`Error::Setting`] for settings out of range.
pub fn compile(settings: &ChebyshevSettings) -> Result<Chebyshev> {
    settings.check()?;
    let products = Products::new(settings);
    let n_rows = settings.species_weights.len();
    let center = |_| {
        let radial = (0..settings.elements.len()).map(|z| {
            Box::new(ChebyshevRadial {
                order: settings.orders[0],
                cutoffs: settings.cutoffs,
                fade: settings.fade,
                weights: settings.species_weights.iter().map(|row| row[z]).collect(),
            }) as Box<dyn Radial>
        });
        Center {
            radial: radial.collect(),
            n_channels: n_rows * ChebyshevRadial::per_row(settings.orders[0]) + 1,
            n_pair: 0,
            one_particle: products.entries.clone(),
            own: vec![(ONE, 1.0)],
            monomials: products.monomials.clone(),
            functions: products.functions.clone(),
        }
    };
    let program =
        Program::new(settings.elements.clone(), (0..settings.elements.len()).map(center).collect())?;
    Ok(Chebyshev { program: Arc::new(program), functions: products.labels })
}

/// The entry that is 1.
const ONE: u32 = 0;

/// The one-particle basis and what is made of it.
#[derive(Default)]
struct Products {
    entries: Vec<OneParticle>,
    monomials: Ragged<u32>,
    functions: Ragged<(u32, f64)>,
    labels: Vec<Vec<Factor>>,
}

impl Products {
    fn new(settings: &ChebyshevSettings) -> Self {
        let [radial, angular] = settings.orders;
        let per_row = ChebyshevRadial::per_row(radial);
        let expansions = legendre_coefficients(angular);
        let mut products = Self::default();
        products.entry(settings.species_weights.len() * per_row, 0);
        for row in 0..settings.species_weights.len() {
            for n in 0..=radial {
                let sum = products.linear(row * per_row + n);
                products.functions.push([(sum, 1.0)]);
                products.labels.push(vec![Factor { species: row as u16, n: n as u16 + 1, l: 0 }]);
            }
            let squares: Vec<Vec<(u32, f64)>> =
                (0..=angular).map(|l| products.squares(row * per_row + radial + 1, l)).collect();
            let itself = products.linear(row * per_row + radial + 2);
            for (n, expansion) in expansions.iter().enumerate() {
                let pairs = expansion.iter().zip(&squares).filter(|(c, _)| **c != 0.0);
                let pairs = pairs.flat_map(|(c, terms)| terms.iter().map(move |&(q, w)| (q, 0.5 * c * w)));
                // T_n(1) = 1
                products.functions.push(pairs.chain([(itself, -0.5)]));
                products.labels.push(vec![Factor { species: row as u16, n: 1, l: n as u8 }; 2]);
            }
        }
        products
    }

    /// Appends the entries of all m; returns the first.
    fn entry(&mut self, channel: usize, l: usize) -> u32 {
        let first = self.entries.len() as u32;
        let entry = |m| OneParticle { species: ANY_SPECIES, channel: channel as u16, l: l as u8, m };
        self.entries.extend((-(l as i8)..=l as i8).map(entry));
        first
    }

    /// Appends the sum of a channel over all neighbors; returns its product with 1.
    fn linear(&mut self, channel: usize) -> u32 {
        let entry = self.entry(channel, 0);
        self.monomials.push([ONE, entry]);
        self.monomials.len() as u32 - 1
    }

    /// Appends the squares `Σ_m |A_lm|² / (2l + 1)` of a channel; returns their terms.
    fn squares(&mut self, channel: usize, l: usize) -> Vec<(u32, f64)> {
        let middle = self.entry(channel, l) + l as u32;
        let start = self.monomials.len() as u32;
        (0..=l as u32).for_each(|m| self.monomials.push([middle - m, middle + m]));
        let sign = |m: u32| if m % 2 == 0 { 1.0 } else { -1.0 };
        let count = |m: u32| if m == 0 { 1.0 } else { 2.0 };
        (0..=l as u32).map(|m| (start + m, sign(m) * count(m) / (2 * l + 1) as f64)).collect()
    }
}

/// c_nl of `T_n = Σ_l c_nl P_l` for n up to `order`, by `T_{n+1} = 2x T_n − T_{n−1}` and
/// `(2l + 1) x P_l = (l + 1) P_{l+1} + l P_{l−1}`.
fn legendre_coefficients(order: usize) -> Vec<Vec<f64>> {
    let mut rows: Vec<Vec<f64>> = vec![vec![0.0; order + 1]; order + 1];
    rows[0][0] = 1.0;
    for n in 0..order {
        let mut next = vec![0.0; order + 1];
        let factor = if n == 0 { 1.0 } else { 2.0 };
        for (l, c) in rows[n].iter().enumerate().take(n + 1) {
            let scale = factor * c / (2 * l + 1) as f64;
            next[l + 1] += scale * (l + 1) as f64;
            if l > 0 {
                next[l - 1] += scale * l as f64;
            }
        }
        if n > 0 {
            next.iter_mut().zip(&rows[n - 1]).for_each(|(next, before)| *next -= before);
        }
        rows[n + 1] = next;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::legendre_coefficients;

    #[test]
    fn expansions_of_chebyshev_polynomials() {
        for (n, row) in legendre_coefficients(20).iter().enumerate() {
            for k in 0..=50 {
                let x = f64::from(k) / 25.0 - 1.0;
                let (mut p, mut before, mut sum) = (1.0, 0.0, 0.0);
                for (l, c) in row.iter().enumerate() {
                    sum += c * p;
                    let l = l as f64;
                    let next = ((2.0 * l + 1.0) * x * p - l * before) / (l + 1.0);
                    (before, p) = (p, next);
                }
                assert!((sum - (n as f64 * x.acos()).cos()).abs() < 1e-12, "{n} {x}");
            }
        }
    }
}
