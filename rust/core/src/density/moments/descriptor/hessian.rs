//! Second derivatives of a linear combination of scalars in the moments, along several directions at once.

use crate::density::moments::Products;
use crate::simd::{Generic, Path, Simd, Task};

/// Products of the Hessian of `E = Σ c B` in the moments with directions `[direction][moment]`; `nodes` are the
/// values and `bars` the adjoints of all nodes.
pub fn hessian_products(
    products: &Products,
    nodes: &[f64],
    bars: &[f64],
    directions: &[Vec<f64>],
) -> Vec<Vec<f64>> {
    let task = HessianTask { products, nodes, bars, directions };
    match Path::resolve(None) {
        #[cfg(target_arch = "x86_64")]
        Ok(Path::Avx2) => crate::simd::Avx2::enter(task),
        #[cfg(all(target_arch = "x86_64", ferrip_avx512))]
        Ok(Path::Avx512) => crate::simd::Avx512::enter(task),
        _ => Generic::enter(task),
    }
}

/// Directions in lanes: tangents forward, their adjoints back.
struct HessianTask<'a> {
    products: &'a Products,
    nodes: &'a [f64],
    bars: &'a [f64],
    directions: &'a [Vec<f64>],
}

impl<S: Simd> Task<S> for HessianTask<'_> {
    type Output = Vec<Vec<f64>>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self { products, nodes, bars, directions } = self;
        let n_moments = products.moments().len();
        let mut out = vec![vec![0.0; n_moments]; directions.len()];
        let mut tangents = vec![S::zero(); nodes.len()];
        let mut adjoints = vec![S::zero(); nodes.len()];
        for (inputs, outputs) in directions.chunks(S::LANES).zip(out.chunks_mut(S::LANES)) {
            let mut lanes = [0.0; crate::simd::MAX_LANES];
            for (node, tangent) in tangents.iter_mut().enumerate() {
                for (lane, input) in lanes.iter_mut().zip(inputs) {
                    *lane = input.get(node).copied().unwrap_or(0.0);
                }
                *tangent = S::load(&lanes);
            }
            adjoints.fill(S::zero());
            for product in products.products() {
                let [a, b] = [product.factors[0] as usize, product.factors[1] as usize];
                let (x, y) = (S::splat(product.weight * nodes[a]), S::splat(product.weight * nodes[b]));
                let sum = tangents[a].mul_add(y, tangents[product.target as usize]);
                tangents[product.target as usize] = tangents[b].mul_add(x, sum);
            }
            for product in products.products().iter().rev() {
                let [a, b] = [product.factors[0] as usize, product.factors[1] as usize];
                let target = product.target as usize;
                let bar = S::splat(product.weight * bars[target]);
                let bar_dot = adjoints[target].mul(S::splat(product.weight));
                let (x, y) = (S::splat(nodes[a]), S::splat(nodes[b]));
                adjoints[a] = bar.mul_add(tangents[b], bar_dot.mul_add(y, adjoints[a]));
                adjoints[b] = bar.mul_add(tangents[a], bar_dot.mul_add(x, adjoints[b]));
            }
            for (node, adjoint) in adjoints.iter().enumerate().take(n_moments) {
                adjoint.store(&mut lanes);
                for (output, lane) in outputs.iter_mut().zip(lanes) {
                    output[node] = lane;
                }
            }
        }
        out
    }
}
