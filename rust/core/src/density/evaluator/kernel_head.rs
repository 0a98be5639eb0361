//! Energy of an atom from kernels towards sparse environments, with few digits lost.
//!
//! Coefficients c of close environments are large and cancel. With the mean m of the p̂_s and d_s = p̂_s − m, overlaps are
//! t_s = u + δ_s with u = p̂ · m and small δ_s = p̂ · d_s. With C = Σ_s c_s and D = Σ_s c_s d_s, which are made once,
//!
//! ```text
//! Σ_s c_s t_s^ζ           = u^ζ C + ζ u^(ζ−1) p̂ · D + Σ_s c_s Σ_{k≥2} a_k δ_s^k,               a_k = (ζ over k) u^(ζ−k)
//! Σ_s c_s e^((t_s − 1)/θ²) = e^((u − 1)/θ²) [ C + p̂ · D / θ² + Σ_s c_s (e^(x_s) − 1 − x_s) ],     x_s = δ_s / θ²
//! ```
//!
//! and rounding of the sums over s is that of δ², not of 1.

use crate::density::kernel::{KernelFunction, MAX_ZETA, SparseKernel};
use crate::density::program::Center;
use crate::simd::exponential::{exp, exp_beyond_linear};
use crate::simd::{Scalar, Simd};

use super::batch::{Batch, VECTORS};
use super::head::{KernelReadout, TOGETHER, blocked, pull_back, weighted_sums};

/// What keeps an atom without any functions finite.
const NO_NORM: f64 = 1e-200;
/// Powers of an overlap, from 0 to the largest.
const POWERS: usize = MAX_ZETA as usize + 1;

/// Kernels of one centre species in the form that the evaluator reads.
#[derive(Debug)]
pub(super) struct KernelHead<S: Simd> {
    /// Energy of the free atom, with the sign that cancels it.
    offset: f64,
    function: KernelFunction,
    /// Beside the functions, 0 for none.
    constant: f64,
    /// C
    total: f64,
    /// m and D.
    leading: Rows<S>,
    /// d
    points: Rows<S>,
    /// `[block][environment of the block]`, 0 where there is none.
    coefficients: Vec<S::Scalar>,
}

/// Rows of numbers of a p̂ each.
#[derive(Debug)]
struct Rows<S: Simd> {
    /// `[block][function][row of the block]`.
    functions: Vec<S::Scalar>,
    /// What follows of the functions in each row, `[block][row of the block]`.
    constants: Vec<S::Scalar>,
}

impl<S: Simd> Rows<S> {
    /// From `count` rows, which begin with the numbers of `n` functions.
    fn new(rows: &[f64], count: usize, n: usize) -> Self {
        let width = rows.len() / count.max(1);
        let functions: Vec<f64> = (0..count).flat_map(|k| rows[k * width..][..n].iter().copied()).collect();
        let constants = (0..count).map(|k| if width > n { rows[k * width + n] } else { 0.0 });
        Self { functions: blocked::<S>(&functions, n), constants: whole_blocks::<S>(constants) }
    }

    /// Products of the rows of a block with p̂, given as its functions and its constant.
    #[inline(always)]
    fn overlaps(&self, block: usize, unit: &[Batch<S>], constant: &Batch<S>) -> [Batch<S>; TOGETHER] {
        let mut sums = [[S::zero(); VECTORS]; TOGETHER];
        for k in 0..TOGETHER {
            let beside = S::broadcast(self.constants[block * TOGETHER + k]);
            for g in 0..VECTORS {
                sums[k][g] = constant[g].mul(beside);
            }
        }
        weighted_sums(self.block(block, unit.len()), unit, &mut sums);
        sums
    }

    /// Adds the functions of the rows of a block, each times its weight, to `bars`.
    #[inline(always)]
    fn pull_back(&self, block: usize, weights: &[Batch<S>; TOGETHER], bars: &mut [Batch<S>]) {
        pull_back(self.block(block, bars.len()), weights, bars);
    }

    /// The functions of a block.
    #[inline(always)]
    fn block(&self, block: usize, n: usize) -> &[S::Scalar] {
        &self.functions[block * n * TOGETHER..][..n * TOGETHER]
    }
}

/// Numbers of environments, 0 beyond the last.
fn whole_blocks<S: Simd>(numbers: impl Iterator<Item = f64>) -> Vec<S::Scalar> {
    let mut out: Vec<_> = numbers.map(S::Scalar::rounded).collect();
    out.resize(out.len().next_multiple_of(TOGETHER), S::Scalar::default());
    out
}

impl<S: Simd> KernelHead<S> {
    pub(super) fn new(readout: &KernelReadout, center: &Center) -> Self {
        let (kernel, coefficients, n) = (&readout.kernel, &readout.coefficients, center.functions.len());
        let width = kernel.width();
        let (mean, away) = around_mean(kernel);
        let mut leading = [mean, vec![0.0; width]].concat();
        for (row, c) in away.chunks_exact(width.max(1)).zip(coefficients) {
            leading[width..].iter_mut().zip(row).for_each(|(sum, d)| *sum += c * d);
        }
        Self {
            offset: -kernel.lone_energy(coefficients),
            function: kernel.function(),
            constant: kernel.constant().unwrap_or(0.0),
            total: coefficients.iter().sum(),
            leading: Rows::new(&leading, 2, n),
            points: Rows::new(&away, kernel.len(), n),
            coefficients: whole_blocks::<S>(coefficients.iter().copied()),
        }
    }

    /// See [`super::head::Head::run`].
    #[inline(always)]
    pub(super) fn run(&self, functions: &mut [Batch<S>], bars: &mut Vec<Batch<S>>) -> Batch<S> {
        let n = functions.len();
        bars.clear();
        bars.resize(n, [S::zero(); VECTORS]);
        let mut inverse = [S::splat(self.constant * self.constant + NO_NORM); VECTORS];
        let mut constant = [S::splat(self.constant); VECTORS];
        for g in 0..VECTORS {
            for function in &*functions {
                inverse[g] = function[g].mul_add(function[g], inverse[g]);
            }
            inverse[g] = S::splat(1.0).div(inverse[g].sqrt());
            constant[g] = constant[g].mul(inverse[g]);
            for function in &mut *functions {
                function[g] = function[g].mul(inverse[g]);
            }
        }
        let (energy, along) = match self.function {
            KernelFunction::Dot { zeta } => self.powers(zeta as usize, functions, &constant, bars),
            KernelFunction::SquaredExponential { length } => {
                self.exponentials(length, functions, &constant, bars)
            }
        };
        for (function, bar) in functions.iter_mut().zip(&*bars) {
            for g in 0..VECTORS {
                function[g] = along[g].neg_mul_add(function[g], bar[g]).mul(inverse[g]);
            }
        }
        energy
    }

    /// Energies and `p̂ · dE/dp̂` of powers; adds dE/dp̂ to `bars`.
    #[inline(always)]
    fn powers(
        &self,
        zeta: usize,
        unit: &[Batch<S>],
        constant: &Batch<S>,
        bars: &mut [Batch<S>],
    ) -> (Batch<S>, Batch<S>) {
        let [mean, first, ..] = self.leading.overlaps(0, unit, constant);
        // a_k and k a_k; a_1 and 2 a_2 are the first and the second derivative of u^ζ.
        let mut terms = [[S::zero(); VECTORS]; POWERS];
        let mut slopes = [[S::zero(); VECTORS]; POWERS];
        let mut energy = [S::splat(self.offset); VECTORS];
        let mut leading_bars = [[S::zero(); VECTORS]; TOGETHER];
        for g in 0..VECTORS {
            let mut term = S::splat(1.0);
            for k in (0..=zeta).rev() {
                terms[k][g] = term;
                slopes[k][g] = term.mul(S::splat(k as f64));
                term = term.mul(mean[g]).mul(S::splat(k as f64 / (zeta - k + 1) as f64));
            }
            let total = S::splat(self.total);
            energy[g] = terms[1][g].mul_add(first[g], terms[0][g].mul_add(total, energy[g]));
            leading_bars[0][g] = slopes[2][g].mul_add(first[g], terms[1][g].mul(total));
            leading_bars[1][g] = terms[1][g];
        }
        let mut along = [S::zero(); VECTORS];
        let top = zeta.max(2);
        for (block, coefficients) in self.coefficients.chunks_exact(TOGETHER).enumerate() {
            let mut weights = self.points.overlaps(block, unit, constant);
            for k in 0..TOGETHER {
                for g in 0..VECTORS {
                    let delta = weights[k][g];
                    let (mut term, mut slope) = (terms[top][g], slopes[top][g]);
                    for order in (2..top).rev() {
                        term = term.mul_add(delta, terms[order][g]);
                        slope = slope.mul_add(delta, slopes[order][g]);
                    }
                    let weighted = delta.mul(S::broadcast(coefficients[k]));
                    energy[g] = term.mul(delta).mul_add(weighted, energy[g]);
                    weights[k][g] = slope.mul(weighted);
                    along[g] = weights[k][g].mul_add(delta, along[g]);
                    // What the sum over k changes by with u.
                    let of_mean = slopes[2][g].neg_mul_add(weighted, weights[k][g]);
                    leading_bars[0][g] = leading_bars[0][g].add(of_mean);
                }
            }
            self.points.pull_back(block, &weights, bars);
        }
        for g in 0..VECTORS {
            along[g] = leading_bars[0][g].mul_add(mean[g], along[g]);
            along[g] = leading_bars[1][g].mul_add(first[g], along[g]);
        }
        self.leading.pull_back(0, &leading_bars, bars);
        (energy, along)
    }

    /// The same of squared exponentials.
    #[inline(always)]
    fn exponentials(
        &self,
        length: f64,
        unit: &[Batch<S>],
        constant: &Batch<S>,
        bars: &mut [Batch<S>],
    ) -> (Batch<S>, Batch<S>) {
        let [mean, first, ..] = self.leading.overlaps(0, unit, constant);
        let sharpness = S::splat(1.0 / (length * length));
        // f(u) and what it is multiplied with.
        let mut front = [S::zero(); VECTORS];
        let mut sum = [S::splat(self.total); VECTORS];
        for g in 0..VECTORS {
            front[g] = exp(mean[g].sub(S::splat(1.0)).mul(sharpness));
            sum[g] = first[g].mul_add(sharpness, sum[g]);
        }
        let mut along = [S::zero(); VECTORS];
        for (block, coefficients) in self.coefficients.chunks_exact(TOGETHER).enumerate() {
            let mut weights = self.points.overlaps(block, unit, constant);
            for k in 0..TOGETHER {
                for g in 0..VECTORS {
                    let (delta, c) = (weights[k][g], S::broadcast(coefficients[k]));
                    let x = delta.mul(sharpness);
                    let beyond = exp_beyond_linear(x);
                    sum[g] = beyond.mul_add(c, sum[g]);
                    weights[k][g] = beyond.add(x).mul(c).mul(front[g].mul(sharpness));
                    along[g] = weights[k][g].mul_add(delta, along[g]);
                }
            }
            self.points.pull_back(block, &weights, bars);
        }
        let mut energy = [S::splat(self.offset); VECTORS];
        let mut leading_bars = [[S::zero(); VECTORS]; TOGETHER];
        for g in 0..VECTORS {
            let value = front[g].mul(sum[g]);
            energy[g] = energy[g].add(value);
            leading_bars[0][g] = value.mul(sharpness);
            leading_bars[1][g] = front[g].mul(sharpness);
            along[g] = leading_bars[0][g].mul_add(mean[g], along[g]);
            along[g] = leading_bars[1][g].mul_add(first[g], along[g]);
        }
        self.leading.pull_back(0, &leading_bars, bars);
        (energy, along)
    }
}

/// Mean of the p̂_s and what they are beyond it.
fn around_mean(kernel: &SparseKernel) -> (Vec<f64>, Vec<f64>) {
    let (width, mut away) = (kernel.width(), kernel.points().to_vec());
    let mut mean = vec![0.0; width];
    for row in away.chunks_exact(width.max(1)) {
        mean.iter_mut().zip(row).for_each(|(mean, p)| *mean += p / kernel.len() as f64);
    }
    for row in away.chunks_exact_mut(width.max(1)) {
        row.iter_mut().zip(&mean).for_each(|(p, mean)| *p -= mean);
    }
    (mean, away)
}
