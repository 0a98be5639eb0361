//! Cubic B-splines on any knots, and their pieces as polynomials.
//!
//! Knots `t_0 ≤ … ≤ t_{K+3}` carry K = (number of knots) − 4 functions `B_0 … B_{K−1}`; on the interval
//! `[t_{s+3}, t_{s+4})` the functions `B_s … B_{s+3}` are not zero (de Boor's recursion). Distances outside
//! `[t_3, t_K)` belong to no interval.

use crate::error::{Error, Result};

/// Most functions along one axis.
const MAX_FUNCTIONS: usize = 4096;
/// Largest deviation of uniform knots, relative to their spacing.
const UNIFORM: f64 = 1e-9;

/// Values and derivatives (1/Å) of the four functions that are not zero at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Local {
    /// Index of the first of them.
    pub first: usize,
    /// Their values.
    pub value: [f64; 4],
    /// Their derivatives.
    pub slope: [f64; 4],
}

/// One axis of a spline: its knots, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    knots: Vec<f64>,
    /// Inverse spacing where the inner knots are uniform.
    inverse_spacing: Option<f64>,
}

impl Axis {
    /// An axis from its knots in Å, ascending, the end knots repeated or not.
    ///
    /// # Errors
    /// [`Error::Setting`] for fewer than 8 or too many knots, or knots that are negative, not finite, not
    /// ascending, or coincide inside the range.
    pub fn new(knots: Vec<f64>) -> Result<Self> {
        let bad = |reason: String| Err(Error::Setting { name: "knots", reason });
        if knots.len() < 8 || knots.len() > MAX_FUNCTIONS + 4 {
            return bad(format!("expected 8 to {} numbers, got {}", MAX_FUNCTIONS + 4, knots.len()));
        }
        if knots.iter().any(|t| !t.is_finite()) || knots[3] < 0.0 {
            return bad("expected finite distances, the fourth and later ones not negative".into());
        }
        let end = knots.len() - 4;
        if knots.windows(2).any(|w| w[0] > w[1]) || knots[3..=end].windows(2).any(|w| w[0] >= w[1]) {
            return bad("expected ascending distances, distinct between the ends".into());
        }
        let n = end - 3;
        let spacing = (knots[end] - knots[3]) / n as f64;
        let uniform =
            (0..=n).all(|s| (knots[3] + s as f64 * spacing - knots[3 + s]).abs() <= UNIFORM * spacing);
        Ok(Self { knots, inverse_spacing: uniform.then_some(1.0 / spacing) })
    }

    /// The knots in Å.
    pub fn knots(&self) -> &[f64] {
        &self.knots
    }

    /// Number of functions.
    pub fn len(&self) -> usize {
        self.knots.len() - 4
    }

    /// Never: an axis has at least four functions.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Number of intervals.
    pub fn n_intervals(&self) -> usize {
        self.knots.len() - 7
    }

    /// First distance of the range, Å.
    pub fn low(&self) -> f64 {
        self.knots[3]
    }

    /// End of the range, Å.
    pub fn high(&self) -> f64 {
        self.knots[self.len()]
    }

    /// Inverse of the spacing of the knots (1/Å) where it is the same everywhere.
    pub fn inverse_spacing(&self) -> Option<f64> {
        self.inverse_spacing
    }

    /// The interval of a distance; `None` outside the range.
    #[inline]
    pub fn interval(&self, r: f64) -> Option<usize> {
        if !(r >= self.low() && r < self.high()) {
            return None;
        }
        let last = self.n_intervals() - 1;
        Some(match self.inverse_spacing {
            Some(inverse) => (((r - self.low()) * inverse) as usize).min(last),
            None => (self.knots[4..self.len()].partition_point(|&t| t <= r)).min(last),
        })
    }

    /// The functions at a distance in the range; `None` outside.
    #[inline]
    pub fn evaluate(&self, r: f64) -> Option<Local> {
        self.interval(r).map(|s| self.on_interval(s, r))
    }

    /// The functions at any place: beyond either end they go on linearly.
    pub fn continued(&self, x: f64) -> Local {
        let inside = x.clamp(self.low(), self.high());
        let mut local = self.on_interval(self.interval(inside).unwrap_or(self.n_intervals() - 1), inside);
        for (value, slope) in local.value.iter_mut().zip(local.slope) {
            *value += slope * (x - inside);
        }
        local
    }

    /// The functions of interval `s` at a distance, which may lie outside: their polynomials go on.
    pub fn on_interval(&self, s: usize, r: f64) -> Local {
        let t = &self.knots[s..s + 8];
        // De Boor's triangle: values of degree 2 give the slopes, those of degree 3 the values.
        let (mut value, mut slope) = ([1.0, 0.0, 0.0, 0.0], [0.0; 4]);
        for degree in 1..4 {
            let mut carried = 0.0;
            let mut steps = [0.0; 4];
            for k in 0..degree {
                let (right, left) = (t[4 + k], t[4 + k - degree]);
                steps[k] = value[k] / (right - left);
                value[k] = carried + (right - r) * steps[k];
                carried = (r - left) * steps[k];
            }
            value[degree] = carried;
            if degree == 3 {
                for (k, slope) in slope.iter_mut().enumerate() {
                    let before = if k > 0 { steps[k - 1] } else { 0.0 };
                    *slope = 3.0 * (before - if k < 3 { steps[k] } else { 0.0 });
                }
            }
        }
        Local { first: s, value, slope }
    }

    /// The four functions of interval `s` as polynomials in `r − t_{s+3}`: `[power][function]`.
    pub fn polynomials(&self, s: usize) -> [[f64; 4]; 4] {
        let (start, end) = (self.knots[s + 3], self.knots[s + 4]);
        let width = end - start;
        let (a, b) = (self.on_interval(s, start), self.on_interval(s, end));
        // The cubics with these values and slopes at both ends.
        let rise: [f64; 4] = std::array::from_fn(|k| (b.value[k] - a.value[k]) / width);
        let square = |k: usize| (3.0 * rise[k] - 2.0 * a.slope[k] - b.slope[k]) / width;
        let cube = |k: usize| (a.slope[k] + b.slope[k] - 2.0 * rise[k]) / (width * width);
        [a.value, a.slope, std::array::from_fn(square), std::array::from_fn(cube)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes() -> Result<[Axis; 2]> {
        let uniform = vec![1.0, 1.0, 1.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.0, 3.0, 3.0];
        let other = vec![0.5, 0.5, 0.7, 1.0, 1.4, 2.3, 2.5, 3.0, 3.5, 3.6, 4.0];
        Ok([Axis::new(uniform)?, Axis::new(other)?])
    }

    #[test]
    fn functions_sum_to_one_and_slopes_are_derivatives() -> Result<()> {
        for axis in axes()? {
            for k in 0..200 {
                let r = axis.low() + (axis.high() - axis.low()) * (f64::from(k) + 0.5) / 200.0;
                let local = axis.evaluate(r).unwrap();
                assert!((local.value.iter().sum::<f64>() - 1.0).abs() < 1e-14);
                let s = axis.interval(r).unwrap();
                assert!(axis.knots()[s + 3] <= r && r < axis.knots()[s + 4]);
                let (plus, minus) = (axis.on_interval(s, r + 1e-6), axis.on_interval(s, r - 1e-6));
                let powers = axis.polynomials(s);
                let t = r - axis.knots()[s + 3];
                for f in [0, 1, 2, 3] {
                    assert!((local.slope[f] - (plus.value[f] - minus.value[f]) / 2e-6).abs() < 1e-8);
                    let polynomial = (0..4).rev().fold(0.0, |sum, p| sum * t + powers[p][f]);
                    assert!((polynomial - local.value[f]).abs() < 1e-13);
                }
            }
        }
        Ok(())
    }

    #[test]
    fn functions_go_on_linearly() -> Result<()> {
        for axis in axes()? {
            for (x, s, end) in [(-2.0, 0, axis.low()), (9.0, axis.n_intervals() - 1, axis.high())] {
                let (there, here) = (axis.continued(x), axis.on_interval(s, end));
                assert_eq!((there.first, there.slope), (s, here.slope));
                for k in 0..4 {
                    let wanted = here.value[k] + here.slope[k] * (x - end);
                    assert!((there.value[k] - wanted).abs() < 1e-14);
                }
            }
            assert_eq!(Some(axis.continued(2.6)), axis.evaluate(2.6));
        }
        Ok(())
    }

    #[test]
    fn there_is_nothing_outside() -> Result<()> {
        let [uniform, other] = axes()?;
        assert!(uniform.inverse_spacing().is_some() && other.inverse_spacing().is_none());
        for axis in [uniform, other] {
            assert_eq!(axis.interval(axis.low() - 1e-12), None);
            assert_eq!(axis.interval(axis.high()), None);
            assert_eq!(axis.interval(f64::NAN), None);
            assert_eq!(axis.interval(axis.low()), Some(0));
            assert_eq!(axis.interval(axis.high() - 1e-12), Some(axis.n_intervals() - 1));
        }
        Ok(())
    }

    #[test]
    fn bad_knots_are_refused() {
        for knots in [
            vec![],
            vec![0.0; 8],
            vec![0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0],
            vec![0.0, 0.0, 0.0, 0.0, 1.0, 0.5, 2.0, 2.0, 2.0, 2.0],
            vec![0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0],
            vec![-1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 1.0],
            vec![0.0, 0.0, 0.0, f64::NAN, 1.0, 1.0, 1.0, 1.0],
        ] {
            assert!(Axis::new(knots).is_err());
        }
    }
}
