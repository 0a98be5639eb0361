//! Radial functions weighted by the neighbor's species: channel c is `w_c · R_{n_c}(r)`.

use super::RadialBasis;
use super::basis::{MAX_FUNCTIONS, combine};
use crate::density::Radial;
use crate::error::{Error, Result};

/// Channels of an element embedding towards one neighbor species, then its pair functions.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddedRadial {
    basis: RadialBasis,
    terms: Vec<(usize, f64)>,
}

impl EmbeddedRadial {
    /// Channels with the given `(many-body function, weight)` on a basis.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for more functions than it can handle.
    pub fn new(basis: RadialBasis, terms: Vec<(usize, f64)>) -> Result<Self> {
        let size = basis.n_many().max(terms.iter().map(|t| t.0 + 1).max().unwrap_or(0));
        if size > MAX_FUNCTIONS || size > basis.n_many() {
            return Err(Error::TooLarge { what: "radial functions", size, limit: MAX_FUNCTIONS });
        }
        Ok(Self { basis, terms })
    }
}

impl Radial for EmbeddedRadial {
    fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        let n = self.basis.n_many();
        let (mut v, mut d) = ([0.0; MAX_FUNCTIONS], [0.0; MAX_FUNCTIONS]);
        self.basis.evaluate_many(r, &mut v[..n], &mut d[..n]);
        let (value, pair_value) = value.split_at_mut(self.terms.len());
        let (derivative, pair_derivative) = derivative.split_at_mut(self.terms.len());
        for (c, &(k, weight)) in self.terms.iter().enumerate() {
            value[c] = weight * v[k];
            derivative[c] = weight * d[k];
        }
        self.basis.evaluate_pair(r, pair_value, pair_derivative);
    }

    fn values(&self, r: &[f64], stride: usize, _n_functions: usize, out: &mut [f64]) {
        let mut plain = vec![0.0; self.basis.n_many() * r.len()];
        self.basis.many_values(r, r.len(), &mut plain);
        let end = (self.terms.len() * stride).min(out.len());
        let (many, pair) = out.split_at_mut(end);
        for (&term, out) in self.terms.iter().zip(many.chunks_mut(stride)) {
            combine(std::iter::once(term), &plain, &mut out[..r.len()]);
        }
        self.basis.pair_values(r, stride, pair);
    }

    fn cutoff(&self) -> f64 {
        self.basis.cutoff()
    }

    fn kink(&self) -> f64 {
        self.basis.kink()
    }
}
