//! Products of the one-particle sums and their adjoints: atoms in lanes.
//!
//! Adjoints `W` are defined by `dE = Re Σ W dV`; for a product `V = V_a V_b` they go back as
//! `W_a += W V_b`, `W_b += W V_a`. A linear energy is linear in the leaves, so one pass over them yields
//! energy and adjoints; otherwise a first pass yields the densities and a second one, with the derivatives
//! of the energy with respect to them, the adjoints.

use crate::density::dag::Dag;
use crate::simd::{MAX_LANES, Simd};

use super::kernel::CenterKernel;
use super::layout::Layout;
use super::pair::PairSums;
use crate::density::readout::MAX_DENSITIES;

/// A complex number in every lane.
type Complex<S> = [S; 2];

/// Scratch of the products of one group of atoms.
#[derive(Debug)]
pub struct Products<S> {
    values: Vec<Complex<S>>,
    adjoints: Vec<Complex<S>>,
    /// Per group of leaves and density, `Σ w_p b`.
    inner: Vec<Complex<S>>,
    /// Sums of every atom before, their adjoints after [`Self::run`]: `[sum][lane]`.
    pub sums: Vec<S>,
}

#[inline(always)]
fn product<S: Simd>([ar, ai]: Complex<S>, [br, bi]: Complex<S>) -> Complex<S> {
    [ai.neg_mul_add(bi, ar.mul(br)), ar.mul_add(bi, ai.mul(br))]
}

/// `c + a b`
#[inline(always)]
fn add_product<S: Simd>([cr, ci]: Complex<S>, [ar, ai]: Complex<S>, [br, bi]: Complex<S>) -> Complex<S> {
    [ar.mul_add(br, ai.neg_mul_add(bi, cr)), ar.mul_add(bi, ai.mul_add(br, ci))]
}

/// `c + w a` with a real factor.
#[inline(always)]
fn add_scaled<S: Simd>([cr, ci]: Complex<S>, w: S, [ar, ai]: Complex<S>) -> Complex<S> {
    [w.mul_add(ar, cr), w.mul_add(ai, ci)]
}

impl<S: Simd> Products<S> {
    pub(super) fn new() -> Self {
        Self { values: Vec::new(), adjoints: Vec::new(), inner: Vec::new(), sums: Vec::new() }
    }

    /// Replaces the sums by their adjoints (real and imaginary parts as independent real numbers), the sums
    /// of pair functions by theirs, and returns the energies of the lanes.
    #[inline(always)]
    pub(super) fn run(&mut self, kernel: &CenterKernel<S>, pair: &mut PairSums) -> [f64; MAX_LANES] {
        let (layout, dag) = (&kernel.layout, &kernel.dag);
        let zero = [S::zero(); 2];
        self.values.resize(dag.n_nodes(), zero);
        self.adjoints.clear();
        self.adjoints.resize(dag.n_nodes(), zero);
        self.scatter_inputs(layout);
        forward(dag, &mut self.values);
        let energies = if kernel.terms.is_linear() {
            let mut energies = [0.0; MAX_LANES];
            linear_leaves(dag, &self.values, &mut self.adjoints).store(&mut energies);
            for (energy, baseline) in energies.iter_mut().zip(&mut pair[0]) {
                *energy += *baseline + kernel.readout.e0;
                *baseline = 1.0;
            }
            energies
        } else {
            match dag.n_densities {
                1 => self.leaves::<1>(kernel, pair),
                2 => self.leaves::<2>(kernel, pair),
                3 => self.leaves::<3>(kernel, pair),
                4 => self.leaves::<4>(kernel, pair),
                _ => self.leaves::<MAX_DENSITIES>(kernel, pair),
            }
        };
        backward(dag, &self.values, &mut self.adjoints);
        self.gather_adjoints(layout);
        energies
    }

    /// Energies through `P` densities, or through fewer where `P` is [`MAX_DENSITIES`].
    #[inline(always)]
    fn leaves<const P: usize>(&mut self, kernel: &CenterKernel<S>, pair: &mut PairSums) -> [f64; MAX_LANES] {
        let dag = &kernel.dag;
        let rho = densities::<S, P>(dag, &self.values, &mut self.inner);
        let (energies, bars) = kernel.terms.embed(&kernel.readout, &rho[..dag.n_densities], pair);
        let bars = std::array::from_fn(|p| bars[p]);
        density_adjoints::<S, P>(dag, bars, &self.values, &self.inner, &mut self.adjoints);
        energies
    }

    #[inline(always)]
    fn scatter_inputs(&mut self, layout: &Layout) {
        for input in &layout.real {
            self.values[input.node] = [self.sums[input.sum], S::zero()];
        }
        for input in &layout.complex {
            let (re, im, sign) = (self.sums[input.re], self.sums[input.im], S::splat(input.sign));
            self.values[input.plus] = [re, im];
            self.values[input.minus] = [sign.mul(re), sign.neg_mul_add(im, S::zero())];
        }
    }

    /// `dE = Re(W dA) + Re(W⁻ (−1)^m conj dA)`, as coefficients of Re dA and Im dA.
    #[inline(always)]
    fn gather_adjoints(&mut self, layout: &Layout) {
        for sum in &mut self.sums {
            *sum = S::zero();
        }
        for input in &layout.real {
            self.sums[input.sum] = self.adjoints[input.node][0];
        }
        for input in &layout.complex {
            let ([pr, pi], [mr, mi]) = (self.adjoints[input.plus], self.adjoints[input.minus]);
            let sign = S::splat(input.sign);
            self.sums[input.re] = sign.mul_add(mr, pr);
            self.sums[input.im] = sign.mul_add(mi, S::zero().sub(pi));
        }
    }
}

#[inline(always)]
fn forward<S: Simd>(dag: &Dag, values: &mut [Complex<S>]) {
    for (k, &[a, b]) in dag.interior.iter().enumerate() {
        values[dag.n_inputs + k] = product(values[a as usize], values[b as usize]);
    }
}

/// The densities; keeps the inner sums of every group.
#[inline(always)]
fn densities<S: Simd, const P: usize>(
    dag: &Dag,
    values: &[Complex<S>],
    inner: &mut Vec<Complex<S>>,
) -> [S; P] {
    let n = dag.n_densities;
    let mut rho = [S::zero(); P];
    inner.clear();
    for group in &dag.groups {
        let a = values[group.node as usize];
        let mut sums = [[S::zero(); 2]; P];
        let weights = &dag.leaf_weights[group.leaves.start * n..group.leaves.end * n];
        let nodes = &dag.leaf_nodes[group.leaves.clone()];
        for (weights, &node) in weights.chunks_exact(n).zip(nodes) {
            let b = values[node as usize];
            for (sum, &weight) in sums.iter_mut().zip(weights) {
                *sum = add_scaled(*sum, S::splat(weight), b);
            }
        }
        for (rho, sum) in rho.iter_mut().zip(&sums).take(n) {
            *rho = a[0].mul_add(sum[0], a[1].neg_mul_add(sum[1], *rho));
            inner.push(*sum);
        }
    }
    rho
}

/// Adjoints of the factors of all leaves, given the derivatives with respect to the densities.
#[inline(always)]
fn density_adjoints<S: Simd, const P: usize>(
    dag: &Dag,
    bars: [S; P],
    values: &[Complex<S>],
    inner: &[Complex<S>],
    adjoints: &mut [Complex<S>],
) {
    let n = dag.n_densities;
    for (group, inner) in dag.groups.iter().zip(inner.chunks_exact(n)) {
        let node = group.node as usize;
        let a = bars.map(|bar| [bar.mul(values[node][0]), bar.mul(values[node][1])]);
        for (&bar, &inner) in bars.iter().zip(inner) {
            adjoints[node] = add_scaled(adjoints[node], bar, inner);
        }
        let weights = &dag.leaf_weights[group.leaves.start * n..group.leaves.end * n];
        let nodes = &dag.leaf_nodes[group.leaves.clone()];
        for (weights, &node) in weights.chunks_exact(n).zip(nodes) {
            let mut sum = adjoints[node as usize];
            for (&a, &weight) in a.iter().zip(weights) {
                sum = add_scaled(sum, S::splat(weight), a);
            }
            adjoints[node as usize] = sum;
        }
    }
}

/// Energy and adjoints of a linear readout.
#[inline(always)]
fn linear_leaves<S: Simd>(dag: &Dag, values: &[Complex<S>], adjoints: &mut [Complex<S>]) -> S {
    let mut energy = S::zero();
    for group in &dag.groups {
        let a = values[group.node as usize];
        let mut inner = [S::zero(); 2];
        let weights = &dag.leaf_weights[group.leaves.clone()];
        let nodes = &dag.leaf_nodes[group.leaves.clone()];
        for (&weight, &node) in weights.iter().zip(nodes) {
            let (weight, node) = (S::splat(weight), node as usize);
            inner = add_scaled(inner, weight, values[node]);
            adjoints[node] = add_scaled(adjoints[node], weight, a);
        }
        energy = a[0].mul_add(inner[0], a[1].neg_mul_add(inner[1], energy));
        let adjoint = &mut adjoints[group.node as usize];
        *adjoint = [adjoint[0].add(inner[0]), adjoint[1].add(inner[1])];
    }
    energy
}

#[inline(always)]
fn backward<S: Simd>(dag: &Dag, values: &[Complex<S>], adjoints: &mut [Complex<S>]) {
    for (k, &[a, b]) in dag.interior.iter().enumerate().rev() {
        let (a, b) = (a as usize, b as usize);
        let w = adjoints[dag.n_inputs + k];
        adjoints[a] = add_product(adjoints[a], w, values[b]);
        adjoints[b] = add_product(adjoints[b], w, values[a]);
    }
}
