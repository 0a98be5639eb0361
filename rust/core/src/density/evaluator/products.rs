//! Products of the one-particle sums and their adjoints: atoms in lanes, several vectors of them at a time.
//!
//! Adjoints `W` are defined by `dE = Re Σ W dV`; for a product `V = V_a V_b` they go back as
//! `W_a += W V_b`, `W_b += W V_a`. A linear energy is linear in the leaves, so one pass over them yields
//! energy and adjoints; otherwise a first pass yields the densities and a second one, with the derivatives
//! of the energy with respect to them, the adjoints.

use crate::density::dag::Dag;
use crate::density::readout::MAX_DENSITIES;
use crate::simd::{MAX_LANES, Simd};

use super::accumulate::grow;
use super::batch::{Batch, VECTORS};
use super::environment::Approach;
use super::head::{Head, HeadScratch};
use super::kernel::CenterKernel;
use super::layout::Layout;

/// A complex number of every atom of a batch.
type Complex<S> = [Batch<S>; 2];

/// Scratch of the products of one batch of atoms.
#[derive(Debug)]
pub struct Products<S> {
    values: Vec<Complex<S>>,
    adjoints: Vec<Complex<S>>,
    /// Per group of leaves and density, `Σ w_p b`.
    inner: Vec<Complex<S>>,
    /// Leaves of the products, and functions of these.
    leaves: Vec<Batch<S>>,
    functions: Vec<Batch<S>>,
    head: HeadScratch<S>,
    /// All sums of every atom (one-particle, then pair) before, their adjoints after [`Self::run`].
    pub sums: Vec<Batch<S>>,
    /// Nearest neighbor of every atom, where it switches the energy; its derivatives after [`Self::run`].
    pub approaches: Vec<Approach>,
}

/// `c + a b`
#[inline(always)]
fn add<S: Simd>(mut c: Batch<S>, a: Batch<S>, b: Batch<S>) -> Batch<S> {
    for g in 0..VECTORS {
        c[g] = a[g].mul_add(b[g], c[g]);
    }
    c
}

/// `c − a b`
#[inline(always)]
fn subtract<S: Simd>(mut c: Batch<S>, a: Batch<S>, b: Batch<S>) -> Batch<S> {
    for g in 0..VECTORS {
        c[g] = a[g].neg_mul_add(b[g], c[g]);
    }
    c
}

/// `a b`
#[inline(always)]
fn times<S: Simd>(mut a: Batch<S>, b: Batch<S>) -> Batch<S> {
    for g in 0..VECTORS {
        a[g] = a[g].mul(b[g]);
    }
    a
}

#[inline(always)]
fn product<S: Simd>([ar, ai]: Complex<S>, [br, bi]: Complex<S>) -> Complex<S> {
    [subtract(times(ar, br), ai, bi), add(times(ai, br), ar, bi)]
}

/// `c + a b`
#[inline(always)]
fn add_product<S: Simd>([cr, ci]: Complex<S>, [ar, ai]: Complex<S>, [br, bi]: Complex<S>) -> Complex<S> {
    [add(subtract(cr, ai, bi), ar, br), add(add(ci, ai, br), ar, bi)]
}

/// `c + w a` with a real factor.
#[inline(always)]
fn add_scaled<S: Simd>([cr, ci]: Complex<S>, w: Batch<S>, [ar, ai]: Complex<S>) -> Complex<S> {
    [add(cr, w, ar), add(ci, w, ai)]
}

impl<S: Simd> Products<S> {
    const ZERO: fn() -> Batch<S> = || [S::zero(); VECTORS];

    pub(super) fn new() -> Self {
        Self {
            values: Vec::new(),
            adjoints: Vec::new(),
            inner: Vec::new(),
            leaves: Vec::new(),
            functions: Vec::new(),
            head: HeadScratch::new(),
            sums: Vec::new(),
            approaches: Vec::new(),
        }
    }

    /// All monomials of the atoms, leaf by leaf, from the sums.
    #[inline(always)]
    pub(super) fn monomials(&mut self, layout: &Layout, dag: &Dag, out: &mut Vec<Batch<S>>) {
        self.values.resize(dag.n_nodes(), [Self::ZERO(); 2]);
        self.scatter_inputs(layout);
        forward(dag, &mut self.values);
        leaf_values(dag, &self.values, out);
    }

    /// Replaces the sums by their adjoints (real and imaginary parts as independent real numbers) and
    /// returns the energies of the atoms.
    #[inline(always)]
    pub(super) fn run(&mut self, kernel: &CenterKernel<S>) -> [[f64; MAX_LANES]; VECTORS] {
        let (layout, dag) = (&kernel.layout, &kernel.dag);
        let zero = [Self::ZERO(); 2];
        self.values.resize(dag.n_nodes(), zero);
        self.adjoints.clear();
        self.adjoints.resize(dag.n_nodes(), zero);
        grow(&mut self.inner, dag.groups.len() * kernel.n_densities, zero);
        self.scatter_inputs(layout);
        forward(dag, &mut self.values);
        let energies = if kernel.terms.is_linear() {
            let energies = match &kernel.head {
                Some(head) => self.through(head, dag),
                None => linear_leaves(kernel, &self.values, &mut self.adjoints),
            };
            let baseline = &mut self.sums[layout.size];
            let mut out = [[0.0; MAX_LANES]; VECTORS];
            for g in 0..VECTORS {
                energies[g].add(baseline[g]).store(&mut out[g]);
                out[g].iter_mut().for_each(|energy| *energy += kernel.readout.e0);
            }
            *baseline = [S::splat(1.0); VECTORS];
            out
        } else {
            match kernel.n_densities {
                1 => self.leaves::<1>(kernel),
                2 => self.leaves::<2>(kernel),
                3 => self.leaves::<3>(kernel),
                4 => self.leaves::<4>(kernel),
                8 => self.leaves::<8>(kernel),
                _ => self.leaves::<MAX_DENSITIES>(kernel),
            }
        };
        backward(dag, &self.values, &mut self.adjoints);
        self.gather_adjoints(layout);
        energies
    }

    /// Energies through a head on the functions.
    #[inline(always)]
    fn through(&mut self, head: &Head<S>, dag: &Dag) -> Batch<S> {
        leaf_values(dag, &self.values, &mut self.leaves);
        self.functions.clear();
        for terms in head.functions.iter() {
            let mut sum = Self::ZERO();
            for &(leaf, c) in terms {
                sum = add(sum, [S::splat(c); VECTORS], self.leaves[leaf as usize]);
            }
            self.functions.push(sum);
        }
        let energy = head.run(&mut self.functions, &mut self.head);
        self.leaves.fill(Self::ZERO());
        for (terms, bar) in head.functions.iter().zip(&self.functions) {
            for &(leaf, c) in terms {
                let sum = &mut self.leaves[leaf as usize];
                *sum = add(*sum, [S::splat(c); VECTORS], *bar);
            }
        }
        for group in &dag.groups {
            let a = self.values[group.node as usize];
            let mut inner = [Self::ZERO(); 2];
            let nodes = &dag.leaf_nodes[group.leaves.clone()];
            for (&node, &bar) in nodes.iter().zip(&self.leaves[group.leaves.clone()]) {
                inner = add_scaled(inner, bar, self.values[node as usize]);
                self.adjoints[node as usize] = add_scaled(self.adjoints[node as usize], bar, a);
            }
            let one = [S::splat(1.0); VECTORS];
            self.adjoints[group.node as usize] = add_scaled(self.adjoints[group.node as usize], one, inner);
        }
        energy
    }

    /// Energies through `P` densities.
    #[inline(always)]
    fn leaves<const P: usize>(&mut self, kernel: &CenterKernel<S>) -> [[f64; MAX_LANES]; VECTORS] {
        let mut rho = densities::<S, P>(kernel, &self.values, &mut self.inner);
        let mut energies = [[0.0; MAX_LANES]; VECTORS];
        for g in 0..VECTORS {
            let pair = &mut self.sums[kernel.layout.size..];
            let rho = &mut rho[..kernel.n_densities];
            let from = (g * S::LANES).min(self.approaches.len());
            energies[g] = kernel.terms.embed(&kernel.readout, rho, pair, g, &mut self.approaches[from..]);
        }
        density_adjoints::<S, P>(kernel, rho, &self.values, &self.inner, &mut self.adjoints);
        energies
    }

    #[inline(always)]
    fn scatter_inputs(&mut self, layout: &Layout) {
        for input in &layout.real {
            let norm = [S::splat(input.norm); VECTORS];
            let own = [S::splat(input.own); VECTORS];
            self.values[input.node] = [add(own, norm, self.sums[input.sum]), Self::ZERO()];
        }
        for input in &layout.complex {
            let (re, im) = (self.sums[input.re], self.sums[input.im]);
            let [plus, minus] = [input.norm, input.norm_minus].map(|norm| [S::splat(norm); VECTORS]);
            self.values[input.plus] = [times(plus, re), times(plus, im)];
            self.values[input.minus] = [times(minus, re), subtract(Self::ZERO(), minus, im)];
        }
    }

    /// `dE = Re(W dA) + Re(W⁻ (−1)^m conj dA)`, as coefficients of Re dA and Im dA.
    #[inline(always)]
    fn gather_adjoints(&mut self, layout: &Layout) {
        self.sums[..layout.size].fill(Self::ZERO());
        for input in &layout.real {
            self.sums[input.sum] = times([S::splat(input.norm); VECTORS], self.adjoints[input.node][0]);
        }
        for input in &layout.complex {
            let ([pr, pi], [mr, mi]) = (self.adjoints[input.plus], self.adjoints[input.minus]);
            let [plus, minus] = [input.norm, input.norm_minus].map(|norm| [S::splat(norm); VECTORS]);
            self.sums[input.re] = add(times(plus, pr), minus, mr);
            self.sums[input.im] = subtract(times(minus, mi), plus, pi);
        }
    }
}

#[inline(always)]
fn forward<S: Simd>(dag: &Dag, values: &mut [Complex<S>]) {
    for (k, &[a, b]) in dag.interior.iter().enumerate() {
        values[dag.n_inputs + k] = product(values[a as usize], values[b as usize]);
    }
}

/// Values of all leaves.
#[inline(always)]
fn leaf_values<S: Simd>(dag: &Dag, values: &[Complex<S>], out: &mut Vec<Batch<S>>) {
    grow(out, dag.leaf_nodes.len(), [S::zero(); VECTORS]);
    for group in &dag.groups {
        let a = values[group.node as usize];
        let nodes = &dag.leaf_nodes[group.leaves.clone()];
        for (&node, out) in nodes.iter().zip(&mut out[group.leaves.clone()]) {
            let b = values[node as usize];
            *out = subtract(times(a[0], b[0]), a[1], b[1]);
        }
    }
}

/// The densities; keeps the inner sums of every group.
#[inline(always)]
fn densities<S: Simd, const P: usize>(
    kernel: &CenterKernel<S>,
    values: &[Complex<S>],
    inner: &mut [Complex<S>],
) -> [Batch<S>; P] {
    let (dag, zero) = (&kernel.dag, [S::zero(); VECTORS]);
    let mut rho = [zero; P];
    for (group, inner) in dag.groups.iter().zip(inner.chunks_exact_mut(P)) {
        let a = values[group.node as usize];
        let mut sums = [[zero; 2]; P];
        let weights = &kernel.leaf_weights[group.leaves.start * P..group.leaves.end * P];
        let nodes = &dag.leaf_nodes[group.leaves.clone()];
        for (weights, &node) in weights.chunks_exact(P).zip(nodes) {
            let Some(weights) = weights.first_chunk::<P>() else { continue };
            let b = values[node as usize];
            for p in 0..P {
                sums[p] = add_scaled(sums[p], [S::broadcast(weights[p]); VECTORS], b);
            }
        }
        for ((rho, sum), inner) in rho.iter_mut().zip(&sums).zip(inner) {
            *rho = add(subtract(*rho, a[1], sum[1]), a[0], sum[0]);
            *inner = *sum;
        }
    }
    rho
}

/// Adjoints of the factors of all leaves, given the derivatives with respect to the densities.
#[inline(always)]
fn density_adjoints<S: Simd, const P: usize>(
    kernel: &CenterKernel<S>,
    bars: [Batch<S>; P],
    values: &[Complex<S>],
    inner: &[Complex<S>],
    adjoints: &mut [Complex<S>],
) {
    let dag = &kernel.dag;
    for (group, inner) in dag.groups.iter().zip(inner.chunks_exact(P)) {
        let node = group.node as usize;
        let mut a = [[[S::zero(); VECTORS]; 2]; P];
        for p in 0..P {
            for part in 0..2 {
                a[p][part] = times(bars[p], values[node][part]);
            }
        }
        for (&bar, &inner) in bars.iter().zip(inner) {
            adjoints[node] = add_scaled(adjoints[node], bar, inner);
        }
        let weights = &kernel.leaf_weights[group.leaves.start * P..group.leaves.end * P];
        let nodes = &dag.leaf_nodes[group.leaves.clone()];
        for (weights, &node) in weights.chunks_exact(P).zip(nodes) {
            let Some(weights) = weights.first_chunk::<P>() else { continue };
            let mut sum = adjoints[node as usize];
            for p in 0..P {
                sum = add_scaled(sum, [S::broadcast(weights[p]); VECTORS], a[p]);
            }
            adjoints[node as usize] = sum;
        }
    }
}

/// Energy and adjoints of a linear readout.
#[inline(always)]
fn linear_leaves<S: Simd>(
    kernel: &CenterKernel<S>,
    values: &[Complex<S>],
    adjoints: &mut [Complex<S>],
) -> Batch<S> {
    let (dag, zero) = (&kernel.dag, [S::zero(); VECTORS]);
    let mut energy = zero;
    for group in &dag.groups {
        let a = values[group.node as usize];
        let mut inner = [zero; 2];
        let weights = &kernel.leaf_weights[group.leaves.clone()];
        let nodes = &dag.leaf_nodes[group.leaves.clone()];
        for (&weight, &node) in weights.iter().zip(nodes) {
            let (weight, node) = ([S::broadcast(weight); VECTORS], node as usize);
            inner = add_scaled(inner, weight, values[node]);
            adjoints[node] = add_scaled(adjoints[node], weight, a);
        }
        energy = add(subtract(energy, a[1], inner[1]), a[0], inner[0]);
        let one = [S::splat(1.0); VECTORS];
        adjoints[group.node as usize] = add_scaled(adjoints[group.node as usize], one, inner);
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
