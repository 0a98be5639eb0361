//! Products of the one-particle sums and their adjoints: atoms in lanes.
//!
//! Adjoints `W` are defined by `dE = Re Σ W dV`; for a product `V = V_a V_b` they go back as
//! `W_a += W V_b`, `W_b += W V_a`. The energy is linear in the leaves, so one pass over them yields
//! energy and adjoints.

use crate::density::dag::Dag;
use crate::simd::Simd;

use super::layout::Layout;

/// A complex number in every lane.
type Complex<S> = [S; 2];

/// Scratch of the products of one group of atoms.
#[derive(Debug)]
pub struct Products<S> {
    values: Vec<Complex<S>>,
    adjoints: Vec<Complex<S>>,
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
        Self { values: Vec::new(), adjoints: Vec::new(), sums: Vec::new() }
    }

    /// Replaces the sums by their adjoints (real and imaginary parts as independent real numbers) and
    /// returns the energies of the lanes.
    #[inline(always)]
    pub(super) fn run(&mut self, layout: &Layout, dag: &Dag) -> S {
        let zero = [S::zero(); 2];
        self.values.resize(dag.n_nodes(), zero);
        self.adjoints.clear();
        self.adjoints.resize(dag.n_nodes(), zero);
        self.scatter_inputs(layout);
        let energy = forward_and_leaves(dag, &mut self.values, &mut self.adjoints);
        backward(dag, &self.values, &mut self.adjoints);
        self.gather_adjoints(layout);
        energy
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
fn forward_and_leaves<S: Simd>(dag: &Dag, values: &mut [Complex<S>], adjoints: &mut [Complex<S>]) -> S {
    for (k, &[a, b]) in dag.interior.iter().enumerate() {
        values[dag.n_inputs + k] = product(values[a as usize], values[b as usize]);
    }
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
