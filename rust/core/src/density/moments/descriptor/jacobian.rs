//! Derivatives of all scalars in the sums over neighbors: centres in lanes.

use crate::density::moments::Products;
use crate::simd::{MAX_LANES, Simd, Task};

use super::basis::Basis;

/// Derivatives at as many centres as there are lanes; run it with [`Simd::enter`].
pub struct JacobianTask<'a> {
    pub products: &'a Products,
    pub basis: &'a Basis,
    /// Values of all nodes, centre by centre, at most one centre per lane.
    pub nodes: &'a [&'a [f64]],
    /// The derivatives in the sums below each scalar, scalar by scalar, centres side by side.
    pub out: &'a mut Vec<f64>,
}

impl<S: Simd> Task<S> for JacobianTask<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { products, basis, nodes, out } = self;
        let mut values = Vec::with_capacity(products.n_nodes());
        for node in 0..products.n_nodes() {
            let mut lanes = [0.0; MAX_LANES];
            for (lane, nodes) in lanes.iter_mut().zip(nodes) {
                *lane = nodes[node];
            }
            values.push(S::load(&lanes));
        }
        let mut bars = vec![S::zero(); products.n_nodes()];
        let mut sums = vec![S::zero(); basis.layout.size];
        out.clear();
        for (below, &scalar) in basis.below.iter().zip(products.scalars()) {
            bars[scalar as usize] = S::splat(1.0);
            for &node in &below.nodes {
                let bar = std::mem::replace(&mut bars[node as usize], S::zero());
                for product in &products.products()[basis.ranges[node as usize].clone()] {
                    let [a, b] = [product.factors[0] as usize, product.factors[1] as usize];
                    let bar = bar.mul(S::splat(product.weight));
                    bars[a] = bar.mul_add(values[b], bars[a]);
                    bars[b] = bar.mul_add(values[a], bars[b]);
                }
            }
            for &moment in &below.moments {
                let bar = std::mem::replace(&mut bars[moment as usize], S::zero());
                for &(sum, weight) in &basis.moments[moment as usize] {
                    sums[sum as usize] = bar.mul_add(S::splat(weight), sums[sum as usize]);
                }
            }
            for &sum in &below.sums {
                let start = out.len();
                out.resize(start + S::LANES, 0.0);
                sums[sum as usize].store(&mut out[start..]);
                sums[sum as usize] = S::zero();
            }
        }
    }
}
