//! Radial functions of the Chebyshev descriptor towards one neighbor species.
//!
//! ```text
//! per row of weights w:  w T_n(2 r / r_c − 1) f(r; r_c)  (n = 0 … N),   w f(r; r_a),   w² f(r; r_a)²;   then 0
//! ```

use super::Fade;
use crate::density::Radial;

/// The functions of one pair of species.
#[derive(Debug, Clone, PartialEq)]
pub struct ChebyshevRadial {
    /// N, largest degree.
    pub order: usize,
    /// Cutoffs r_c of the polynomials and r_a of the others, Å.
    pub cutoffs: [f64; 2],
    /// How functions end.
    pub fade: Fade,
    /// w towards this neighbor species, row by row.
    pub weights: Vec<f64>,
}

impl ChebyshevRadial {
    /// Functions per row of weights.
    pub fn per_row(order: usize) -> usize {
        order + 3
    }
}

impl Radial for ChebyshevRadial {
    fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        value.fill(0.0);
        derivative.fill(0.0);
        let [radial, angular] = self.cutoffs;
        let ((f, f_slope), (g, g_slope)) = (self.fade.evaluate(r, radial), self.fade.evaluate(r, angular));
        let (x, x_slope) = (2.0 * r / radial - 1.0, 2.0 / radial);
        let n = Self::per_row(self.order);
        for ((value, derivative), w) in
            value.chunks_exact_mut(n).zip(derivative.chunks_exact_mut(n)).zip(&self.weights)
        {
            if r < radial {
                // T_0 and T_{−1} = T_1, with slopes in r.
                let (mut t, mut before) = ([1.0, 0.0], [x, x_slope]);
                for k in 0..=self.order {
                    value[k] = w * t[0] * f;
                    derivative[k] = w * (t[1] * f + t[0] * f_slope);
                    let next = [2.0 * x * t[0] - before[0], 2.0 * (x_slope * t[0] + x * t[1]) - before[1]];
                    (before, t) = (t, next);
                }
            }
            (value[n - 2], derivative[n - 2]) = (w * g, w * g_slope);
            (value[n - 1], derivative[n - 1]) = (w * w * g * g, 2.0 * w * w * g * g_slope);
        }
    }

    fn cutoff(&self) -> f64 {
        self.cutoffs[0].max(self.cutoffs[1])
    }

    fn kink(&self) -> f64 {
        self.cutoffs[0].min(self.cutoffs[1])
    }
}
