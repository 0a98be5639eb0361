//! Radial functions of SOAP towards one neighbor species: weighted [`Overlap`] channels, then Gaussians of the distance.
//!
//! ```text
//! channel (l, k, n):  w_k R_nl(r) u(r) f(r),        pair function s:  exp(−(r − r_s)² / (2 θ²)) f(r)
//! ```
//!
//! with a smooth step f from 1 at `cutoff − width` to 0 at the cutoff; without a width, functions end there abruptly. Those
//! of the channels may also fall with the distance before ([`Decay`]).

use super::Overlap;
use super::switch::step_down;
use crate::density::Radial;
use crate::error::{Error, Result};

/// Where functions end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SmoothEnd {
    /// Å
    pub cutoff: f64,
    /// Width of the step in Å; 0 for an abrupt end.
    pub width: f64,
}

impl SmoothEnd {
    /// # Errors
    /// [`Error::Setting`] for lengths out of range.
    pub fn check(&self) -> Result<()> {
        let (cutoff, width) = (self.cutoff, self.width);
        if cutoff.is_finite() && cutoff > 0.0 && (0.0..=cutoff).contains(&width) {
            return Ok(());
        }
        let reason = format!("expected a width of 0 to {cutoff} Å, got {width}");
        Err(Error::Setting { name: "cutoff_width", reason })
    }

    /// f and its derivative.
    fn step(&self, r: f64) -> (f64, f64) {
        if r >= self.cutoff { (0.0, 0.0) } else { step_down(r, self.cutoff, self.width) }
    }
}

/// How the weight of neighbors falls with their distance: `u(r) = 1 / (1 + (r / length)^power)`
/// (Willatt, Musil, Ceriotti, DOI 10.1039/C8CP05921G).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decay {
    /// Distance of half the weight, Å.
    pub length: f64,
    /// Power of the distance.
    pub power: f64,
}

impl Decay {
    /// # Errors
    /// [`Error::Setting`] for numbers out of range.
    pub fn check(&self) -> Result<()> {
        let (length, power) = (self.length, self.power);
        if !(length.is_finite() && length > 0.0) {
            let reason = format!("expected a positive length in Å, got {length}");
            return Err(Error::Setting { name: "decay_length", reason });
        }
        if !(2.0..=16.0).contains(&power) {
            let reason = format!("expected 2 to 16, got {power}");
            return Err(Error::Setting { name: "decay_power", reason });
        }
        Ok(())
    }

    /// u and its derivative.
    fn at(&self, r: f64) -> (f64, f64) {
        let ratio = r / self.length;
        let below = ratio.powf(self.power - 1.0);
        let u = 1.0 / (1.0 + below * ratio);
        (u, -self.power / self.length * below * u * u)
    }
}

/// What neighbors weigh in the density.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NeighborWeight {
    /// Where it ends.
    pub end: SmoothEnd,
    /// How it falls before.
    pub decay: Option<Decay>,
}

impl NeighborWeight {
    /// # Errors
    /// Those of both parts.
    pub fn check(&self) -> Result<()> {
        self.end.check()?;
        self.decay.map_or(Ok(()), |decay| decay.check())
    }

    /// u f and its derivative.
    fn at(&self, r: f64) -> (f64, f64) {
        let (step, slope) = self.end.step(r);
        let (u, du) = self.decay.map_or((1.0, 0.0), |decay| decay.at(r));
        (u * step, u * slope + du * step)
    }
}

/// Gaussians of the distance.
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussians {
    /// Their centres, Å.
    pub centers: Vec<f64>,
    /// Their width θ, Å.
    pub width: f64,
    /// Where they end.
    pub end: SmoothEnd,
}

impl Gaussians {
    /// # Errors
    /// [`Error::Setting`] for numbers out of range.
    pub fn check(&self) -> Result<()> {
        if !(self.width.is_finite() && self.width > 0.0) || self.centers.iter().any(|r| !r.is_finite()) {
            let reason =
                format!("expected finite centres and a positive width, got a width of {}", self.width);
            return Err(Error::Setting { name: "pair functions", reason });
        }
        self.end.check()
    }

    fn at(&self, center: f64, r: f64) -> f64 {
        (-0.5 * ((r - center) / self.width).powi(2)).exp()
    }
}

/// The functions of one pair of species.
#[derive(Debug, Clone, PartialEq)]
pub struct SoapRadial {
    overlap: Overlap,
    n: usize,
    /// w_k towards this neighbor species.
    weights: Vec<f64>,
    neighbors: NeighborWeight,
    pair: Gaussians,
}

impl SoapRadial {
    /// `n` functions per l of `overlap`, once per weight.
    pub fn new(
        overlap: Overlap,
        n: usize,
        weights: Vec<f64>,
        neighbors: NeighborWeight,
        pair: Gaussians,
    ) -> Self {
        Self { overlap, n, weights, neighbors, pair }
    }

    /// Channels of a function: `(k, number among all channels, weight)`.
    fn channels(&self, function: usize) -> impl Iterator<Item = (usize, f64)> {
        let (l, n, groups) = (function / self.n, function % self.n, self.weights.len());
        let place = move |k: usize| (l * groups + k) * self.n + n;
        self.weights.iter().enumerate().map(move |(k, weight)| (place(k), *weight))
    }

    fn n_channels(&self) -> usize {
        self.overlap.len() * self.weights.len()
    }
}

impl Radial for SoapRadial {
    fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        value.fill(0.0);
        derivative.fill(0.0);
        let n_channels = self.n_channels();
        if r < self.neighbors.end.cutoff {
            let (mut v, mut d) = (vec![0.0; self.overlap.len()], vec![0.0; self.overlap.len()]);
            self.overlap.evaluate(r, &mut v, &mut d);
            let (step, slope) = self.neighbors.at(r);
            for (function, (v, d)) in v.iter().zip(&d).enumerate() {
                for (channel, weight) in self.channels(function) {
                    value[channel] = weight * step * v;
                    derivative[channel] = weight * (step * d + slope * v);
                }
            }
        }
        let (step, slope) = self.pair.end.step(r);
        let out = value[n_channels..].iter_mut().zip(&mut derivative[n_channels..]);
        for ((value, derivative), &center) in out.zip(&self.pair.centers) {
            let v = self.pair.at(center, r);
            *value = step * v;
            *derivative = (slope - step * (r - center) / self.pair.width.powi(2)) * v;
        }
    }

    fn values(&self, r: &[f64], stride: usize, _n_functions: usize, out: &mut [f64]) {
        let steps: Vec<f64> = r.iter().map(|&r| self.neighbors.at(r).0).collect();
        let (many, pair) = out.split_at_mut((self.n_channels() * stride).min(out.len()));
        if let [weight] = self.weights[..] {
            let factors: Vec<f64> = steps.iter().map(|step| weight * step).collect();
            self.overlap.values(r, &factors, stride, many);
        } else {
            let mut plain = vec![0.0; self.overlap.len() * r.len()];
            self.overlap.values(r, &steps, r.len(), &mut plain);
            for (function, values) in plain.chunks_exact(r.len()).enumerate() {
                for (channel, weight) in self.channels(function) {
                    let out = &mut many[channel * stride..][..r.len()];
                    out.iter_mut().zip(values).for_each(|(out, value)| *out = weight * value);
                }
            }
        }
        for (&center, out) in self.pair.centers.iter().zip(pair.chunks_mut(stride)) {
            for (out, &r) in out.iter_mut().zip(r) {
                *out = self.pair.end.step(r).0 * self.pair.at(center, r);
            }
        }
    }

    fn cutoff(&self) -> f64 {
        let own = self.neighbors.end.cutoff;
        if self.pair.centers.is_empty() { own } else { own.max(self.pair.end.cutoff) }
    }

    fn kink(&self) -> f64 {
        self.neighbors.end.cutoff.min(self.cutoff())
    }
}
